"""Waiting until a board in a process of its own gives pulses, or gives none any more."""

from __future__ import annotations

import time

from tests.bridge.boards import BoardProcess

# Ten periods without a pulse are silence; a board gives up well before patience ends.
_SILENCE_S, _PATIENCE_S = 0.2, 5.0
_LOOK_S = 0.02


def wait_for_pulses(board: BoardProcess) -> None:
    """Wait until the board gives another pulse."""
    give_up_s = time.monotonic() + _PATIENCE_S
    count = _count(board)
    while _count(board) == count:
        assert time.monotonic() < give_up_s, "the board gives no pulses"
        time.sleep(_LOOK_S)


def wait_for_silence(board: BoardProcess) -> None:
    """Wait until the board has given no pulse for a while."""
    give_up_s = time.monotonic() + _PATIENCE_S
    count, since_s = _count(board), time.monotonic()
    assert count, "nothing has moved at all"
    while time.monotonic() - since_s < _SILENCE_S:
        assert time.monotonic() < give_up_s, "the board gives pulses still"
        time.sleep(_LOOK_S)
        if _count(board) != count:
            count, since_s = _count(board), time.monotonic()


def _count(board: BoardProcess) -> int:
    return len(board.rows()) if board.pulses.exists() else 0
