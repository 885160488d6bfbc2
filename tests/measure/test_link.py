"""Twelve channels at 100 Hz leave the line room: measured now, and in the result that is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mandible.benchmarks import link
from mandible.firmware_bridge.flashing.boards import BOARDS
from tests.measure.link import measure

# docs/motion.md; the plan has to be there 9 ms after it was begun.
PLANNING_US = 6100
PAGE = Path(__file__).parents[2] / "docs" / "firmware.md"


def good(one: dict[str, Any]) -> None:
    """Check what is promised of every rate that there is an image for."""
    assert one["overruns"] == 0
    assert one["width_off_us"] <= link.WIDTH_OFF_US
    assert one["flooded_width_off_us"] <= link.WIDTH_OFF_US
    assert one["planning_worst_us"] <= PLANNING_US


@pytest.mark.parametrize("baud", BOARDS["uno"].bauds)
def test_a_stream_of_set_points_loses_nothing_and_moves_no_edge(baud: int) -> None:
    one = measure(baud, hops=60)
    good(one)
    if baud == link.USUAL_BAUD:
        assert one["line_per_cent"] <= link.LINE_PER_CENT
        assert one["flooded_overruns"] == 0


def test_the_kept_result_says_so_too_and_the_page_shows_it() -> None:
    result = json.loads(link.RESULT.read_text("utf-8"))
    assert tuple(map(int, result["bauds"])) == link.BAUDS
    for baud in BOARDS["uno"].bauds:
        good(result["bauds"][str(baud)])
    assert result["bauds"][str(link.USUAL_BAUD)]["line_per_cent"] <= link.LINE_PER_CENT
    assert link.table(result) in PAGE.read_text("utf-8")
