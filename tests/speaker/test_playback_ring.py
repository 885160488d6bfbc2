"""The ring keeps order and amount, whatever is put in and taken out."""

from __future__ import annotations

from collections import deque

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mandible.device.speaker.playback_ring import PlaybackRing


@given(
    st.integers(1, 40),
    st.lists(st.tuples(st.sampled_from(("put", "take", "skip")), st.integers(0, 60)), max_size=60),
)
def test_it_behaves_like_a_queue_of_that_size(capacity: int, deeds: list[tuple[str, int]]) -> None:
    ring, queue, counter = PlaybackRing(capacity, 2), deque[int](), 0
    for deed, count in deeds:
        if deed == "put":
            block = np.repeat(np.arange(counter, counter + count, dtype=np.int16)[:, None], 2, axis=1)
            fits = min(count, capacity - len(queue))
            assert ring.put(block) == fits
            queue.extend(range(counter, counter + fits))
            counter += fits
        elif deed == "take":
            into = np.full((count, 2), -1, np.int16)
            got = ring.take(into)
            wanted = [queue.popleft() for _ in range(min(count, len(queue)))]
            assert got == len(wanted)
            np.testing.assert_array_equal(
                into[:got], np.repeat(np.array(wanted, np.int16)[:, None], 2, axis=1)
            )
            assert (into[got:] == -1).all()
        else:
            ring.skip(count)
            for _ in range(min(count, len(queue))):
                queue.popleft()
        assert (ring.waiting, ring.free) == (len(queue), capacity - len(queue))


def test_peeking_takes_nothing() -> None:
    ring = PlaybackRing(10, 1)
    ring.put(np.arange(8, dtype=np.int16)[:, None])
    seen = np.zeros((5, 1), np.int16)
    assert ring.peek(seen, 5) == 3
    assert seen[:, 0].tolist() == [5, 6, 7, 0, 0]
    assert ring.waiting == 8
