"""Waiting for a flag ends in time, or as soon as it is set."""

from __future__ import annotations

import threading
import time

from mandible.stop_flag import StopFlag, ended_within


def test_a_wait_lasts_as_long_as_asked() -> None:
    began_s = time.monotonic()
    assert not StopFlag().wait(0.12)
    assert 0.12 <= time.monotonic() - began_s < 5


def test_setting_it_ends_a_long_wait_at_once() -> None:
    flag = StopFlag()
    results: list[bool] = []
    waiting = threading.Thread(target=lambda: results.append(flag.wait(3600)))
    waiting.start()
    flag.set()
    waiting.join(5)
    assert results == [True]
    assert flag.is_set()
    assert flag.wait(3600)


def test_a_thread_that_has_not_ended_is_told_from_one_that_has() -> None:
    flag = StopFlag()
    thread = threading.Thread(target=flag.wait, args=(3600,))
    thread.start()
    assert not ended_within(thread, 0.05)
    flag.set()
    assert ended_within(thread, 5)
