"""What nobody foresaw does not kill the link: it says so, and tries again."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mandible.device.frames import Frame
from mandible.firmware_bridge import ports
from mandible.firmware_bridge.fake_board import FakeBoard
from mandible.firmware_bridge.link import Link
from mandible.firmware_bridge.port_url import PortUrl
from mandible.firmware_bridge.rig import Rig

_SKULL = Rig.load("skull")
_LIMIT_S = 5.0


class _Port(ports.FakePort):
    """A port to a fake board that fails as often as it is told to."""

    def __init__(self, failing: threading.Event) -> None:
        super().__init__(FakeBoard(_SKULL.limits))
        self._failing = failing

    def read(self) -> bytes:
        if self._failing.is_set():
            raise ZeroDivisionError("nobody thought of this")
        return super().read()

    def close(self) -> None:
        super().close()
        if self._failing.is_set():
            raise ZeroDivisionError("nor of this")


def _wait_for(link: Link, condition: Callable[[], bool]) -> None:
    with link._changed:
        assert link._changed.wait_for(condition, _LIMIT_S)


def test_an_unforeseen_failure_is_told_and_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    failing = threading.Event()
    monkeypatch.setattr("mandible.firmware_bridge.link.open_port", lambda url: _Port(failing))
    with Link("fake:", _SKULL) as link:
        link.wait_ready()
        failing.set()
        _wait_for(link, lambda: link.status().reconnects > 1)
        problem = link.status().problem
        assert problem is not None
        assert "ZeroDivisionError: nobody thought of this" in problem
        failing.clear()
        link.wait_ready()
        assert link.status().problem is None


def test_a_port_that_cannot_be_opened_for_an_unforeseen_reason_is_told_and_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failing, seen = threading.Event(), threading.Event()
    opened: list[PortUrl] = []

    def open_once(url: PortUrl) -> ports.Port:
        opened.append(url)
        if len(opened) == 2:
            raise KeyError("baud")
        if len(opened) == 3:
            failing.clear()
            assert seen.wait(_LIMIT_S)
        return _Port(failing)

    monkeypatch.setattr("mandible.firmware_bridge.link.open_port", open_once)
    with Link("fake:", _SKULL) as link:
        link.wait_ready()
        failing.set()
        _wait_for(link, lambda: "KeyError: 'baud'" in (link.status().problem or ""))
        seen.set()
        _wait_for(link, lambda: link.status().reconnects > 0)
        link.wait_ready()


@pytest.mark.parametrize("url", ["fake:", "none:"])
def test_a_link_is_started_once(url: str) -> None:
    link = Link(url, _SKULL)
    link.start()
    with pytest.raises(RuntimeError, match="this link has been started already"):
        link.start()
    link.close()
    with pytest.raises(RuntimeError, match="this link is closed; make a new one"):
        link.start()


def test_a_hint_for_the_shell_survives_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig.parse("my rigs/skull.toml", Path(_SKULL.file).read_text("utf-8"))
    monkeypatch.setattr(
        "mandible.firmware_bridge.link.open_port", lambda url: ports.FakePort(FakeBoard(_SKULL.limits[:0]))
    )
    monkeypatch.setattr(Link, "_is_virtual", lambda self: False)
    with Link("serial:///dev/ttyACM0?baud=9600", rig) as link:
        _wait_for(link, lambda: link.status().problem is not None)
        hint = "run: mandible rig store 'my rigs/skull.toml' --port 'serial:///dev/ttyACM0?baud=9600'"
        assert hint in (link.status().problem or "")


def test_a_line_that_sends_as_fast_as_it_can_meets_the_link_s_thread_in_peace() -> None:
    before_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with Link("fake:", _SKULL) as link:
            link.wait_ready()
            frame = Frame(0, 0, np.zeros(160, np.int16), pulses_us=(1400,))
            end_s = time.monotonic() + 1.0
            while time.monotonic() < end_s:
                link.send(frame.having(emitted_ns=time.monotonic_ns()))
            status = link.status()
    finally:
        sys.setswitchinterval(before_s)
    assert (status.reconnects, status.bad_frames, status.problem) == (0, 0, None)
    assert status.sent > 50
