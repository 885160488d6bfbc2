"""What tests of single families share."""

from __future__ import annotations

import pytest

from mandible.firmware_bridge.drivers import dynamixel, feetech, firmata, ssc32


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let drivers take it for granted that no other family is on the port: asking takes most of a second."""
    for module in (dynamixel, feetech, firmata, ssc32):
        monkeypatch.setattr(module, "rule_out_others", lambda *_: None)
