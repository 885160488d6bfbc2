"""Hops come out one every 10 ms of our clock, whatever comes in."""

from __future__ import annotations

import threading
import time
from itertools import islice

import numpy as np
import pytest

from mandible.device.audio.playout import PATIENCE_NS, Playout
from mandible.device.frames import HOP_NS, HOP_SAMPLES, Pcm


def hop(value: int) -> Pcm:
    return np.full(HOP_SAMPLES, value, np.int16)


def test_without_sound_silence_keeps_time() -> None:
    playout = Playout(100)
    began_ns = time.monotonic_ns()
    frames = list(islice(playout.frames(), 30))
    took_ms = (time.monotonic_ns() - began_ns) / 1e6
    assert took_ms == pytest.approx(300, abs=60)
    assert [frame.index for frame in frames] == list(range(30))
    assert not any(frame.pcm.any() for frame in frames)
    assert np.diff([frame.captured_ns for frame in frames]).tolist() == [HOP_NS] * 29


def test_speech_that_comes_at_once_is_handed_out_at_its_own_pace() -> None:
    playout = Playout(10, whole=True)
    sender = threading.Thread(target=lambda: [playout.put(hop(1 + i)) for i in range(40)])
    began_ns = time.monotonic_ns()
    sender.start()
    frames = list(islice(playout.frames(), 40))
    sender.join()
    assert (time.monotonic_ns() - began_ns) / 1e6 == pytest.approx(400, abs=80)
    said = [int(frame.pcm[0]) for frame in frames if frame.pcm.any()]
    assert said == list(range(1, 1 + len(said)))
    assert len(said) >= 38
    assert playout.dropped_hops == 0


def test_a_flood_drops_the_oldest_and_the_numbers_tell() -> None:
    playout = Playout(20)
    frames = playout.frames()
    for i in range(50):
        playout.put(hop(1 + i))
    first, second = next(frames), next(frames)
    assert (int(first.pcm[0]), first.index) == (31, 30)
    assert (int(second.pcm[0]), second.index) == (32, 31)
    assert playout.dropped_hops == 30


def test_a_hop_that_is_a_little_late_shifts_the_rest_instead_of_tearing_a_hole() -> None:
    playout = Playout(100)
    frames = playout.frames()
    playout.put(hop(1))
    heard = [next(frames)]
    late = threading.Timer(0.03, playout.put, (hop(2),))
    late.start()
    heard.append(next(frames))
    late.join()
    assert [int(frame.pcm[0]) for frame in heard] == [1, 2]
    assert [frame.index for frame in heard] == [0, 1]
    assert HOP_NS < heard[1].captured_ns - heard[0].captured_ns < PATIENCE_NS + 2 * HOP_NS


def test_after_patience_is_over_silence_catches_up_with_the_clock() -> None:
    playout = Playout(100)
    frames = playout.frames()
    playout.put(hop(1))
    first = next(frames)
    rest = list(islice(frames, 20))
    assert not any(frame.pcm.any() for frame in rest)
    assert rest[-1].captured_ns - first.captured_ns == 20 * HOP_NS
    assert time.monotonic_ns() - rest[-1].captured_ns < 50e6


def test_a_sender_whose_clock_is_fast_does_not_pile_up() -> None:
    playout = Playout(500)
    frames = playout.frames()
    for i in range(60):
        playout.put(hop(1 + i))
    # Sixty hops lie there, and one comes for each that goes: too many that are merely late.
    for _ in range(220):
        next(frames)
        playout.put(hop(1))
    assert playout.dropped_hops >= 50


def test_a_consumer_that_slept_goes_on_with_the_present() -> None:
    playout = Playout(100)
    frames = playout.frames()
    first = next(frames)
    time.sleep(0.6)  # The fault itself: the process was stopped.
    second = next(frames)
    assert second.index - first.index > 30
    assert playout.dropped_hops == second.index - first.index - 1
    assert time.monotonic_ns() - second.captured_ns < 300e6


def test_closing_wakes_everyone() -> None:
    playout = Playout(1, whole=True)
    playout.put(hop(1))
    full = threading.Thread(target=lambda: playout.put(hop(2)))
    empty = threading.Thread(target=playout.wait_empty)
    full.start()
    empty.start()
    playout.close()
    full.join(5)
    empty.join(5)
    assert not full.is_alive()
    assert not empty.is_alive()
    assert list(playout.frames()) == []
    assert playout.put(hop(3)) is False
