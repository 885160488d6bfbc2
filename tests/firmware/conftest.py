"""Boards for the firmware's tests."""

from __future__ import annotations

import pytest

from tests.firmware.hosted import HostedBoard
from tests.firmware.wire import JAW, eeprom_image


@pytest.fixture
def board() -> HostedBoard:
    """Return a board with channels 0 and 1 calibrated for a jaw, watchdog 300 ms, everything detached."""
    return HostedBoard(eeprom_image({0: JAW, 1: JAW}))
