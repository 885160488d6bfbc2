"""The sample through the line, a calibrated rig, the real firmware and its mouths, in virtual time."""

from __future__ import annotations

import csv
import itertools
from functools import cache
from pathlib import Path

from mandible.api import build_line, motion_of
from mandible.device.audio.wav_file import WavFile
from mandible.device.frames import HOP_MS, Frame
from mandible.device.pipeline import flushed
from mandible.firmware_bridge import _board
from mandible.firmware_bridge.phase import Phase
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.session import Session
from tests.bridge.bench import PERIOD_US, Bench
from tests.calibration.draws import Calibrated
from tests.calibration.virtual_mouth import Mouth

# A servo sees the next pulse up to 20 ms later, and follows at its own speed.
_SERVO_MS = 60
_SAMPLES = Path(__file__).resolve().parents[2] / "samples"


@cache
def heard(rig_name: str) -> tuple[tuple[Frame, ...], float]:
    """Return the sample as a shipped rig's smoothing hears it, and how late (ms) a frame is."""
    line = build_line(rig=Rig.load(rig_name))
    with WavFile(_SAMPLES / "puppet.wav") as source:
        return tuple(line.step(frame) for frame in flushed(source, line.delay_ms)), line.delay_ms


def every_m() -> list[tuple[float, float]]:
    """Return begin and end (ms) of every /m/ of the sample; with a /p/ after it, it is one closure."""
    with (_SAMPLES / "puppet.phones.csv").open(encoding="utf-8") as file:
        rows = [
            (row["phone"], 1000 * float(row["start_s"]), 1000 * float(row["end_s"]))
            for row in csv.DictReader(file)
        ]
    spans = []
    for (phone, begin_ms, end_ms), (later, _, later_end_ms) in itertools.pairwise(rows):
        if phone == "M":
            spans.append((begin_ms, later_end_ms if later in ("P", "B") else end_ms))
    return spans


class Spoken:
    """One sentence, spoken by one calibrated puppet.

    Attributes:
        openness_us: by channel name, (ms since the sound began, µs from the closed stop) each period.
        delay_ms: how much later than its sound a pose is due.
    """

    def __init__(self, drawn: Calibrated, rig_name: str) -> None:
        rig = drawn.rig
        frames, line_ms = heard(rig_name)
        stages = motion_of(rig)
        pulses_us = []
        for frame in frames:
            for stage in stages:
                frame = stage.step(frame)
            assert frame.pulses_us is not None
            pulses_us.append(frame.pulses_us)
        session = Session(rig, 0)
        bench = Bench(session, _board.Board())
        bench.run_until(Phase.UNCALIBRATED)
        session.store(bench.now_us)
        bench.run_until(Phase.READY)
        begin_us, begin_periods = bench.now_us, len(bench.pulses)
        bench.run(
            1000 * HOP_MS * (len(frames) - 1),
            lambda now_us: pulses_us[(now_us - begin_us) // (1000 * HOP_MS)],
        )
        # The first frame is there when its hop is complete.
        self.delay_ms = line_ms - HOP_MS + rig.link.lead_ms
        self.openness_us = {
            channel.name: [
                ((host_us - begin_us) / 1000, _moved(drawn.mouths[channel.name], row[channel.output]))
                for host_us, row in bench.pulses[begin_periods:]
            ]
            for channel in rig.channels
        }

    def nearest_us(self, channel: str, begin_ms: float, end_ms: float) -> float:
        """Return how near (µs) to its closed stop a part came while a stretch of sound was shown."""
        begin_ms, end_ms = begin_ms + self.delay_ms, end_ms + self.delay_ms + _SERVO_MS
        return min(us for at_ms, us in self.openness_us[channel] if begin_ms <= at_ms <= end_ms)

    def widest_us(self, channel: str) -> float:
        """Return how far it ever was from its closed stop."""
        return max(us for _, us in self.openness_us[channel])


def _moved(mouth: Mouth, pulse_us: int) -> float:
    mouth.pulse(pulse_us, PERIOD_US)
    return mouth.openness * (mouth.build.high_us - mouth.build.low_us)
