"""Found limits in a rig file: the numbers change, and nothing else does."""

from __future__ import annotations

import dataclasses
import errno
import os
from pathlib import Path

import pytest

from mandible.errors import InputError
from mandible.firmware_bridge.calibration.found import Found
from mandible.firmware_bridge.calibration.rig_writing import rig_text, save_rig, with_limits
from mandible.firmware_bridge.rig import SHIPPED, Rig, shipped_rigs
from mandible.firmware_bridge.rig_starter import starter

JAW = Found("jaw", 1333, 1666, 1400, 5000, 160_000, True)
BARE = """schema = 1
[channels.jaw]
output = 0
min_us = 1400   # narrow
max_us = 1600
neutral_us = 1400
# Nothing below speaks of the jaw.

# [link]
# pulse_hz = 50"""


def limits_of(rig: Rig, name: str) -> dict[str, object]:
    channel = next(one for one in rig.channels if one.name == name)
    return {key: getattr(channel, key) for key in dataclasses.asdict(JAW) if key != "channel"}


@pytest.mark.parametrize("name", shipped_rigs())
def test_every_shipped_rig_takes_limits_and_keeps_its_words(name: str) -> None:
    text = rig_text(SHIPPED / f"{name}.toml")
    rig = Rig.parse(name, text)
    found = [dataclasses.replace(JAW, channel=channel.name) for channel in rig.channels]
    edited = with_limits(name, text, found)
    for one in found:
        assert limits_of(Rig.parse(name, edited), one.channel) == limits_of(
            Rig.parse(name, edited), found[0].channel
        )
        assert limits_of(Rig.parse(name, edited), one.channel)["min_us"] == 1333
    comments = [line.split("#", 1)[1] for line in text.splitlines() if "#" in line]
    assert [line.split("#", 1)[1] for line in edited.splitlines() if "#" in line] == comments
    assert [line for line in edited.splitlines() if line.startswith("[")] == [
        line for line in text.splitlines() if line.startswith("[")
    ]


def test_the_same_limits_again_leave_the_text_as_it_is() -> None:
    text = rig_text(SHIPPED / "parrot.toml")
    once = with_limits("parrot", text, [dataclasses.replace(JAW, channel="tongue")])
    assert with_limits("parrot", once, [dataclasses.replace(JAW, channel="tongue")]) == once


def test_new_keys_stand_with_the_old_ones() -> None:
    assert with_limits("bare", BARE, [JAW]) == BARE.replace("1400   #", "1333   #").replace(
        "1600", "1666"
    ).replace(
        "neutral_us = 1400\n",
        "neutral_us = 1400\nspeed_us_per_s = 5000\naccel_us_per_s2 = 160000\nreversed = true\n",
    )


@pytest.mark.parametrize(
    "text",
    [
        BARE.replace("\n", "\r\n"),
        "schema = 1\nchannels.jaw = {output = 0, min_us = 1400, max_us = 1600, neutral_us = 1400}\n",
        "schema = 1\n[channels]\njaw = {output = 0, min_us = 1400, max_us = 1600, neutral_us = 1400}\n",
        "schema = 1\n[channels]\njaw.output=0\njaw.min_us=1400\njaw.max_us=1600\njaw.neutral_us=1400\n",
        "schema = 1\n[channels.'jaw']\noutput = 0\nmin_us = 1400\nmax_us = 1600\nneutral_us = 1400",
    ],
)
def test_every_way_to_write_a_channel_is_understood(text: str) -> None:
    edited = with_limits("odd", text, [JAW])
    assert limits_of(Rig.parse("odd", edited), "jaw") == {
        key: value for key, value in dataclasses.asdict(JAW).items() if key != "channel"
    }
    assert ("\r\n" in text) == ("\r\n" in edited)


def test_a_new_rig_is_filled_in() -> None:
    text = starter("Pepper")
    edited = with_limits("pepper", text, [JAW])
    assert limits_of(Rig.parse("pepper", edited), "jaw")["max_us"] == 1666
    assert edited.index("speed_us_per_s = 5000") < edited.index("# More parts")


def test_limits_that_are_no_rig_s_are_refused() -> None:
    with pytest.raises(InputError, match="min_us"):
        with_limits("bare", BARE, [dataclasses.replace(JAW, min_us=1700)])


def test_a_save_that_fails_leaves_the_file_and_no_copy_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "puppet.toml"
    path.write_text("one", "utf-8")

    def full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(InputError, match="no space left"):
        save_rig(path, "two")
    assert [file.name for file in tmp_path.iterdir()] == ["puppet.toml"]
    assert path.read_text("utf-8") == "one"


def test_each_save_keeps_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "puppet.toml"
    assert save_rig(path, "one") is None
    assert save_rig(path, "two") == tmp_path / "puppet.before-calibration.toml"
    assert save_rig(path, "three") == tmp_path / "puppet.before-calibration-2.toml"
    assert sorted(file.read_text("utf-8") for file in tmp_path.iterdir()) == ["one", "three", "two"]
