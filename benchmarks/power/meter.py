"""What a computer draws while it does something: energy counters where it has them, else power, sampled."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from mandible.benchmarks.power import counters
from mandible.benchmarks.power.counters import Counter
from mandible.device.telemetry import Reading, Telemetry
from mandible.errors import DeviceError

TOTAL = "total"
_LOOKED_FOR = (
    "no power can be read here: neither jtop nor tegrastats, no power rails or energy counters in "
    "sys/class/hwmon and sys/bus/i2c (INA3221), no energy counters in sys/class/powercap (RAPL); "
    "a USB power meter tells what the whole board draws, see docs/power.md"
)
_LONGEST_WAIT_S = 5.0


@dataclass(frozen=True)
class Look:
    """One look at everything: counters in µJ, rails in mW; ``TOTAL`` is among the rails where it is told."""

    time_s: float
    counted_uj: Mapping[str, int]
    rails_mw: Mapping[str, float]


@dataclass(frozen=True)
class Phase:
    """What was drawn during some work.

    Attributes:
        work_s: how long the work took.
        watched_s: how long was looked, a little more.
        audio_s: seconds of speech that were worked through.
        watts: mean power by rail.
    """

    work_s: float
    watched_s: float
    audio_s: float
    watts: Mapping[str, float]

    def above_j(self, rail: str, idle_w: float) -> float:
        """Return the joules above ``idle_w`` for a second of speech."""
        return (self.watts[rail] - idle_w) * self.watched_s / self.audio_s

    def all_j(self, rail: str, idle_w: float) -> float:
        """Return all joules for a second of speech; the moments before and after the work do not count."""
        return self.above_j(rail, idle_w) + idle_w * self.work_s / self.audio_s


class Meter:
    """Looks at every source there is.

    Attributes:
        covers: what ``TOTAL`` stands for, in words.
        sources: where the figures come from, in words.
    """

    def __init__(self, root: Path, interval_s: float) -> None:
        """Find the sources; every ``interval_s`` they will be looked at.

        Raises:
            DeviceError: there is none; says what was looked for.
        """
        # A folder that stands for a board has none of this computer's programs.
        self._telemetry = Telemetry(root, None if root == Path("/") else "")
        self._interval_s = interval_s
        self._counters = counters.find(root)
        reading = self._telemetry.read()
        rails = _rails(reading)
        if not self._counters and not rails:
            self._telemetry.close()
            raise DeviceError(_refusal(root))
        self.sources = " + ".join(
            [*(["energy counters"] if self._counters else []), *([reading.source or ""] if rails else [])]
        )
        whole = counters.whole(self._counters)
        self._parts: list[Counter] = []
        if TOTAL in rails and (whole is None or _is_board(reading)):
            self.covers = "the whole board" if _is_board(reading) else "all rails that are measured"
        elif whole is not None:
            self.covers, self._parts = whole
        else:
            self.covers = "single rails"

    def close(self) -> None:
        """Let go of what the sources hold."""
        self._telemetry.close()

    def during(self, work: Callable[[], float]) -> Phase:
        """Do some work, which returns how many seconds of speech it was, and look meanwhile."""
        looks, done = [self._look()], threading.Event()

        def watch() -> None:
            while not done.wait(self._interval_s):
                looks.append(self._look())

        watcher = threading.Thread(target=watch, name="power", daemon=True)
        watcher.start()
        began_s = time.monotonic()
        try:
            audio_s = work()
        finally:
            work_s = time.monotonic() - began_s
            done.set()
            watcher.join(_LONGEST_WAIT_S)
        looks.append(self._look())
        return Phase(work_s, looks[-1].time_s - looks[0].time_s, audio_s, self._watts(looks))

    def _look(self) -> Look:
        time_s = time.monotonic()
        counted = {one.rail: uj for one in self._counters if (uj := one.read_uj()) is not None}
        return Look(time_s, counted, _rails(self._telemetry.read()))

    def _watts(self, looks: Sequence[Look]) -> dict[str, float]:
        found: dict[str, float] = {}
        for rail in sorted({rail for look in looks for rail in look.rails_mw}):
            known = [(look.time_s, look.rails_mw[rail]) for look in looks if rail in look.rails_mw]
            if (power_w := sampled_w(known)) is not None:
                found[rail] = power_w
        for counter in self._counters:
            counts = [(look.time_s, look.counted_uj.get(counter.rail)) for look in looks]
            power_w = counted_w(counter, [(at_s, uj) for at_s, uj in counts if uj is not None])
            if power_w is not None:
                found[counter.rail] = power_w
        if self._parts:
            found.pop(TOTAL, None)
            if all(part.rail in found for part in self._parts):
                found[TOTAL] = sum(found[part.rail] for part in self._parts)
        return found


def counted_w(counter: Counter, counts: Sequence[tuple[float, int]]) -> float | None:
    """Return the mean power between the first and the last of (s, µJ); None where nothing is told."""
    total_uj = 0
    for (before_s, before_uj), (after_s, after_uj) in pairwise(counts):
        spent_uj = counter.spent_uj(before_uj, after_uj, after_s - before_s)
        if spent_uj is None:
            return None
        total_uj += spent_uj
    # A computer draws something: a counter that stands still, as a virtual machine's, is none.
    return total_uj / 1e6 / (counts[-1][0] - counts[0][0]) if total_uj else None


def sampled_w(samples: Sequence[tuple[float, float]]) -> float | None:
    """Return the mean power of samples (s, mW), by trapezia between them; None of fewer than two."""
    if len(samples) < 2:
        return None
    at_s, power_mw = np.array(samples, np.float64).T
    energy_mj = float(((power_mw[1:] + power_mw[:-1]) / 2 * np.diff(at_s)).sum())
    return energy_mj / 1000 / float(at_s[-1] - at_s[0])


def _rails(reading: Reading) -> dict[str, float]:
    """Return the rails in mW and their total; a processor's own counter is read elsewhere, and better."""
    if not reading.rails_mw:
        return {}
    total = {} if reading.power_mw is None else {TOTAL: float(reading.power_mw)}
    return {**{rail: float(power_mw) for rail, power_mw in reading.rails_mw.items()}, **total}


def _is_board(reading: Reading) -> bool:
    """Return whether the rails carry all of a board: those of a Jetson do."""
    sources = (reading.source or "").split("+")
    named = any(rail in reading.rails_mw for rail in ("VDD_IN", "POM_5V_IN"))
    return named or "jtop" in sources or "tegrastats" in sources


def _refusal(root: Path) -> str:
    locked = counters.forbidden(root)
    if not locked:
        return _LOOKED_FOR
    return (
        f"{locked[0]}: there is an energy counter, but it cannot be read; most systems let only root look: "
        f"sudo chmod a+r {root / counters.ZONES}/intel-rapl:*/energy_uj"
    )
