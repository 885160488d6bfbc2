"""The ring between the audio callback and its reader: nobody waits for the other, every loss is counted."""

from __future__ import annotations

import os
import threading

import pytest

from mandible.device.audio.capture_ring import CaptureRing


@pytest.fixture(params=["counter", "pipe"])
def wake(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of waking the reader."""
    if request.param == "pipe":
        monkeypatch.delattr(os, "eventfd")


@pytest.mark.usefixtures("wake")
def test_a_producer_never_waits_for_a_reader_that_never_reads() -> None:
    ring = CaptureRing(4)
    # More wakes than any pipe holds: a put that waited would end the test here for good.
    for number in range(300_000):
        ring.put(b"", number)
    assert ring.dropped_blocks == 300_000 - 4
    assert [block.sequence for _ in range(4) if (block := ring.take(0))] == [
        299_996,
        299_997,
        299_998,
        299_999,
    ]
    assert ring.take(0) is None
    assert ring.dropped_blocks == 300_000 - 4
    ring.close()


@pytest.mark.usefixtures("wake")
def test_blocks_come_out_whole_and_in_order() -> None:
    ring = CaptureRing(4)
    ring.put(b"one", 10, 0)
    ring.put(b"two", 20, 3)
    one, two = ring.take(0), ring.take(0)
    assert one is not None
    assert two is not None
    assert (one.sequence, one.captured_ns, one.overflows, one.raw) == (0, 10, 0, b"one")
    assert (two.sequence, two.captured_ns, two.overflows, two.raw) == (1, 20, 3, b"two")
    assert ring.take(0.001) is None
    ring.close()


@pytest.mark.usefixtures("wake")
def test_a_waiting_reader_is_woken() -> None:
    ring = CaptureRing(4)
    later = threading.Timer(0.01, ring.put, (b"late", 1))
    later.start()
    block = ring.take(30)
    assert block is not None
    assert block.raw == b"late"
    later.join()
    ring.close()


def test_two_threads_lose_nothing_but_what_is_counted() -> None:
    ring, puts = CaptureRing(8), 60_000

    def produce() -> None:
        for number in range(puts):
            ring.put(number.to_bytes(4, "little"), number)

    producer = threading.Thread(target=produce)
    producer.start()
    taken = []
    while producer.is_alive() or ring.dropped_blocks + len(taken) < puts:
        if (block := ring.take(0.01)) is not None:
            assert int.from_bytes(block.raw, "little") == block.sequence == block.captured_ns
            taken.append(block.sequence)
    producer.join()
    assert taken == sorted(set(taken))
    assert len(taken) + ring.dropped_blocks == puts
    assert taken[-1] == puts - 1
    ring.close()
