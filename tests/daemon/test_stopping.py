"""A line stops between two hops, from a signal or another thread; a service's hang-up only reloads."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from mandible.device.frames import Frame
from mandible.device.stopping import Interruptible

LIMIT_S = 10


def hops() -> Iterator[Frame]:
    index = 0
    while True:
        yield Frame(index, 0, np.zeros(160, np.int16))
        index += 1


def test_a_services_hangup_is_heard_and_the_line_goes_on() -> None:
    heard: list[int] = []
    seen = []
    with Interruptible(hops(), on_hangup=lambda: heard.append(1)) as frames:
        for frame in frames:
            seen.append(frame.index)
            if frame.index == 2:
                os.kill(os.getpid(), signal.SIGHUP)
            if frame.index == 5:
                os.kill(os.getpid(), signal.SIGTERM)
    assert seen == [0, 1, 2, 3, 4, 5]
    assert heard == [1]


def test_a_services_hangup_is_heard_even_under_nohup() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    heard: list[int] = []
    try:
        with Interruptible(hops(), on_hangup=lambda: heard.append(1)) as frames:
            os.kill(os.getpid(), signal.SIGHUP)
            next(iter(frames))
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
    assert heard == [1]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_otherwise_every_signal_stops(number: signal.Signals) -> None:
    with Interruptible(hops()) as frames:
        for frame in frames:
            if frame.index == 3:
                os.kill(os.getpid(), number)
            assert frame.index <= 3


def test_another_thread_ends_a_wait_for_sound() -> None:
    never = threading.Event()
    waiting = threading.Event()

    def silent() -> Iterator[Frame]:
        waiting.set()
        never.wait(LIMIT_S)
        raise AssertionError("nobody ended the wait")
        yield

    with Interruptible(silent()) as frames:

        def stop() -> None:
            waiting.wait(LIMIT_S)
            frames.stop()

        helper = threading.Thread(target=stop)
        helper.start()
        assert list(frames) == []
        helper.join(LIMIT_S)


def test_a_stop_before_or_after_it_runs_hurts_nobody() -> None:
    line = Interruptible(hops())
    line.stop()
    with line as frames:
        assert list(frames) == []
    line.stop()
