"""A servo whose limits a controller cannot keep is not moved by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mandible.cli import main as cli
from mandible.errors import InputError
from mandible.firmware_bridge.drivers.facts import facts
from mandible.firmware_bridge.drivers.pulse import LEAST_US, MOST_US
from mandible.firmware_bridge.link import Link
from mandible.firmware_bridge.port_forms import FORMS
from mandible.firmware_bridge.port_url import parse_port_url
from mandible.firmware_bridge.reach import reach_us, within_reach
from mandible.firmware_bridge.rig import Rig

_RIG = """\
schema = 1
[channels.jaw]
output = 0
min_us = 520
max_us = 900
neutral_us = 600
"""


@pytest.mark.parametrize(
    ("port", "key", "gives"),
    [
        ("sacn://127.0.0.1?low_us=1000&high_us=2000", "min_us: 520", "1000 to 2000"),
        ("artnet://127.0.0.1?high_us=899", "max_us: 900", "500 to 899"),
        ("firmata:///dev/ttyACM0?pins=2", "min_us: 520", "544 to 2500"),
    ],
)
def test_limits_beyond_a_port_s_pulses_are_refused_before_it_is_opened(
    port: str, key: str, gives: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError) as caught:
        Link(port, Rig.parse("x.toml", _RIG))
    assert f"[channels.jaw] {key} is a pulse that {port} cannot give; it gives {gives}" in str(caught.value)
    file = tmp_path / "rig.toml"
    file.write_text(f'{_RIG}[link]\nport = "{port}"\n', "utf-8")
    assert cli.main(["rig", "check", str(file)]) == 2
    assert "cannot give" in capsys.readouterr().err


@pytest.mark.parametrize(
    "port", ["virtual:", "none:", "maestro:///dev/ttyACM0", "artnet://127.0.0.1?low_us=520&high_us=900"]
)
def test_limits_within_a_port_s_pulses_are_taken(port: str) -> None:
    url = parse_port_url(port)
    assert within_reach(url, Rig.parse("x.toml", _RIG)) is url


def test_what_the_forms_say_is_what_the_driver_sends() -> None:
    assert FORMS["firmata"].least_us == facts("firmata")["pulse"]["least_us"]
    assert facts("firmata")["pulse"]["most_us"] == MOST_US
    assert reach_us(parse_port_url("virtual:")) == (LEAST_US, MOST_US)
