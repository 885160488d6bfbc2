"""``[idle]`` and ``[expression]``: what is right is read, what is wrong is one line with its fix."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mandible.errors import InputError
from mandible.firmware_bridge.life_keys import ExpressionWay, Way
from mandible.firmware_bridge.rig import Rig
from tests.bridge.living import RIG, rig

_LINES = RIG.count("\n")


def _error(more: str) -> str:
    with pytest.raises(InputError) as caught:
        rig(more)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_nothing_moves_by_default_and_every_default_is_explained() -> None:
    plain = rig()
    assert not plain.idle.moves
    assert plain.expression == ()
    values = {e.key: (e.value, e.line) for e in plain.effective}
    assert values["idle.blink.interval_ms"] == (4500, None)
    assert values["idle.drift.move_ms"] == (900, None)
    assert values["idle.speaking_percent"] == (50, None)


def test_what_is_written_is_explained_with_its_line() -> None:
    of = rig('[idle.blink]\nchannels = { lids = 0.5 }\n[expression.nod]\nchannel = "head"\nemphasis = 0.3\n')
    values = {e.key: (e.value, e.line) for e in of.effective}
    assert values["idle.blink.channels.lids"] == (0.5, _LINES + 2)
    assert values["expression.nod.emphasis"] == (0.3, _LINES + 5)
    assert values["expression.nod.arousal"] == (0.0, None)


def test_shares_become_pulses_in_the_channel_s_direction() -> None:
    of = rig(
        "[idle.breath]\nchannels = { lids = -0.25, head = 0.25 }\n"
        '[expression.nod]\nchannel = "head"\narousal = 0.1\nemphasis = -0.2\n'
    )
    assert of.idle.breath.ways == (Way(1, -250, False), Way(2, -250, False))
    assert of.expression == (ExpressionWay(2, -100, 200, False),)


def test_a_channel_without_any_pose_is_not_explained_fifteen_times() -> None:
    keys = [e.key for e in rig().effective]
    assert "poses.oh.jaw" in keys
    assert not [key for key in keys if key.startswith("poses.") and key.endswith((".lids", ".head"))]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("[idle]\nsed = 3\n", "[idle] sed: unknown key; did you mean seed?"),
        ("[idle.blnk]\n", "[idle] blnk: unknown key; did you mean blink?"),
        ("[idle]\nblink = 3\n", "[idle] blink: must be a table, not 3"),
        ("[idle.blink]\nduration = 200\n", "[idle.blink] duration: unknown key; did you mean duration_ms?"),
        ("[idle.blink]\nchannels = 3\n", "[idle.blink] channels: must be a table, not 3"),
        (
            "[idle.blink]\nchannels = { lid = 0.5 }\n",
            "[idle.blink.channels] lid: unknown channel; did you mean lids?",
        ),
        (
            "[idle.blink]\nchannels = { lids = nan }\n",
            "[idle.blink.channels] lids: nan is not allowed; write a finite number",
        ),
        (
            "[idle.blink]\nchannels = { lids = 1.01 }\n",
            "[idle.blink.channels] lids: 1.01 is out of range; it takes -1.0 to 1.0",
        ),
        (
            "[idle.blink]\nchannels = { lids = true }\n",
            "[idle.blink.channels] lids: must be a number, not true",
        ),
        (
            "[idle.blink]\nchannels = { jaw = 0.1 }\n",
            '[idle.blink.channels] jaw: "jaw" has poses, and a mouth belongs to speech; name another, or add '
            "posed = true",
        ),
        (
            "[idle.blink]\ninterval_ms = 10\n",
            "[idle.blink] interval_ms: 10 is out of range; it takes 1000 to 60000",
        ),
        (
            "[idle.drift]\ninterval_ms = 500\nmove_ms = 501\n",
            "[idle.drift] move_ms: a move of 501 does not fit into interval_ms = 500; shorten it",
        ),
        (
            '[expression.nod]\nchannel = "hed"\nemphasis = 0.1\n',
            '[expression.nod] channel: "hed" is no channel; did you mean head?',
        ),
        ("[expression.nod]\nemphasis = 0.1\n", "[expression.nod] channel: missing; add channel = a value"),
        (
            '[expression.nod]\nchannel = "head"\n',
            "[expression] nod: moves nothing; give it arousal or emphasis, -1.0 to 1.0",
        ),
        (
            '[expression.nod]\nchannel = "head"\narousal = -inf\n',
            "[expression.nod] arousal: -inf is not allowed; write a finite number",
        ),
        (
            '[expression.nod]\nchannel = "head"\nemphasis = -2\n',
            "[expression.nod] emphasis: -2 is out of range; it takes -1.0 to 1.0",
        ),
        (
            '[expression.nod]\nchannel = "jaw"\narousal = 0.2\n',
            '[expression.nod] channel: "jaw" has poses, and a mouth belongs to speech',
        ),
        ("[expression]\nchannel = 3\n", "[expression] channel: must be a table, not 3"),
        ("[expresion.nod]\n", "expresion: unknown table or key; did you mean expression?"),
    ],
)
def test_an_error_names_the_line_the_key_and_the_fix(more: str, message: str) -> None:
    error = _error(more)
    assert error.startswith("r.toml:")
    assert int(error.split(":")[1]) > _LINES
    assert message in error


_NUMBER = st.one_of(st.integers(-(2**40), 2**40), st.floats(allow_nan=True), st.booleans())


@given(st.lists(_NUMBER, min_size=4, max_size=4))
def test_whatever_stands_there_is_read_within_bounds_or_refused(numbers: list[int | float | bool]) -> None:
    seed, duration, amount, emphasis = (str(n).lower() for n in numbers)
    text = (
        f"[idle]\nseed = {seed}\n[idle.blink]\nduration_ms = {duration}\nchannels = {{ lids = {amount} }}\n"
        f'[expression.nod]\nchannel = "head"\nemphasis = {emphasis}\n'
    )
    try:
        of = rig(text)
    except InputError as error:
        refusal = str(error)
    else:
        refusal = "r.toml"
        assert 80 <= of.idle.blink.times[1] <= 400
        assert abs(of.idle.blink.ways[0].span_us) <= 1000
        assert abs(of.expression[0].emphasis_us) <= 1000
    assert refusal.startswith("r.toml")


def test_the_owl_moves_all_its_parts() -> None:
    owl = Rig.load("owl")
    moved = {way.channel for kind in (owl.idle.blink, owl.idle.breath, owl.idle.drift) for way in kind.ways}
    assert moved | {way.channel for way in owl.expression} == set(range(1, len(owl.channels)))
