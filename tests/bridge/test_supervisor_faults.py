"""What goes wrong inside a supervisor: a device that blocks, a driver with a fault, a missing package."""

from __future__ import annotations

import io
import os
import signal
import time

import pytest

from mandible.errors import DeviceError
from mandible.firmware_bridge import supervisor


def test_a_missing_package_reaches_the_person(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert supervisor.main(["pca9685://1/0x40"]) == 3
    assert capsys.readouterr().out == (
        "no board: pca9685://1/0x40: needs the package smbus2; run: pip install smbus2\n"
    )
    assert supervisor.main(["pca9685://1"]) == 2
    assert capsys.readouterr().out.count("\n") == 1


class _Blocking:
    """A driver whose device takes nothing and never answers."""

    name = "a clogged device"
    outputs = 12
    period_us = 20_000
    host_loss = computer_loss = "hold"

    def __init__(self) -> None:
        self._ears, self._mouth = os.pipe()
        self.closed = False

    def give(self, _pulses_us: object) -> None:
        os.read(self._ears, 1)

    def close(self) -> None:
        self.closed = True
        os.read(self._ears, 1)


def test_a_device_that_blocks_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "_STUCK_S", 0.05)
    usual = {number: signal.getsignal(number) for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT)}
    driver = _Blocking()
    try:
        with pytest.raises(DeviceError, match=r"a clogged device is gone \(the device blocks\)"):
            supervisor.supervise(driver, io.StringIO())  # type: ignore[arg-type]
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
    assert driver.closed


class _Chatty(_Blocking):
    """A driver whose library prints, and which has a fault."""

    def give(self, pulses_us: object) -> None:
        print("packet sent")
        raise ZeroDivisionError("one too few")

    def close(self) -> None:
        print("closed")


def test_a_driver_s_fault_is_one_line_and_its_library_s_chatter_reaches_no_host(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(supervisor, "open_driver", lambda url: _Chatty())
    usual = {number: signal.getsignal(number) for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT)}
    try:
        assert supervisor.main(["maestro:///dev/ttyACM0"]) == 3
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
    said = capsys.readouterr()
    assert said.out.count("\n") == 1
    assert said.out.startswith("/dev/")
    assert said.err.splitlines() == [
        "packet sent",
        "closed",
        "mandible: a clogged device: its driver stumbled over ZeroDivisionError: one too few; "
        "please report it",
    ]


def test_an_alarm_that_comes_late_is_no_stuck_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "_STUCK_S", 0.01)
    usual = signal.getsignal(signal.SIGALRM)

    class Quick(_Blocking):
        def give(self, _pulses_us: object) -> None:
            return

    try:
        guarded = supervisor.GuardedDriver(Quick())  # type: ignore[arg-type]
        guarded.give(0, (0,) * 12)
        time.sleep(0.03)  # returns early, and fails here, if the alarm raised
        guarded.give(0, (0,) * 12)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, usual)
