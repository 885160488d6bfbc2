"""The Raspberry Pi's eight flags, from the kernel or from ``vcgencmd``."""

from __future__ import annotations

from pathlib import Path

import pytest

from mandible.device.telemetry import raspberry_pi
from tests.telemetry import trees

ALL = tuple(flag.name for flag in raspberry_pi.flags())


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("0", ()),
        ("throttled=0x0", ()),
        ("throttled=0x1", ("under-voltage",)),
        ("0x2", ("frequency-capped",)),
        ("4", ("throttled",)),
        ("8", ("soft-temperature-limit",)),
        ("10000", ("under-voltage-since-boot",)),
        ("20000", ("frequency-capped-since-boot",)),
        ("40000", ("throttled-since-boot",)),
        ("80000", ("soft-temperature-limit-since-boot",)),
        ("50005", ("under-voltage", "throttled", "under-voltage-since-boot", "throttled-since-boot")),
        ("f000f", ALL),
        ("0xfff00000", ()),
    ],
)
def test_each_bit_has_its_name(said: str, names: tuple[str, ...]) -> None:
    assert raspberry_pi.parse(said) == names


@pytest.mark.parametrize(
    "said",
    ["", "throttled=", "yes", "-1", "0x1ffffffff", "f" * 5000, "VCHI failed", "٣", "1_0"],
)
def test_what_is_no_answer_is_unknown(said: str) -> None:
    assert raspberry_pi.parse(said) is None


def test_every_flag_says_what_it_means_and_what_to_do() -> None:
    assert [flag.bit for flag in raspberry_pi.flags()] == [0, 1, 2, 3, 16, 17, 18, 19]
    assert all(flag.meaning and flag.remedy for flag in raspberry_pi.flags())


def test_the_kernel_is_asked_first(tmp_path: Path) -> None:
    trees.raspberry_pi(tmp_path, throttled="50000")
    vcgencmd(tmp_path, "echo throttled=0x1")
    reading = raspberry_pi.read(tmp_path, str(tmp_path))
    assert reading is not None
    assert reading.throttled == ("under-voltage-since-boot", "throttled-since-boot")


def test_an_older_kernel_leaves_it_to_vcgencmd(tmp_path: Path) -> None:
    vcgencmd(tmp_path, '[ "$1" = get_throttled ] && echo throttled=0x80008')
    reading = raspberry_pi.read(tmp_path, str(tmp_path))
    assert reading is not None
    assert reading.throttled == ("soft-temperature-limit", "soft-temperature-limit-since-boot")


@pytest.mark.parametrize("script", ["exit 255", "echo 'Can not open device'; exit 1", "sleep 1000"])
def test_a_vcgencmd_that_may_not_ask_tells_nothing(tmp_path: Path, script: str) -> None:
    vcgencmd(tmp_path, script)
    assert raspberry_pi.read(tmp_path, str(tmp_path)) is None


def test_another_computer_is_no_raspberry_pi(tmp_path: Path) -> None:
    assert raspberry_pi.read(tmp_path, "") is None


def vcgencmd(folder: Path, script: str) -> None:
    """Put a ``vcgencmd`` of the test's own into a folder; the real one needs the real firmware."""
    path = folder / "vcgencmd"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
