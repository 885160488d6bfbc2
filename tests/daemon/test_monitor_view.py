"""The monitor's picture fits the terminal and survives whatever a status holds."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from mandible.device.daemon.monitor_view import Picture
from mandible.device.daemon.snapshot import ChannelRange, Snapshot
from tests.daemon.standing import snapshot, spoken_frame


def drawn(status: Any, width: int = 80, height: int = 24, encoding: str = "utf-8") -> list[str]:
    text = io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)
    console = Console(file=text, width=width, height=height, force_terminal=False)
    console.print(Picture(status))
    text.seek(0)
    return text.read().splitlines()


def test_everything_has_its_place_in_eighty_by_twenty_four() -> None:
    lines = drawn(snapshot().to_json())
    assert len(lines) <= 24
    assert all(len(line) <= 80 for line in lines)
    text = "\n".join(lines)
    for wanted in (
        "live", "small on c", "the microphone: listening", "-12 dB", "gate open", "mouth 80%", "arousal 20%",
        "lower_beak", "upper_beak", "tongue", "front_end", "engine", "compute", "emphasis 0%",
        "3 of 45 hops, source back 1 times",
        "moving: sent 40, lost 1, dropped 2, reconnects 5", "p99 3.0 ms",
        "52 °C", "4.2 W", "undervoltage", "aa",
    ):  # fmt: skip
        assert wanted in text, wanted


REFUSED = (
    "not reloaded: my.toml:9: [channels.jaw] max_us: changed from 1750 to 1800; this needs a restart; "
    "the rig read before stays"
)
NO_LIMITS = (
    "the board has no limits for its servos, and moves nothing until it has; store the rig's on it with: "
    "mandible rig store my.toml --port serial:///dev/ttyACM0"
)
UNPLUGGED = (
    'silent: no microphone is called "USB Audio Device (hw:2,0)"; `mandible devices` lists what there is'
)


@pytest.mark.parametrize("made", ["three servos", "twelve servos"])
def test_what_to_do_is_never_cut_off(made: str) -> None:
    told = (snapshot() if made == "three servos" else twelve_servos()).to_json()
    told["link"]["problem"] = NO_LIMITS
    told["source"]["state"] = UNPLUGGED
    told["last_refusal"] = REFUSED
    lines = drawn(told)
    assert len(lines) <= 24
    assert all(len(line) <= 80 for line in lines)
    text = " ".join(" ".join(lines).split())
    for wanted in (REFUSED, NO_LIMITS, UNPLUGGED, "machine 52 °C"):
        assert wanted in text


def test_everything_loud_still_fits_a_line() -> None:
    hop = snapshot().hop
    assert hop is not None
    lines = drawn(snapshot(hop=replace(hop, openness=255, arousal=255, emphasis=255)).to_json())
    assert any(line.rstrip().endswith("mouth 100%  arousal 100%  emphasis 100%") for line in lines)


def twelve_servos() -> Snapshot:
    channels = tuple(ChannelRange(f"a_servo_with_a_long_name_{i}", 1000, 2000) for i in range(12))
    hop = snapshot().hop
    assert hop is not None
    return snapshot(channels=channels, hop=replace(hop, pulses_us=(1500,) * 12))


@pytest.mark.parametrize(("width", "height"), [(80, 24), (80, 10), (40, 24), (200, 60), (20, 5)])
def test_it_fits_any_terminal(width: int, height: int) -> None:
    lines = drawn(twelve_servos().to_json(), width, height)
    assert len(lines) <= height
    assert all(len(line) <= width for line in lines)


def test_what_has_no_room_is_counted() -> None:
    text = "\n".join(drawn(twelve_servos().to_json()))
    assert "and 4 more" in text
    assert "machine" in text


def test_a_parked_puppet_says_so() -> None:
    hop = snapshot().hop
    assert hop is not None
    told = snapshot(mode="parked", hop=replace(hop, pulses_us=None)).to_json()
    text = "\n".join(drawn(told))
    assert "parked" in text
    assert "let go" in text


def test_a_terminal_without_block_characters_gets_plain_ones() -> None:
    text = "\n".join(drawn(snapshot(telemetry=None).to_json(), encoding="latin-1"))
    assert "@@@" in text
    assert "█" not in text


def test_a_louder_band_stands_higher() -> None:
    frame = spoken_frame()
    assert frame.mel is not None
    rows = [line for line in drawn(snapshot().to_json()) if line.startswith(("mel", "         "))]
    heights = [sum(row[9 + band] != " " for row in rows[:3]) for band in (0, 39)]
    assert heights[0] <= heights[1]


@pytest.mark.parametrize("name", ["\x1b[2J\x1b]0;x\x07", "[bold red]x[/]", "a\nb", "x" * 5000])
def test_names_from_files_and_boards_cannot_draw(name: str) -> None:
    told = snapshot(
        channels=(ChannelRange(name, 1, 2),), model=name, speaker={name: name}, last_refusal=name
    ).to_json()
    told["source"]["description"] = name
    lines = drawn(told)
    assert all(len(line) <= 80 and "\x1b" not in line and "\x07" not in line for line in lines)
    assert len(lines) <= 24


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=50) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=20,
)
KEYS = sorted(snapshot().to_json())


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), ANYTHING), st.sampled_from(KEYS), ANYTHING)
def test_no_status_breaks_it(strange: dict[str, Any], key: str, value: Any) -> None:
    for status in (strange, {**snapshot().to_json(), key: value}, {}):
        assert len(drawn(status)) <= 24
