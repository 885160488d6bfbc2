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


def test_a_second_signal_does_not_tear_what_the_first_one_closes() -> None:
    closed = threading.Event()

    def silent() -> Iterator[Frame]:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            threading.Event().wait(LIMIT_S)
            yield from hops()
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            threading.Event().wait(0.01)
            closed.set()

    with Interruptible(silent()) as frames:
        assert list(frames) == []
    assert closed.is_set()


def test_a_stop_at_the_very_end_never_signals_a_process_that_would_die_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, left = threading.Event(), threading.Event()
    left_meanwhile: list[bool] = []

    def slow_kill(_thread: int, _number: int) -> None:
        asked.set()
        left_meanwhile.append(left.wait(0.2))  # passes in full unless the handlers go

    monkeypatch.setattr(signal, "pthread_kill", slow_kill)

    def ending() -> Iterator[Frame]:
        helper.start()
        assert asked.wait(LIMIT_S)
        yield from ()

    with Interruptible(ending()) as frames:
        helper = threading.Thread(target=frames.stop)
        assert list(frames) == []
    left.set()
    helper.join(LIMIT_S)
    assert left_meanwhile == [False]
