"""A host that opens a jaw on a board and keeps it open until it is killed; says ``open`` once it is.

Run by the tests as ``python -m tests.bridge.talking_host URL``.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from mandible.device.frames import Frame
from mandible.firmware_bridge.link import Link
from mandible.firmware_bridge.rig import Rig

_OPEN_US = 1700


def main(url: str) -> None:
    """Talk for ever."""
    pcm = np.zeros(160, np.int16)
    told = False
    with Link(url, Rig.load("skull")) as link:
        link.wait_ready()
        while True:
            link.send(Frame(0, 0, pcm, pulses_us=(_OPEN_US,), emitted_ns=time.monotonic_ns()))
            state = link.status().state
            if not told and state is not None and state.pulse_us[0] == _OPEN_US:
                print("open", flush=True)
                told = True
            time.sleep(0.01)


if __name__ == "__main__":
    main(sys.argv[1])
