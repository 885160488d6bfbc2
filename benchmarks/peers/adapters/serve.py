"""Runs one Python adapter over the recordings of a request and prints what came of it as one JSON object.

Started by ``adapter.py`` with the request's path, in the rival's own environment: nothing but the standard
library may be imported here.
"""

import importlib.util
import json
import os
import platform
import resource
import sys
import time
from pathlib import Path
from typing import Any

_KB_PER_MB = 1024


def main(path: str) -> None:
    """Answer a request; an error becomes the answer."""
    answer_to = os.dup(1)
    # Whatever a rival prints must not end up in the answer.
    os.dup2(2, 1)
    try:
        answer = _answer(path)
    except Exception as error:  # whatever a rival raises
        answer = {"error": f"{type(error).__name__}: {error}"}
    with os.fdopen(answer_to, "w", encoding="utf-8") as stream:
        json.dump(answer, stream)


def _answer(path: str) -> dict[str, Any]:
    parent = os.getppid()
    request = json.loads(Path(path).read_text(encoding="utf-8"))
    sys.path += request["search"]
    began_s = _cpu_s()
    adapter = _adapter(request["adapter"])
    adapter.start(request["folder"], request["options"])
    # The first one twice: what is compiled or read on first use belongs to the start.
    adapter.hear(adapter.prepare(_pcm(request["recordings"][0])))
    start_cpu_s = _cpu_s() - began_s
    found = []
    for recording in request["recordings"]:
        if os.getppid() != parent:  # nobody waits any more
            raise SystemExit(1)
        found.append(_heard(adapter, _pcm(recording), recording["seconds"]))
    return {
        "runtime": f"python {platform.python_version()}",
        "start_cpu_s": start_cpu_s,
        "peak_rss_mb": _peak_kb() / _KB_PER_MB,
        "recordings": found,
    }


def _adapter(path: str) -> Any:
    # Not under its own name, which may be that of what it imports.
    spec = importlib.util.spec_from_file_location("adapter", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _heard(adapter: Any, pcm: bytes, seconds: float) -> dict[str, Any]:
    begun_s = _cpu_s()
    prepared = adapter.prepare(pcm)
    ready_s, wall_s = _cpu_s(), time.perf_counter()
    heard = adapter.hear(prepared)
    done_s, done_wall_s = _cpu_s(), time.perf_counter()
    emulated_s = 0.0
    if hasattr(adapter, "emulated"):
        adapter.emulated(prepared)
        emulated_s = _cpu_s() - done_s
    return {
        "rows": adapter.rows(heard, seconds),
        "cpu_s": done_s - ready_s,
        "wall_s": done_wall_s - wall_s,
        "prepare_cpu_s": ready_s - begun_s,
        "emulated_cpu_s": emulated_s,
    }


def _pcm(recording: dict[str, Any]) -> bytes:
    return Path(recording["pcm"]).read_bytes()


# Some rivals are programs that an adapter starts.
_WHO = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
_usage = resource.getrusage


def _cpu_s() -> float:
    """Return the time of all threads, and of the programs that have ended, in user and system mode."""
    return sum(_usage(who).ru_utime + _usage(who).ru_stime for who in _WHO)


def _peak_kb() -> int:
    """Return the most that this program held, or the largest of those that an adapter started.

    Where ``ru_maxrss`` is asked on Linux it tells what the program that started this one held, if that is
    more: the kernel carries it over ``exec``. It is so of children too, but none is started by anything
    larger.
    """
    most = _usage(resource.RUSAGE_SELF).ru_maxrss
    try:
        with open("/proc/self/status", encoding="ascii") as lines:  # noqa: PTH123 - as above
            most = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        pass
    return max(most, _usage(resource.RUSAGE_CHILDREN).ru_maxrss)


if __name__ == "__main__":
    main(sys.argv[1])
