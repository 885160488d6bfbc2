"""What a live run is asked for: the options first, then the rig."""

from __future__ import annotations

from pathlib import Path

import pytest

from mandible.cli.live_options import read_live_options, wanted_from
from mandible.device.audio.conditioner import Conditioning
from mandible.device.audio.gain import LEAST_DB, MOST_DB
from mandible.device.daemon.wanted import Wanted
from mandible.device.speaker.speaker import MOST_DELAY_MS
from mandible.errors import InputError
from mandible.firmware_bridge.rig import SHIPPED
from mandible.firmware_bridge.rig_keys import SCHEMA

KEYS = """
[audio]
source = "tcp:127.0.0.1:10700"
high_pass_hz = 120
auto_gain = false
gain_db = 6
speaker = "default"
speaker_delay_ms = 70
[link]
port = "fake:"
"""


def wanted(*words: str) -> Wanted:
    return wanted_from(read_live_options(words))[1]


@pytest.fixture
def rig(tmp_path: Path) -> str:
    path = tmp_path / "rig.toml"
    path.write_text((SHIPPED / "skull.toml").read_text("utf-8") + KEYS, "utf-8")
    return str(path)


def test_the_rig_says_what_the_options_do_not(rig: str) -> None:
    asked = wanted("--rig", rig)
    assert (asked.source, asked.port, asked.realtime) == ("tcp:127.0.0.1:10700", "fake:", True)
    assert asked.conditioning == Conditioning(120, False, 6)
    assert (asked.speaker, asked.speaker_delay_ms, asked.meter) == ("default", 70, False)
    options = (
        "--source",
        "x.wav",
        "--port",
        "none:",
        "--gain",
        "3",
        "--speaker-delay",
        "auto",
        "-o",
        "x.csv",
    )
    asked = wanted("--rig", rig, *options)
    assert (asked.source, asked.port) == ("x.wav", None)
    assert asked.conditioning == Conditioning(0, False, 3)
    assert asked.speaker_delay_ms is None


def test_a_board_without_a_rig_moves_a_skull() -> None:
    plan, asked = wanted_from(read_live_options(["--port", "virtual:"]))
    assert plan.rig is not None
    assert (plan.rig_name, asked.port, asked.source) == ("skull", "virtual:", "mic")
    assert wanted_from(read_live_options([]))[0].rig is None


@pytest.mark.parametrize("url", ["none:x", "nowhere", "serial:ttyACM0"])
def test_a_port_that_is_none_is_refused_before_anything_opens(url: str) -> None:
    with pytest.raises(InputError, match=f"--port {url}: "):
        wanted("--port", url)


@pytest.mark.parametrize(
    ("option", "key", "bounds"),
    [
        ("--gain", "gain_db", (LEAST_DB, MOST_DB)),
        ("--high-pass", "high_pass_hz", (0, 400)),
        ("--speaker-delay", "speaker_delay_ms", (0, MOST_DELAY_MS)),
    ],
)
def test_options_have_the_bounds_of_the_rigs_keys_and_of_what_obeys_them(
    option: str, key: str, bounds: tuple[float, float]
) -> None:
    spec = SCHEMA["audio"][key]
    assert (spec["minimum"], spec["maximum"]) == bounds
    for good in bounds:
        wanted("--speaker", f"{option}={good:.0f}")
    for bad in (bounds[0] - 1, bounds[1] + 1):
        with pytest.raises(InputError, match=f"from {bounds[0]:.0f} to {bounds[1]:.0f}"):
            wanted(f"{option}={bad:.0f}")
