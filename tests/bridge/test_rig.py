"""Rig files: what is right loads, what is wrong is one line with the file, the key and the fix."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mandible.device.decoder import DecoderSettings
from mandible.errors import InputError
from mandible.firmware_bridge.protocol import LIMITS, MAX_CHANNELS
from mandible.firmware_bridge.rig import Rig, shipped_rigs
from mandible.firmware_bridge.rig_keys import SCHEMA
from mandible.models.visemes import VISEME_NAMES, Viseme

_RIG = """schema = 1

[channels.jaw]
output = 0
min_us = 1200
max_us = 1600
neutral_us = 1300

[channels.brow]
output = 1
min_us = 1000
max_us = 2000
neutral_us = 1500
reversed = true

[poses.aa]
jaw = 1
brow = 0.25
"""


def _error(text: str) -> str:
    with pytest.raises(InputError) as caught:
        Rig.parse("r.toml", text)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def _with(old: str, new: str) -> str:
    assert _RIG.count(old) == 1, old
    return _RIG.replace(old, new)


@pytest.mark.parametrize("name", shipped_rigs())
def test_shipped_rigs_load_by_name_and_pose_every_viseme(name: str) -> None:
    rig = Rig.load(name)
    for viseme in VISEME_NAMES[1:]:
        assert all(rig.poses[Viseme[viseme]][number].position is not None for number in rig.posed), viseme
    assert rig.poses_us[Viseme.sil] == rig.neutral_us
    widest = [max(VISEME_NAMES, key=lambda v: abs(rig.poses_us[Viseme[v]][0] - rig.neutral_us[0]))]
    assert widest == ["aa"]


@pytest.mark.parametrize("name", ["skull", "parrot", "owl"])
def test_a_mouth_without_lips_shuts_where_lips_would_meet(name: str) -> None:
    rig = Rig.load(name)
    assert rig.poses_us[Viseme.PP] == rig.poses_us[Viseme.sil] == rig.neutral_us


def test_poses_become_pulses_in_the_channel_s_direction() -> None:
    rig = Rig.parse("r.toml", _RIG)
    assert rig.poses_us[Viseme.aa] == (1600, 1750)


@given(position=st.floats(0, 1), reversed_=st.booleans())
def test_a_position_becomes_the_nearest_pulse(position: float, reversed_: bool) -> None:
    channel = dataclasses.replace(Rig.load("skull").channels[0], reversed=reversed_)
    exact_us = 1750 - 500 * position if reversed_ else 1250 + 500 * position
    assert abs(channel.pulse_us(position) - exact_us) <= 0.5


def test_without_a_pose_a_channel_stays_at_neutral() -> None:
    rig = Rig.parse("r.toml", _with("brow = 0.25\n", ""))
    assert rig.poses_us[Viseme.aa] == (1600, 1500)
    assert rig.poses_us[Viseme.oh] == (1300, 1500)


def test_defaults_come_from_the_schema_and_the_decoder() -> None:
    rig = Rig.parse("r.toml", _RIG)
    assert rig.smoothing == DecoderSettings()
    assert (rig.link.watchdog_ms, rig.link.port) == (300, "none:")
    assert (rig.model.name, rig.audio.source) == ("small", "mic")
    assert rig.channels[0].speed_us_per_s == 6000


def test_smoothing_keys_are_the_decoder_s_settings() -> None:
    assert list(SCHEMA["smoothing"]) == [field.name for field in dataclasses.fields(DecoderSettings)]
    rig = Rig.parse("r.toml", _RIG + "[smoothing]\nhysteresis = 7\n")
    assert rig.smoothing == dataclasses.replace(DecoderSettings(), hysteresis=7)


def test_the_schema_allows_what_a_board_would_store_and_no_more() -> None:
    channel = SCHEMA["channel"]
    for key in ("min_us", "max_us", "neutral_us"):
        bounds = (channel[key]["minimum"], channel[key]["maximum"])
        assert bounds == (LIMITS["pulse_min_us"], LIMITS["pulse_max_us"])
    assert channel["speed_us_per_s"]["maximum"] == LIMITS["speed_max_us_per_s"]
    assert channel["output"]["maximum"] == MAX_CHANNELS - 1
    assert channel["accel_us_per_s2"]["minimum"] >= 100
    assert channel["accel_us_per_s2"]["maximum"] <= 100 * LIMITS["accel_max_100us_per_s2"]
    for pulse_hz in range(SCHEMA["link"]["pulse_hz"]["minimum"], SCHEMA["link"]["pulse_hz"]["maximum"] + 1):
        link = Rig.parse("r.toml", _RIG + f"[link]\npulse_hz = {pulse_hz}\n").link
        assert LIMITS["period_min_us"] <= link.period_us <= LIMITS["period_max_us"]
    assert SCHEMA["link"]["idle_detach_s"]["maximum"] == LIMITS["idle_detach_max_s"]
    watchdog = SCHEMA["link"]["watchdog_ms"]
    assert (watchdog["minimum"], watchdog["maximum"]) == (
        LIMITS["watchdog_min_ms"],
        LIMITS["watchdog_max_ms"],
    )
    assert watchdog["default"] == LIMITS["watchdog_default_ms"]


def test_every_value_knows_its_line() -> None:
    lines = {e.key: e.line for e in Rig.parse("r.toml", _RIG).effective}
    assert lines["channels.jaw.max_us"] == 6
    assert lines["channels.jaw.reversed"] is None
    assert lines["poses.aa.brow"] == 18
    assert lines["poses.oh.jaw"] is None
    inline = {e.key: e.line for e in Rig.load("skull").effective}
    text = Path(Rig.load("skull").file).read_text("utf-8").splitlines()
    assert text[(inline["poses.aa.jaw"] or 0) - 1].startswith("aa = ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            _with("min_us = 1200", "min_uss = 1200"),
            "r.toml:5: [channels.jaw] min_uss: unknown key; did you mean min_us?",
        ),
        (
            _RIG + "[smoothin]\nhysteresis = 3\n",
            "r.toml:19: smoothin: unknown table or key; did you mean smoothing?",
        ),
        (
            _RIG + "[link]\nwatchdog = 3\n",
            "r.toml:20: [link] watchdog: unknown key; did you mean watchdog_ms?",
        ),
        (
            _with("[poses.aa]", "[poses.AH]"),
            "r.toml:16: [poses] AH: unknown viseme; known: " + ", ".join(VISEME_NAMES),
        ),
        (_with("[poses.aa]", "[poses.pp]"), "r.toml:16: [poses] pp: unknown viseme; did you mean PP?"),
        (_with("jaw = 1\n", "jar = 1\n"), "r.toml:17: [poses.aa] jar: unknown channel; did you mean jaw?"),
        (
            _with("max_us = 1600", "max_us = 1100"),
            "r.toml:5: [channels.jaw] min_us: limits reversed: 1200 is not below max_us = 1100; swap them "
            "(and use reversed = true for direction)",
        ),
        (
            _with("neutral_us = 1300", "neutral_us = 1700"),
            "r.toml:7: [channels.jaw] neutral_us: 1700 is outside the limits 1200..1600",
        ),
        (
            _with("output = 1\n", "output = 0\n"),
            "r.toml:10: [channels.brow] output: 0 is taken by channel jaw; each servo needs its own",
        ),
        (
            _with("output = 1\n", "output = 12\n"),
            "r.toml:10: [channels.brow] output: 12 is out of range; it takes 0 to 11",
        ),
        (
            _with("brow = 0.25", "brow = nan"),
            "r.toml:18: [poses.aa] brow: nan is not allowed; write a finite number",
        ),
        (
            _with("brow = 0.25", "brow = -inf"),
            "r.toml:18: [poses.aa] brow: -inf is not allowed; write a finite number",
        ),
        (
            _with("min_us = 1200", "min_us = nan"),
            "r.toml:5: [channels.jaw] min_us: nan is not allowed; write a finite number",
        ),
        (
            _with("brow = 0.25", "brow = [0.1, inf]"),
            "r.toml:18: [poses.aa] brow: inf is not allowed; write a finite number",
        ),
        (
            _with("brow = 0.25", "brow = 1.2"),
            "r.toml:18: [poses.aa] brow: 1.2 is out of range; it takes 0.0 to 1.0",
        ),
        (
            _with("min_us = 1200", "min_us = 1200.5"),
            "r.toml:5: [channels.jaw] min_us: must be a whole number, not 1200.5",
        ),
        (
            _with("min_us = 1200", 'min_us = "1200"'),
            'r.toml:5: [channels.jaw] min_us: must be a whole number, not "1200"',
        ),
        (
            _with("min_us = 1200", "min_us = true"),
            "r.toml:5: [channels.jaw] min_us: must be a whole number, not true",
        ),
        (
            _with("reversed = true", "reversed = 1"),
            "r.toml:14: [channels.brow] reversed: must be true or false, not 1",
        ),
        (_with("jaw = 1\n", "jaw = true\n"), "r.toml:17: [poses.aa] jaw: must be a number, not true"),
        (
            _with("neutral_us = 1300", "neutral_us = 1300\nspeed_us_per_s = 50"),
            "r.toml:8: [channels.jaw] speed_us_per_s: 50 is out of range; it takes 100 to 20000",
        ),
        (
            _with("neutral_us = 1300\n", ""),
            "r.toml:3: [channels.jaw] neutral_us: missing; add neutral_us = 500..2500 (pulse at rest)",
        ),
        (_with("schema = 1\n", ""), "r.toml: schema: missing; add schema = 1 as the first line"),
        (
            _with("schema = 1", "schema = 2"),
            "r.toml:1: schema: 2 is not supported by this version of mandible; it reads schema = 1",
        ),
        (
            _with("schema = 1", "schema = true"),
            "r.toml:1: schema: true is not supported by this version of mandible; it reads schema = 1",
        ),
        ("schema = 1\n", "r.toml: channels: missing; describe at least one servo in [channels.NAME]"),
        ("schema = 1\nchannels = 3\n", "r.toml:2: channels: must be a table, not 3"),
        ("schema = 1\n[channels]\njaw = 5\n", "r.toml:3: [channels] jaw: must be a table, not 5"),
        (
            _with("[poses.aa]", "[poses]\naa = 0.5\n[poses.oh]"),
            "r.toml:17: [poses] aa: must be a table, not 0.5",
        ),
        (_RIG + "[audio]\nsource = 3\n", "r.toml:20: [audio] source: must be text, not 3"),
    ],
)
def test_an_error_names_file_line_key_and_fix(text: str, message: str) -> None:
    assert _error(text) == message


def test_broken_toml_names_the_place() -> None:
    assert _error("schema = 1\nchannels = [\n").startswith("r.toml: not valid TOML: ")
    assert "line 2" in _error("schema = 1\nx y\n")


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^skul: no such rig file, .*; did you mean skull\?$"):
        Rig.load("skul")
    with pytest.raises(InputError, match=r"^skull\.tml: no such rig file; check its path$"):
        Rig.load("skull.tml")
    latin = tmp_path / "latin.toml"
    latin.write_bytes("schema = 1 # Käfer".encode("latin-1"))
    with pytest.raises(InputError, match=r"latin\.toml: not UTF-8 text \(byte 14\); save it as UTF-8$"):
        Rig.load(latin)
    with pytest.raises(InputError, match=r"cannot be read: not a regular file; name a file$"):
        Rig.load(tmp_path)


def test_a_file_wins_over_a_shipped_rig_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "skull").write_text(_RIG, "utf-8")
    assert [channel.name for channel in Rig.load("skull").channels] == ["jaw", "brow"]
