"""A core kept busy with the line, as fast as it goes, until whoever started it closes its input or is gone.

``python -m mandible.benchmarks.power.burner MODEL ENGINE SECONDS``
"""

from __future__ import annotations

import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np

from mandible.api import assemble
from mandible.benchmarks.power.pace import flat_out
from mandible.device.frames import HOP_SAMPLES
from mandible.models import released
from mandible.own_python import own_environment, own_python

_LOOK_S = 0.2
_ENDING_S = 2.0


@contextmanager
def burning(count: int, model: str, engine: str, seconds: float) -> Iterator[None]:
    """Keep ``count`` cores busy, for no longer than ``seconds``."""
    words = own_python(__name__, model, engine, str(seconds))
    running: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(count):
            running.append(
                subprocess.Popen(
                    words,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=own_environment(),
                )
            )
        yield
    finally:
        for one in running:
            assert one.stdin is not None
            one.stdin.close()
        for one in running:
            with suppress(subprocess.TimeoutExpired):
                one.wait(_ENDING_S)
            one.kill()
            one.wait()


def main() -> None:
    """Burn."""
    model, engine, seconds = sys.argv[1:]
    line = assemble(released.resolve(model), engine, None)
    hops = np.random.default_rng(1).integers(-3000, 3000, (100, HOP_SAMPLES)).astype(np.int16)
    until_s = time.monotonic() + float(seconds)
    while time.monotonic() < until_s and not select.select([sys.stdin], [], [], 0)[0]:
        flat_out(line, hops, _LOOK_S)


if __name__ == "__main__":
    main()
