"""jetson-stats (``jtop``), the service many Jetsons run: load, heat and power of the whole board.

jetson-stats is under the AGPL, so it is never part of mandible: this module imports it where somebody
installed it (``pip install jetson-stats``) and its service runs.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mandible.device.telemetry.reading import Reading

SOURCE = "jtop"
SERVICE_SOCKET = Path("run/jtop.sock")
INTERVAL_S = 1.0
_RETRY_S = 30.0
_STALE_AFTER_S = 10.0
# jtop says -256 of a sensor that is switched off.
_OFF_BELOW_C = -55.0
_LARGEST = 1e9
_LONGEST_NAME = 64


class JtopSession:
    """Holds one connection to the service, in a thread of its own: connecting may take long, or for ever.

    ``latest()`` only looks at what arrived last.
    """

    def __init__(self, root: Path = Path("/")) -> None:
        self._socket = root / SERVICE_SOCKET
        self._stop = threading.Event()
        self._arrived = threading.Event()
        self._latest: tuple[Reading, float] | None = None
        self._thread: threading.Thread | None = None
        self._tried_s = -math.inf
        self.problem: str | None = None

    def latest(self, patience_s: float = 0.0) -> Reading | None:
        """Return the latest reading; None where there is no service, or it has been silent for 10 s.

        Waits up to ``patience_s`` for the first one.
        """
        if not self._socket.exists():
            return None
        alive = self._thread is not None and self._thread.is_alive()
        if not alive and time.monotonic() - self._tried_s > _RETRY_S:
            self._tried_s = time.monotonic()
            self._arrived.clear()
            self._stop.clear()
            self._thread = threading.Thread(target=self._listen, name="jtop", daemon=True)
            self._thread.start()
        self._arrived.wait(patience_s)
        latest = self._latest
        if latest is None or time.monotonic() - latest[1] > _STALE_AFTER_S:
            return None
        return latest[0]

    def close(self) -> None:
        """Let the connection go; does not wait for it."""
        self._stop.set()

    def _listen(self) -> None:
        try:
            import jtop

            with jtop.jtop(interval=INTERVAL_S) as board:
                while not self._stop.is_set() and board.ok():
                    self._latest = (_reading(board), time.monotonic())
                    self._arrived.set()
        except Exception as error:  # Whatever a foreign library raises must not reach the line.
            self.problem = f"{type(error).__name__}: {error}"
        finally:
            # What a service said before it went is no reading of now.
            self._latest = None
            self._arrived.set()


def _reading(board: Any) -> Reading:
    """Return what a connected ``jtop`` object holds; whatever has another form than told is unknown."""
    temperatures_c = {
        name: degrees
        for name, sensor in _table(board, "temperature").items()
        if (degrees := _number(sensor, "temp")) is not None and degrees > _OFF_BELOW_C
    }
    power = _table(board, "power")
    gpus = [gpu for gpu in _table(board, "gpu").values() if isinstance(gpu, Mapping)]
    status, clock = (gpus[0].get("status"), gpus[0].get("freq")) if gpus else (None, None)
    memory = _table(board, "memory")
    emc = memory.get("EMC")
    cores = _cores(board)
    governor = cores[0].get("governor") if cores else None
    clocks_mhz = [_scaled(core.get("freq"), "cur", 1 / 1000) for core in cores]
    highest_mhz = [_scaled(core.get("info_freq"), "max", 1 / 1000) for core in cores]
    return Reading(
        source=SOURCE,
        temperature_c=max(temperatures_c.values(), default=None),
        temperatures_c=temperatures_c,
        power_mw=_scaled(power.get("tot"), "power", 1.0),
        rails_mw={
            name: power_mw
            for name, rail in _items(power.get("rail"))
            if (power_mw := _scaled(rail, "power", 1.0)) is not None
        },
        governor=governor if isinstance(governor, str) and governor else None,
        cpu_mhz=_highest(clocks_mhz),
        cpu_max_mhz=_highest(highest_mhz),
        cpu_percent=tuple(map(_busy_percent, cores)) or None,
        gpu_percent=_number(status, "load"),
        gpu_mhz=_scaled(clock, "cur", 1 / 1000),
        emc_percent=_scaled(emc, "val", 1.0),
        emc_mhz=_scaled(emc, "cur", 1 / 1000),
        power_mode=_power_mode(board),
        clocks_held=_clocks_held(board),
        ram_used_mb=_scaled(memory.get("RAM"), "used", 1 / 1024),
        ram_total_mb=_scaled(memory.get("RAM"), "tot", 1 / 1024),
        swap_used_mb=_scaled(memory.get("SWAP"), "used", 1 / 1024),
        swap_total_mb=_scaled(memory.get("SWAP"), "tot", 1 / 1024),
    )


def _table(board: Any, name: str) -> Mapping[str, Any]:
    with contextlib.suppress(Exception):
        found = getattr(board, name)
        return dict(_items(found))
    return {}


def _cores(board: Any) -> list[Mapping[str, Any]]:
    listed = _table(board, "cpu").get("cpu")
    return [core if isinstance(core, Mapping) else {} for core in listed] if isinstance(listed, list) else []


def _busy_percent(core: Mapping[str, Any]) -> int | None:
    """Return the load of a core; None where it is switched off."""
    idle_percent = _number(core, "idle") if core.get("online") else None
    return None if idle_percent is None else round(min(100.0, max(0.0, 100.0 - idle_percent)))


def _highest(clocks_mhz: list[int | None]) -> int | None:
    return max((mhz for mhz in clocks_mhz if mhz is not None), default=None)


def _power_mode(board: Any) -> str | None:
    with contextlib.suppress(Exception):
        name = board.nvpmodel.name
        return name[:_LONGEST_NAME] if isinstance(name, str) and name else None
    return None


def _clocks_held(board: Any) -> bool | None:
    with contextlib.suppress(Exception):
        held = board.jetson_clocks.get_enable()
        return held if isinstance(held, bool) else None
    return None


def _items(table: object) -> list[tuple[str, Any]]:
    return [(str(k), v) for k, v in table.items()] if hasattr(table, "items") else []


def _number(table: object, key: str) -> float | None:
    value = table.get(key) if isinstance(table, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < _LARGEST:
        return None
    return float(value)


def _scaled(table: object, key: str, factor: float) -> int | None:
    value = _number(table, key)
    return None if value is None else int(value * factor)
