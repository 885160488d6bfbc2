"""All sources of telemetry, asked in order; each fills in what those before it did not know."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path

from mandible.device.telemetry import kernel, raspberry_pi, tegrastats
from mandible.device.telemetry.energy_meter import EnergyMeter
from mandible.device.telemetry.jtop import JtopSession
from mandible.device.telemetry.reading import Reading

FIRST_JTOP_PATIENCE_S = 2.0


class Telemetry:
    """The sources: jtop, else ``tegrastats``; the Raspberry Pi's firmware; the kernel; the energy meter.

    Args:
        root: the folder that holds ``sys``, ``proc`` and ``run``.
        search_path: where ``tegrastats`` and ``vcgencmd`` are looked for; None: ``$PATH``, "": nowhere.
    """

    def __init__(self, root: Path = Path("/"), search_path: str | None = None) -> None:
        self._root = root
        self._search_path = search_path
        self._jtop = JtopSession(root)
        self._meter = EnergyMeter(root)
        self._patience_s = FIRST_JTOP_PATIENCE_S
        self._one_at_a_time = threading.Lock()
        self.problems: dict[str, str] = {}

    def read(self) -> Reading:
        """Ask them all. Never raises; a source that breaks is noted in ``problems`` and left out.

        Takes a millisecond or two; at most 2 s the first time on a Jetson with jtop, and 0.1 s with
        ``tegrastats``. For a thread of its own, every second or two.
        """
        with self._one_at_a_time:
            reading = Reading()
            for name, ask in self._sources():
                try:
                    found = ask()
                except Exception as error:  # No sensor is worth a stopped mouth.
                    self.problems[name] = f"{type(error).__name__}: {error}"
                    continue
                if found is not None:
                    reading = reading.completed_by(found)
            if self._jtop.problem is not None:
                self.problems["jtop"] = self._jtop.problem
            return reading

    def close(self) -> None:
        """Let go of what a source holds."""
        self._jtop.close()

    def _sources(self) -> tuple[tuple[str, Callable[[], Reading | None]], ...]:
        return (
            ("jetson", self._jetson),
            ("raspberry_pi", partial(raspberry_pi.read, self._root, self._search_path)),
            ("kernel", partial(kernel.read, self._root)),
            ("energy_meter", self._meter.read),
        )

    def _jetson(self) -> Reading | None:
        patience_s, self._patience_s = self._patience_s, 0.0
        return self._jtop.latest(patience_s) or tegrastats.read(self._search_path)


@lru_cache(maxsize=1)
def _own() -> Telemetry:
    return Telemetry()


def read() -> Reading:
    """Return how this computer is doing. Never raises; see ``Telemetry.read`` for what it costs."""
    return _own().read()
