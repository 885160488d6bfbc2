"""Hops keep their number and their time whatever the device does."""

from __future__ import annotations

import numpy as np
import pytest

from mandible.device.audio.capture_ring import Block
from mandible.device.audio.timeline import AHEAD_NS, AWAY_HOPS, PATIENCE_NS, Timeline
from mandible.device.frames import HOP_NS, Frame
from tests.audio.stand_in_sound import block

MS = 1_000_000


def heard(timeline: Timeline, sequence: int, captured_ns: int, samples: int = 160) -> list[Frame]:
    """The hops of one loud block."""
    return list(timeline.hear(Block(sequence, captured_ns, 0, block(5, samples)), captured_ns))


def test_a_block_is_a_hop_stamped_by_its_callback() -> None:
    timeline = Timeline(0)
    first, second = heard(timeline, 0, 1_000) + heard(timeline, 1, 2_000)
    assert (first.index, first.captured_ns, set(first.pcm)) == (0, 1_000, {5})
    assert (second.index, second.captured_ns) == (1, 2_000)


def test_a_resampled_hop_is_stamped_with_its_own_time() -> None:
    timeline = Timeline(0)
    timeline.open(48_000, 1)
    hops = [hop for n in range(40) for hop in heard(timeline, n, (n + 1) * 10 * MS, 480)]
    assert [hop.captured_ns for hop in hops[:20]] == [(n + 1) * 10 * MS for n in range(20)]


def test_lost_blocks_and_overflows_are_counted_and_only_the_former_move_the_number() -> None:
    timeline = Timeline(0)
    heard(timeline, 0, 0)
    (hop,) = heard(timeline, 4, 40 * MS)
    assert (hop.index, timeline.dropped_hops) == (4, 3)
    (hop,) = timeline.hear(Block(5, 50 * MS, 2, block(5)), 50 * MS)
    assert (hop.index, timeline.dropped_hops) == (5, 5)


def test_a_consumer_that_was_busy_does_not_take_its_own_delay_for_silence() -> None:
    timeline = Timeline(0)
    list(timeline.hear(Block(0, 10 * MS, 0, block(5)), 5_000 * MS))
    assert timeline.due_ns == 5_000 * MS + PATIENCE_NS


def test_silence_begins_after_a_quarter_second_where_the_sound_ended_and_goes_on_in_real_time() -> None:
    timeline = Timeline(0)
    heard(timeline, 0, 100 * MS)
    assert timeline.due_ns == 100 * MS + PATIENCE_NS
    hops = list(timeline.silence(timeline.due_ns))
    assert [hop.index for hop in hops] == list(range(1, 26))
    assert [hop.captured_ns for hop in hops] == [(100 + 10 * n) * MS for n in range(1, 26)]
    assert not any(hop.pcm.any() for hop in hops)
    assert timeline.due_ns == hops[-1].captured_ns + HOP_NS
    (hop,) = timeline.silence(timeline.due_ns)
    assert (hop.index, hop.captured_ns) == (26, 360 * MS)
    assert timeline.dropped_hops == 0


@pytest.mark.parametrize(("rate_hz", "samples"), [(16_000, 160), (48_000, 480)])
@pytest.mark.parametrize("away_ms", [80, 1_003, 600_000])
def test_a_device_that_comes_back_costs_no_time(rate_hz: int, samples: int, away_ms: int) -> None:
    timeline = Timeline(0)
    timeline.open(rate_hz, 1)
    hops = [hop for n in range(100) for hop in heard(timeline, n, (n + 1) * 10 * MS, samples)]
    back_ns = (1000 + away_ms) * MS
    while timeline.due_ns < back_ns:
        hops += timeline.silence(timeline.due_ns)
    timeline.open(rate_hz, 1)
    hops += [hop for n in range(100) for hop in heard(timeline, n, back_ns + n * 10 * MS, samples)]
    assert [hop.index for hop in hops] == list(range(len(hops)))
    stamps_ns = np.array([hop.captured_ns for hop in hops])
    assert (np.diff(stamps_ns) >= 0).all()
    ahead_ns = (np.arange(len(hops)) + 1) * HOP_NS - stamps_ns
    assert (np.abs(ahead_ns) <= AHEAD_NS).all()


def test_what_a_stuck_server_held_back_is_dropped_for_its_time_was_silence() -> None:
    timeline = Timeline(0)
    heard(timeline, 0, 10 * MS)
    before = list(timeline.silence(510 * MS))
    burst = [hop for n in range(50) for hop in heard(timeline, 1 + n, 510 * MS + n * 100_000)]
    after = [hop for n in range(10) for hop in heard(timeline, 51 + n, (530 + 10 * n) * MS)]
    assert len(burst) == 2
    assert timeline.dropped_hops == 48
    hops = before + burst + after
    assert [hop.index for hop in hops] == list(range(1, 1 + len(hops)))
    assert [hop.captured_ns for hop in after] == [(530 + 10 * n) * MS for n in range(10)]


def test_a_device_that_goes_and_comes_all_day_costs_no_time() -> None:
    # Two blocks at once every 20 ms, as sound servers deliver; a second of sound, then some away, 500 times.
    timeline, rng, now_ns, hops = Timeline(0), np.random.default_rng(4), 0, 0
    for _ in range(500):
        timeline.open(16_000, 1)
        for sequence in range(100 + int(rng.integers(2))):
            now_ns += 0 if sequence % 2 else 20 * MS
            hops += len(heard(timeline, sequence, now_ns))
        now_ns += int(rng.integers(50 * MS, 900 * MS))
        if now_ns >= timeline.due_ns:
            hops += len(list(timeline.silence(now_ns)))
    assert hops * HOP_NS == pytest.approx(now_ns, abs=50 * HOP_NS)


def test_a_server_that_delivers_in_large_pieces_is_heard_whole_again() -> None:
    timeline = Timeline(0)
    list(timeline.silence(1000 * MS))
    kept = [
        len(heard(timeline, 10 * piece + n, (1000 + 100 * piece) * MS))
        for piece in range(5)
        for n in range(10)
    ]
    assert sum(kept[10:]) == 40


AN_HOUR_MS = 3_600_000


def test_after_a_stop_of_an_hour_nobody_hears_an_hour_of_silence() -> None:
    timeline = Timeline(0)
    heard(timeline, 0, 10 * MS)
    hops = list(timeline.silence(AN_HOUR_MS * MS))
    hops += timeline.silence(timeline.due_ns)
    assert len(hops) <= AWAY_HOPS
    # The number and the stamp are those of the present, and what lies between is owned up to.
    assert (hops[-1].index + 1) * 10 == AN_HOUR_MS + 10
    assert hops[-1].captured_ns == (AN_HOUR_MS + 10) * MS
    assert timeline.dropped_hops + len(hops) == hops[-1].index


def test_a_device_opened_again_after_a_stop_of_an_hour_is_heard_at_once() -> None:
    timeline = Timeline(0)
    heard(timeline, 0, 10 * MS)
    timeline.open(16_000, 1)
    hops = heard(timeline, 0, AN_HOUR_MS * MS)
    assert len(hops) <= AWAY_HOPS
    assert (hops[-1].index, hops[-1].pcm[0]) == (AN_HOUR_MS // 10 - 1, 5)
    assert timeline.dropped_hops == hops[-1].index - len(hops)
