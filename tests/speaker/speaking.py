"""Plays a recording through a ``Speaker`` in real time, as a live line would. A test's other process.

Arguments: file, loudspeaker, delay in ms, seconds to go on in silence. Each line printed is a JSON object;
the first tells when the first sample counts as captured (monotonic ns), the others are the speaker's status,
and whether standard error still leads to where it led.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict

import numpy as np

from mandible.device.audio import open_source
from mandible.device.frames import HOP_NS, HOP_SAMPLES, Frame
from mandible.device.speaker import Speaker

# The loudspeaker's pace is learnt before there is anything to hear.
START_NS = 500_000_000
HOPS_PER_STATUS = 10


def main(path: str, name: str, delay_ms: float, longer_s: float) -> None:
    """Speak, then be silent for a while."""
    with open_source(path) as source:
        sound = [frame.pcm for frame in source]
    error = os.fstat(2)
    sound += [np.zeros(HOP_SAMPLES, np.int16)] * round(100 * longer_s)
    with Speaker(name, delay_ms) as speaker:
        start_ns = time.monotonic_ns() + START_NS
        print(json.dumps({"start_ns": start_ns}), flush=True)
        slowest_ns = 0
        for index, pcm in enumerate(sound):
            due_ns = start_ns + (index + 1) * HOP_NS
            time.sleep(max(0, due_ns - time.monotonic_ns()) / 1e9)
            began_ns = time.thread_time_ns()
            speaker.write(Frame(index, due_ns, pcm))
            slowest_ns = max(slowest_ns, time.thread_time_ns() - began_ns)
            if index % HOPS_PER_STATUS == 0 or index == len(sound) - 1:
                status = asdict(speaker.status()) | {"slowest_write_ms": slowest_ns / 1e6}
                status["error_kept"] = os.path.samestat(os.fstat(2), error)
                print(json.dumps(status), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4]))
