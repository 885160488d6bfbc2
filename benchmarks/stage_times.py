"""Times the stages of a line hop by hop, in a process of its own: a probe's other process.

``python -m mandible.benchmarks.stage_times MODEL ENGINE RIG HOPS.npy PASSES OUT.npy``
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mandible.api import assemble, motion_of
from mandible.device.frames import Frame, Stage
from mandible.device.pipeline import Line
from mandible.errors import MandibleError
from mandible.firmware_bridge.rig import Rig
from mandible.models import released

Times = NDArray[np.int64]
WHOLE = "line"
HEARD = ("front end", "network", "decoder")


def stages(motion: Sequence[Stage]) -> tuple[str, ...]:
    """Return the names of the columns: the whole line, then its stages in the order they run."""
    return (WHOLE, *HEARD, *(type(stage).__name__.lower() for stage in motion))


def timed(model: str, engine: str, rig: Rig, hops: NDArray[np.int16], passes: int) -> Times:
    """Return (passes, n, stages) durations in ns; a pass before them warms up and is not in it.

    The whole line and the line that is taken apart hear each hop in turn. The first three stages are one call
    of C where ``run`` and ``bake`` have it so, and time themselves in there.

    Args:
        model: name or path.
        engine: name.
        rig: whose motion it is.
        hops: (n, 160) int16.
        passes: how many times they hear it.
    """
    file = released.resolve(model)
    whole, apart, motion = assemble(file, engine, rig), _hearing(file, engine, rig), motion_of(rig)
    kept = []
    for _ in range(passes + 1):
        for one in (whole, apart, *motion):
            one.reset()
        kept.append([_hop(whole, apart, motion, frame) for frame in _frames(hops)])
    return np.array(kept[1:], np.int64)


def _hearing(file: released.ModelFile, engine: str, rig: Rig) -> Line:
    heard = assemble(file, engine, rig)
    heard.adopt(rig.smoothing, (), None)
    return heard


def _hop(whole: Line, apart: Line, motion: Sequence[Stage], frame: Frame) -> list[int]:
    clock_ns = time.perf_counter_ns
    began_ns = clock_ns()
    whole.step(frame)
    durations_ns = [clock_ns() - began_ns]
    heard = apart.step(frame)
    durations_ns += apart.heard_ns
    for stage in motion:
        began_ns = clock_ns()
        heard = stage.step(heard)
        durations_ns.append(clock_ns() - began_ns)
    return durations_ns


def _frames(hops: NDArray[np.int16]) -> Iterator[Frame]:
    for index, hop in enumerate(hops):
        yield Frame(index, 0, hop)


def main() -> None:
    """Time one round and write it."""
    model, engine, rig, heard, passes, out = sys.argv[1:]
    try:
        times = timed(model, engine, Rig.load(rig), np.load(heard), int(passes))
    except MandibleError as error:
        sys.exit(str(error))
    np.save(Path(out), times)


if __name__ == "__main__":
    main()
