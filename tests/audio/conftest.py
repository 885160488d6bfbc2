"""The stand-in for the sound system as a fixture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.audio.stand_in_sound import StandInSound


@pytest.fixture
def sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandInSound]:
    """The stand-in, with nothing plugged in."""
    stand_in = StandInSound(tmp_path, monkeypatch)
    yield stand_in
    stand_in.close()
