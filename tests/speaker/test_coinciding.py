"""How late the voice has to be, and how a rig says so."""

from __future__ import annotations

import pytest

from mandible.api import build_line
from mandible.device.speaker import auto_delay_ms
from mandible.errors import InputError
from mandible.firmware_bridge.rig import Rig

RIG = """\
schema = 1
[audio]
speaker = "USB"
{delay}
[link]
lead_ms = 25
servo_delay_ms = 60
[channels.jaw]
output = 0
min_us = 1250
max_us = 1750
neutral_us = 1250
[poses]
aa = {{ jaw = 1.0 }}
"""


def test_the_parts_of_the_way_add_up() -> None:
    rig = Rig.parse("my.toml", RIG.format(delay=""))
    line = build_line(rig=rig)
    # To the middle of the hop that a frame speaks for, and 1 ms of computing.
    line_ms = line.delay_ms - 5 + 1
    assert auto_delay_ms(line, None) == line_ms
    # lead, half of a 50 Hz period, servo
    assert auto_delay_ms(line, rig) == line_ms + 25 + 10 + 60


@pytest.mark.parametrize(("written", "read"), [("", "auto"), ('"auto"', "auto"), ("0", 0), ("2000", 2000)])
def test_a_rig_says_a_number_or_auto(written: str, read: int | str) -> None:
    delay = f"speaker_delay_ms = {written}" if written else ""
    audio = Rig.parse("my.toml", RIG.format(delay=delay)).audio
    assert (audio.speaker, audio.speaker_delay_ms) == ("USB", read)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('"automatic"', 'must be a whole number or "auto", not "automatic"'),
        ("1.5", 'must be a whole number or "auto", not 1.5'),
        ("2001", "2001 is out of range; it takes 0 to 2000"),
        ("true", 'must be a whole number or "auto", not true'),
    ],
)
def test_what_is_neither_is_refused(written: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        Rig.parse("my.toml", RIG.format(delay=f"speaker_delay_ms = {written}"))
    assert str(caught.value) == f"my.toml:4: [audio] speaker_delay_ms: {said}"
