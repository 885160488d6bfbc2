"""A patient link begins without its board and waits for it, as a service does that starts before USB."""

from __future__ import annotations

from pathlib import Path

import pytest

from mandible.errors import DeviceError
from mandible.firmware_bridge.link import Link
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.virtual_process import VirtualProcess

RIG = Rig.load("skull")


def test_a_board_that_comes_later_is_found(tmp_path: Path) -> None:
    place = tmp_path / "board"
    with Link(f"virtual:{place}", RIG, patient=True) as link:
        before = link.status()
        assert not before.connected
        assert str(place) in (before.problem or "")
        board = VirtualProcess("--link", str(place))
        try:
            link.wait_ready()
            after = link.status()
            assert after.ready
            assert after.problem is None
            assert after.reconnects == 0
        finally:
            board.end()


def test_one_without_patience_refuses_at_once(tmp_path: Path) -> None:
    link = Link(f"virtual:{tmp_path / 'board'}", RIG)
    with pytest.raises(DeviceError, match="board"):
        link.start()
    assert link.status().reconnects == 0
