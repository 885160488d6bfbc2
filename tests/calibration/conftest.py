"""What both fronts are tested with: a rig file, and a board on which nothing is stored."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mandible.firmware_bridge.rig import SHIPPED
from tests.bridge.boards import BoardProcess


@pytest.fixture
def rig_file(tmp_path: Path) -> Path:
    folder = tmp_path / "rigs"
    folder.mkdir()
    return Path(shutil.copy(SHIPPED / "skull.toml", folder / "puppet.toml"))


@pytest.fixture
def board(tmp_path: Path) -> Iterator[BoardProcess]:
    board = BoardProcess(tmp_path)
    board.plug_in()
    yield board
    board.pull()
