"""A board that falls silent for a while takes nothing with it of what was found."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mandible.errors import DeviceError
from mandible.firmware_bridge.calibration import live as live_module
from mandible.firmware_bridge.calibration.live import LiveCalibration
from mandible.firmware_bridge.calibration.wizard import Plan
from mandible.firmware_bridge.port_url import parse_port_url
from mandible.firmware_bridge.rig import Rig
from tests.bridge.boards import BoardProcess

SKULL = Rig.load("skull")
_LIMIT_S = 20.0


class Script:
    """In a person's place: does each thing once the words before it are shown."""

    def __init__(self, live: LiveCalibration, steps: list[tuple[str, Callable[[], object]]]) -> None:
        self._live = live
        self._steps = steps
        self._until_s = time.monotonic() + _LIMIT_S

    def fileno(self) -> int | None:
        return None

    def turn(self) -> None:
        view = self._live.view()
        words, step = self._steps[0]
        shown = f"{view['title']}: {view['text']} {view['note']} {'(there)' if view['ready'] else ''}"
        if all(part in shown for part in words.split("|")):
            step()
            del self._steps[0]
        assert time.monotonic() < self._until_s, (words, view)


@pytest.fixture
def board(tmp_path: Path) -> Iterator[BoardProcess]:
    board = BoardProcess(tmp_path)
    board.plug_in()
    yield board
    board.pull()


def calibration(url: str, monkeypatch: pytest.MonkeyPatch) -> LiveCalibration:
    monkeypatch.setattr(live_module, "_GREETING_US", 300_000)
    return LiveCalibration(parse_port_url(url), Plan(SKULL.channels, ("jaw",), "x.toml", "", False), {})


def test_a_board_that_is_silent_and_back_ends_nothing(
    board: BoardProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = calibration(board.url, monkeypatch)
    steps: list[tuple[str, Callable[[], object]]] = [
        ("Before jaw moves", lambda: live.answer("inside")),
        ("Towards the short-pulse end|(there)", lambda: board.signal(signal.SIGSTOP)),
        ("check its supply", lambda: board.signal(signal.SIGCONT)),
        ("Stopped", lambda: live.answer("go_on")),
        ("Towards the short-pulse end|(there)", lambda: None),
        ("", lambda: live.wizard.give_up()),
    ]
    live.run(Script(live, steps))
    assert steps == []
    assert live.view()["note"] == ""


def test_a_port_where_nobody_ever_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.openpty()
    live = calibration(f"serial://{os.ttyname(theirs)}", monkeypatch)
    with pytest.raises(DeviceError, match="does not answer"):
        live.run(Script(live, [("never", lambda: None)]))
    assert select.select([ours], [], [], 0)[0]  # it was asked, though
    os.close(ours)
    os.close(theirs)
