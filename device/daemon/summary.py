"""What a live run says of its line and its board at the end."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from mandible.device.pipeline import Line
from mandible.device.timing import Timing, stages_ms
from mandible.firmware_bridge.link import Link
from mandible.line_plan import LinePlan
from mandible.saying import say


def line_summary(plan: LinePlan, line: Line, timing: Timing, link: Link | None) -> dict[str, Any]:
    """Return what ran and how long it took, in plain types."""
    stages = stages_ms(line.times)
    queued_ms = None if link is None else link.queued.summary_ms()
    if queued_ms is not None:
        stages["link"] = queued_ms
    return {
        "engine": plan.engine,
        "model": plan.model.name,
        "compute_ms": timing.compute_ms(),
        "stages_ms": stages,
        "link": None if link is None else asdict(link.status()),
    }


def tell_losses(link: Link | None) -> None:
    """Say in one line on standard error what the board did not get, if anything."""
    if link is None:
        return
    now = link.status()
    if now.dropped or not now.ready:
        state = f"; {now.problem or 'the board is gone'}"
        if now.ready and now.problem is None:
            state = " (connected now)"
        say(f"mandible: {now.url.rstrip(':')}: {now.dropped} poses never reached the board{state}")
