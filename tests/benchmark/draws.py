"""A computer that draws a known power: its energy counters, which a thread advances in a folder."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from types import TracebackType

STEP_S = 0.002


def zone(
    root: Path, number: str, name: str, energy_uj: int = 0, range_uj: int | None = 262_143_328_850
) -> Path:
    """Plant a power zone as Linux shows it (``intel-rapl:NUMBER``); return its counter."""
    folder = root / "sys/class/powercap" / f"intel-rapl:{number}"
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{name}\n")
    (folder / "energy_uj").write_text(f"{energy_uj}\n")
    if range_uj is not None:
        (folder / "max_energy_range_uj").write_text(f"{range_uj}\n")
    return folder / "energy_uj"


class Drawing:
    """Advances a counter at ``power_w``, which may change, until the context is left."""

    def __init__(self, counter: Path, power_w: float, range_uj: int | None = None, at_uj: int = 0) -> None:
        """Begin at ``at_uj``; start over at ``range_uj``."""
        self.power_w = power_w
        self._counter, self._range_uj, self._uj = counter, range_uj, float(at_uj)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._draw, daemon=True)

    def __enter__(self) -> Drawing:
        """Start."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self._done.set()
        self._thread.join()

    def _draw(self) -> None:
        last_s, partial = time.monotonic(), self._counter.with_suffix(".partial")
        while not self._done.wait(STEP_S):
            now_s = time.monotonic()
            self._uj += 1e6 * self.power_w * (now_s - last_s)
            last_s = now_s
            if self._range_uj is not None:
                self._uj %= self._range_uj
            # Whole at any moment, as the kernel's own.
            partial.write_text(f"{int(self._uj)}\n")
            partial.replace(self._counter)
