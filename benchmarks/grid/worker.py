"""Times a point of the grid once: ``python -m mandible.benchmarks.grid.worker REQUEST ANSWER``.

What native libraries print goes nowhere; the answer is a file of JSON: the fields of ``fresh.Round``, or
``why`` there are none.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any

_LONGEST_WHY = 300
_MOST_FILE_BYTES = 64 << 20
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def main() -> None:
    """Read the request, time it, write the answer."""
    _keep_quiet()
    request, answer = map(Path, sys.argv[1:])
    asked = json.loads(request.read_text(encoding="utf-8"))
    # Whoever started this may be gone by then.
    signal.alarm(int(asked["limit_s"]) + 1)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_FILE_BYTES, _MOST_FILE_BYTES))
    # Numpy's own threads would count as the engine's.
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        told = _timed(asked)
    except Exception as error:  # an engine's package may raise anything; whoever asked tells it
        told = {"why": _why(error)}
    answer.write_text(json.dumps(told), encoding="utf-8")


def _keep_quiet() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)


def _timed(asked: dict[str, Any]) -> dict[str, Any]:
    # First, so that only the engine's own packages are loaded while it starts.
    from mandible.benchmarks.grid.point import Point
    from mandible.device.engines.starting import HIGHEST, first_logits_ms, memory_mb

    point = Point(**asked["point"])
    engine, start_ms = first_logits_ms(point.create)

    import numpy as np

    from mandible.benchmarks.grid.passes import Cost, cost, digest, heard
    from mandible.device.engines.trial import pass_ns
    from mandible.device.frontend import log_mel

    hops = np.load(asked["hops"], allow_pickle=False)
    line, features = point.line(engine), log_mel(hops.reshape(-1))
    answers = digest(heard(line, hops))
    costs: list[Cost] = []
    began_s = time.perf_counter()
    while not costs or (len(costs) < asked["passes"] and time.perf_counter() - began_s < asked["seconds"]):
        costs.append(cost(line, hops))
    hops_us = [one / 1000 for one in pass_ns(engine, features)]
    return {
        "start_ms": start_ms,
        "answers": answers,
        "exact": bool(engine.exact),
        "hops_us": hops_us,
        "cpu_s": [one.cpu_s for one in costs],
        "wall_s": [one.wall_s for one in costs],
        "minor_faults": [one.minor_faults for one in costs],
        "major_faults": [one.major_faults for one in costs],
        "rss_mb": memory_mb(HIGHEST),
    }


def _why(error: Exception) -> str:
    from mandible.errors import MandibleError

    kind = "" if isinstance(error, MandibleError) else f"{type(error).__name__}: "
    return f"{kind}{error}"[:_LONGEST_WHY]


if __name__ == "__main__":
    main()
