"""Which engines there are, and whether they keep up with speech."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

from mandible.device.doctor.check import FAIL, OK, WARN, Check
from mandible.device.doctor.child import Child

TIMES = "mandible.device.doctor.engine_times"
LIMIT_S = 4.5
# The share of a 10 ms hop that the network may take; the rest of the line and other programs need the rest.
BUDGET_US = 3000.0
FASTER = "run with --model nano"


def start() -> Child:
    """Begin to time them beside the other checks."""
    return Child(TIMES, limit_s=LIMIT_S)


def engines(child: Child | None) -> Iterator[Check]:
    """Yield which engines are installed, then how long a hop takes each where they were timed."""
    registry = importlib.import_module("mandible.device.engines")
    default = registry.default_name()
    yield Check("engines", OK, f"{', '.join(registry.available())}; default {default}")
    if child is None:
        return
    told, finished = child.told()
    times_us = {t["engine"]: float(t["best_us"]) for t in told if "best_us" in t}
    for entry in told:
        if "problem" in entry:
            yield Check(
                f"engine {entry['engine']}",
                FAIL if entry["engine"] == default else WARN,
                str(entry["problem"]),
                "mandible engines tells what it needs; --engine chooses another one",
            )
    if times_us:
        listed = ", ".join(f"{name} {best_us:.0f} µs" for name, best_us in times_us.items())
        slow = times_us.get(default, 0.0) > BUDGET_US
        finding = f"{listed} for a hop of 10 ms (model small)"
        if slow:
            finding += f": {default} takes more than {BUDGET_US / 1000:.0f} ms"
        yield Check("engine times", WARN if slow else OK, finding, FASTER if slow else "")
    if not finished:
        begun = [str(t["begins"]) for t in told if "begins" in t]
        stuck = begun[-1] if begun and begun[-1] not in times_us else None
        finding = f"{stuck or 'an engine'} crashed while it was timed, or takes longer than {LIMIT_S} s"
        yield Check("engine times", WARN, finding, "mandible engines: takes its time over each")
