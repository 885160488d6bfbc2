"""The loop that drives the line: every hop once, then just enough silence to finish speaking."""

from __future__ import annotations

import os
import signal
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mandible.device.audio import WavWriter
from mandible.device.daemon.live import first, recorded
from mandible.device.frames import HOP_NS, Frame, Mel
from mandible.device.pipeline import Line, drive, flushed
from mandible.device.stopping import Interruptible
from mandible.device.timing import Timing
from mandible.models.visemes import Viseme


class LoudnessEngine:
    """A stand-in network: loud hops are ``aa``, the rest is silence. Fast, and obvious in a failure."""

    name, exact, heads = "loudness", True, ()

    def __init__(self) -> None:
        self.resets = 0

    def step(self, mel: Mel) -> np.ndarray:
        logits = np.full(15, -100, np.int8)
        logits[Viseme.aa if int(mel.max()) > 40 else Viseme.sil] = 100
        return logits

    def reset(self) -> None:
        self.resets += 1


def hops(count: int) -> list[Frame]:
    return [Frame(i, i * HOP_NS, np.zeros(160, np.int16)) for i in range(count)]


def a_line(lookahead_ms: float = 30) -> Line:
    return Line(LoudnessEngine(), output_scale=0.1, lookahead_ms=lookahead_ms)


def test_known_delay_is_stated_part_by_part() -> None:
    assert a_line(30).delay_ms == 5 + 12.5 + 30
    assert a_line(0).delay_ms == 17.5


@pytest.mark.parametrize(("lookahead_ms", "extra"), [(0, 1), (30, 4), (50, 6)])
def test_silence_follows_until_the_last_sample_was_spoken_for(lookahead_ms: float, extra: int) -> None:
    delay_ms = a_line(lookahead_ms).delay_ms
    frames = list(flushed(hops(7), delay_ms))
    assert [frame.index for frame in frames] == list(range(7 + extra))
    last_row_start_ms = (len(frames)) * 10 - delay_ms
    assert last_row_start_ms < 70 <= last_row_start_ms + 10
    assert frames[-1].captured_ns == frames[-1].index * HOP_NS


def test_nothing_heard_is_nothing_said() -> None:
    assert list(flushed([], 47.5)) == []


def test_every_sink_sees_every_frame_in_order() -> None:
    one: list[Frame] = []
    two: list[Frame] = []
    clock = iter(range(1000, 2000))
    heard = drive(hops(5), a_line(), [one.append, two.append], clock_ns=lambda: next(clock))
    assert heard == 5
    assert [frame.index for frame in one] == list(range(9))
    assert one == two
    assert [frame.emitted_ns for frame in one] == list(range(1000, 1009))


def test_loud_opens_and_the_line_can_be_reset() -> None:
    loud = (8000 * np.sin(np.arange(160) * 0.3)).astype(np.int16)
    line = a_line()
    first = [line.step(Frame(i, 0, loud)).openness for i in range(6)]
    assert first[-1] is not None
    assert first[-1] > 200
    line.reset()
    assert [line.step(Frame(i, 0, loud)).openness for i in range(6)] == first


def test_a_signal_while_the_source_waits_ends_the_line_at_once() -> None:
    def stuck() -> Iterator[Frame]:
        yield from hops(3)
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()  # a source that would wait for ever

    before = signal.getsignal(signal.SIGTERM)
    with Interruptible(stuck()) as frames:
        assert len(list(frames)) == 3
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_signal_during_a_hop_lets_the_hop_finish() -> None:
    finished = []
    with Interruptible(hops(100)) as frames:
        for frame in frames:
            if frame.index == 4:
                os.kill(os.getpid(), signal.SIGINT)
            finished.append(frame.index)
    assert finished == [0, 1, 2, 3, 4]


def test_timing_reports_percentiles_of_what_it_saw() -> None:
    timing = Timing()
    assert timing.compute_ms() is None
    for i in range(100):
        timing.write(Frame(i, 0, np.zeros(160, np.int16), emitted_ns=(i + 1) * 1_000_000))
    # Counted in classes that are 2.3 % wide; the longest is exact.
    assert timing.compute_ms() == pytest.approx({"p50": 50.5, "p99": 99.01, "max": 100.0}, rel=0.024)
    assert timing.total.max_ms == 100.0


def test_time_that_was_lost_counts_as_time() -> None:
    with_a_hole = [frame for frame in hops(100) if not 30 <= frame.index < 60]
    seen: list[Frame] = []
    assert drive(with_a_hole, a_line(), [seen.append]) == 100
    assert seen[-1].index == 103


def test_silence_that_ends_the_line_is_not_timed() -> None:
    timing = Timing()
    timing.write(Frame(0, 2_000_000, np.zeros(160, np.int16), emitted_ns=1_000_000))
    assert timing.compute_ms() is None


def test_a_recording_keeps_time_over_lost_hops(tmp_path: Path) -> None:
    with_a_hole = [frame for frame in hops(100) if not 30 <= frame.index < 60]
    with WavWriter(tmp_path / "x.wav") as writer:
        assert len(list(first(recorded(with_a_hole, writer.write), 80))) == 50
    with wave.open(str(tmp_path / "x.wav")) as recording:
        assert recording.getnframes() == 80 * 160
