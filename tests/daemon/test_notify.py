"""The service manager hears of a line's life on a real datagram socket."""

from __future__ import annotations

import itertools
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mandible.device.daemon.notify import Notifier


class Manager:
    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.settimeout(5)
        self.socket.bind(address)

    def heard(self) -> list[str]:
        return self.socket.recv(4096).decode().split("\n")

    def heard_nothing(self) -> bool:
        self.socket.setblocking(False)
        try:
            self.socket.recv(4096)
        except BlockingIOError:
            return True
        finally:
            self.socket.settimeout(5)
        return False


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Manager, str]]:
    name = f"mandible-test-{os.getpid()}"
    address = str(tmp_path / "notify") if request.param == "path" else f"@{name}"
    managed = Manager(address.replace("@", "\0") if request.param == "abstract" else address)
    with managed.socket:
        yield managed, address


def test_a_life_in_datagrams(manager: tuple[Manager, str]) -> None:
    listening, address = manager
    notifier = Notifier.from_environment({"NOTIFY_SOCKET": address})
    notifier.ready("a microphone")
    assert listening.heard() == ["READY=1", "STATUS=a microphone"]
    before_us = time.monotonic_ns() // 1000
    notifier.reloading()
    first, second = listening.heard()
    assert first == "RELOADING=1"
    assert before_us <= int(second.removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000
    notifier.stopping()
    assert listening.heard() == ["STOPPING=1"]


def test_signs_of_life_come_at_half_the_managers_patience(manager: tuple[Manager, str]) -> None:
    listening, address = manager
    environment = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "200000", "WATCHDOG_PID": str(os.getpid())}
    notifier = Notifier.from_environment(environment)
    assert environment == {}, "children must not speak for the line"
    notifier.describe = lambda: "live"
    stamps_s = []
    until_s = time.monotonic() + 0.55
    while time.monotonic() < until_s:  # as a line beats, only faster
        notifier.beat()
        if not listening.heard_nothing():
            stamps_s.append(time.monotonic())
    assert 3 <= len(stamps_s) <= 6
    assert max(b - a for a, b in itertools.pairwise(stamps_s)) < 0.2


def test_the_status_is_told_when_it_changes(manager: tuple[Manager, str]) -> None:
    listening, address = manager
    notifier = Notifier(address, watchdog_s=1e-6)
    said = iter(["live", "live", "muted\nREADY=1"])
    notifier.describe = lambda: next(said)
    heard = []
    for _ in range(3):
        notifier.beat()
        heard.append(listening.heard())
    assert heard == [["WATCHDOG=1", "STATUS=live"], ["WATCHDOG=1"], ["WATCHDOG=1", "STATUS=muted\\nREADY=1"]]


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"NOTIFY_SOCKET": ""},
        {"NOTIFY_SOCKET": "relative"},
        {"NOTIFY_SOCKET": "@"},
        {"NOTIFY_SOCKET": "/nowhere/at/all", "WATCHDOG_USEC": "1000000"},
        {"NOTIFY_SOCKET": "/" + "x" * 500, "WATCHDOG_USEC": "1000000"},
    ],
)
def test_nobody_listening_is_no_error(environment: dict[str, str]) -> None:
    notifier = Notifier.from_environment(environment)
    notifier.ready("x")
    notifier.beat()
    notifier.reloading()
    notifier.stopping()


@pytest.mark.parametrize("text", ["", "-5", "0", "x", "1" * 30, "1e3"])
def test_a_watchdog_time_that_is_none_is_none(text: str) -> None:
    assert Notifier.from_environment({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": text}).watchdog_s is None


def test_another_process_watchdog_is_not_ours() -> None:
    environment = {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}
    assert Notifier.from_environment(environment).watchdog_s is None


def test_a_manager_that_does_not_read_is_not_waited_for(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    managed = Manager(address)
    with managed.socket:
        notifier = Notifier(address, watchdog_s=1.0)
        began_s = time.monotonic()
        for _ in range(5000):
            notifier.ready("x" * 5000)
        assert time.monotonic() - began_s < 5
