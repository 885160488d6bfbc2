"""Is the mouth in step with the voice again? One sound, and when the jaw was seen open."""

from __future__ import annotations

import time

from tests.cli.command import SAMPLE
from tests.faults.pulses import PulseWatch
from tests.virtual.live_run import wait_for
from tests.virtual.microphone.pulse import VirtualMicrophone
from tests.virtual.microphone.witness import Witness

# From a sound at the sound server to a jaw that is open, looking included; the pulse itself is due in 85 ms.
IN_STEP_S = 0.4
SETTLE_S = 20.0


def lateness_s(microphone: VirtualMicrophone, watch: PulseWatch) -> float:
    """Play speech; return how long after its first sound the jaw was seen open.

    Words that are older than this call, and come late, fail the test that asked.
    """
    wait_for(watch.rests, SETTLE_S, "the mouth rests")
    with Witness(microphone.environment) as witness:
        begin_ns = time.monotonic_ns()
        with microphone.playing(SAMPLE):
            wait_for(watch.opens, SETTLE_S, "the mouth opens again")
            opened_ns = time.monotonic_ns()
        loud_ns = witness.loud_ns(begin_ns)
    assert loud_ns is not None, "the mouth opened before there was anything to say"
    return (opened_ns - loud_ns) / 1e9
