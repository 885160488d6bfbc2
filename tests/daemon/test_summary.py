"""What a run says at its end of poses that never reached the board."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from mandible.device.daemon.summary import tell_losses
from mandible.firmware_bridge.link import Link
from mandible.firmware_bridge.link_status import LinkStatus
from tests.daemon.standing import snapshot

AT_HAND = snapshot().link


class Told:
    """A link that stands like this; a real one that loses poses is in ``tests/faults``."""

    def __init__(self, **changes: Any) -> None:
        assert isinstance(AT_HAND, LinkStatus)
        self._status = replace(AT_HAND, **changes)

    def status(self) -> LinkStatus:
        """Return it."""
        return self._status


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"dropped": 4}, "mandible: virtual: 4 poses never reached the board (connected now)\n"),
        (
            {
                "url": "serial:///dev/ttyACM0",
                "dropped": 4,
                "ready": False,
                "problem": "no such port; plug it in",
            },
            "mandible: serial:///dev/ttyACM0: 4 poses never reached the board; no such port; plug it in\n",
        ),
        (
            {"dropped": 0, "ready": False},
            "mandible: virtual: 0 poses never reached the board; the board is gone\n",
        ),
        ({"dropped": 0}, ""),
    ],
)
def test_losses_are_told_in_one_line(
    changes: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tell_losses(cast(Link, Told(**changes)))
    assert capsys.readouterr().err == said
