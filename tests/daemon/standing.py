"""A snapshot as a running line would make it, for tests of those who read one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from mandible.device.daemon.snapshot import ChannelRange, Hop, Snapshot, SourceState, StageTimes
from mandible.device.frames import Frame
from mandible.device.histogram import Histogram
from mandible.firmware_bridge.link_status import LinkStatus
from mandible.firmware_bridge.rig import Rig
from mandible.models.visemes import VISEME_COUNT, Viseme

RIG = Rig.load("parrot")


def times(*durations_us: int) -> StageTimes:
    histogram = Histogram()
    for duration_us in durations_us:
        histogram.add(duration_us * 1000)
    return StageTimes.of(histogram)


def spoken_frame(index: int = 41) -> Frame:
    weights = np.zeros(VISEME_COUNT, np.uint8)
    weights[Viseme.aa] = 255
    return Frame(
        index,
        captured_ns=1_000_000,
        pcm=np.full(160, 8192, np.int16),
        mel=np.arange(40, dtype=np.int8),
        weights=weights,
        viseme=Viseme.aa,
        openness=204,
        quiet_hops=0,
        arousal=51,
        emphasis=0,
        pulses_us=RIG.neutral_us,
        emitted_ns=2_500_000,
    )


def snapshot(**changes: Any) -> Snapshot:
    made = Snapshot(
        version="0.1.0",
        pid=4711,
        uptime_s=12.5,
        mode="live",
        hops=42,
        model="small",
        engine="c",
        rig=RIG.file,
        delay_ms=47.5,
        source=SourceState("the microphone", "listening", 1, 3),
        stages={"front_end": times(15, 25, 3000), "engine": times(400)},
        total=times(800, 900),
        hop=Hop.of(spoken_frame()),
        channels=ChannelRange.of(RIG),
        link=LinkStatus(
            url="virtual:",
            connected=True,
            ready=True,
            phase="moving",
            problem=None,
            sent=40,
            acked=39,
            lost=1,
            dropped=2,
            skipped=0,
            refusals={"late": 4},
            reconnects=5,
            bad_frames=6,
            clock_drift_ppm=12.5,
            round_trip_p50_ms=1.5,
            round_trip_p99_ms=3.0,
            board=None,
            state=None,
        ),
        speaker={"running": True, "delay_ms": 50.0, "underruns": 3, "name": "desk"},
        telemetry={"temperature_c": 51.5, "power_mw": 4200, "throttled": ["undervoltage"], "governor": None},
        reloads=2,
        refused_reloads=1,
    )
    return replace(made, **changes)
