"""The delay between two clocks, in virtual time: hours pass in seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from mandible.device.frames import HOP_NS, HOP_SAMPLES, SAMPLE_RATE_HZ, Frame, Pcm
from mandible.device.speaker.delayed_voice import LEAST_MS, DelayedVoice

DELAY_MS = 120.0
LATENCY_NS = 20_000_000
BLOCK = 160


@dataclass
class Room:
    """A microphone and a loudspeaker with clocks of their own, and stamps that jitter.

    Attributes:
        ppm: how much faster the loudspeaker takes samples than the microphone gives them.
        jitter_ms: up to this much late are the callback and the line, each by itself.
        lump: the loudspeaker asks for so many blocks in a row.
        latency_ns: what the loudspeaker says it holds, by the number of the block.
    """

    voice: DelayedVoice
    sound: Callable[[int], Pcm]
    ppm: float = 0.0
    jitter_ms: float = 0.0
    lump: int = 1
    rate_hz: int = SAMPLE_RATE_HZ
    latency_ns: Callable[[int], int] = lambda _: LATENCY_NS
    heard: list[Pcm] = field(default_factory=list)
    held_ms: list[float] = field(default_factory=list)

    def run(self, hops: int, lost: range = range(0), deaf: range = range(0)) -> None:
        """Let ``hops`` hops pass; ``lost`` ones never come, in ``deaf`` ones the device asks for nothing."""
        random = np.random.default_rng(5)
        late_ns = (random.random((2, hops)) * self.jitter_ms * 1e6).astype(np.int64)
        block_ns = HOP_NS / (1 + self.ppm / 1e6)
        asked = 0
        for hop in range(hops):
            hop_ns = (hop + 1) * HOP_NS
            if hop not in lost:
                self.voice.write(Frame(hop, hop_ns + int(late_ns[0, hop]), self.sound(hop)))
            while (asked // self.lump * self.lump + self.lump) * block_ns <= hop_ns:
                if hop not in deaf:
                    due_ns = int((asked // self.lump * self.lump + self.lump) * block_ns)
                    now_ns = due_ns + int(late_ns[1, hop])
                    block = self.voice.give(self.rate_hz // 100, now_ns, now_ns + self.latency_ns(asked))
                    self.heard.append(block)
                asked += 1
            if self.voice.held_ms is not None:
                self.held_ms.append(self.voice.held_ms)


def noise(hop: int) -> Pcm:
    return np.random.default_rng(hop).integers(-9000, 9000, HOP_SAMPLES).astype(np.int16)


def tone(hop: int) -> Pcm:
    n = np.arange(hop * HOP_SAMPLES, (hop + 1) * HOP_SAMPLES)
    return np.rint(8000 * np.sin(2 * np.pi * 200 * n / SAMPLE_RATE_HZ)).astype(np.int16)


def test_with_one_clock_the_voice_comes_bit_for_bit_at_its_time() -> None:
    room = Room(DelayedVoice(DELAY_MS), noise)
    room.run(200)
    heard = np.concatenate(room.heard)[:, 0]
    said = np.concatenate([noise(hop) for hop in range(200)])
    late = round(DELAY_MS * 16)
    first = int(np.flatnonzero(heard)[0])
    # A block is heard so long after it was asked for, and that is when the block before it had been captured.
    start = first + BLOCK + LATENCY_NS // 62_500 - late
    np.testing.assert_array_equal(heard[first:], said[start : start + len(heard) - first])
    assert len(heard) - first > 100 * BLOCK
    assert (room.voice.underruns, room.voice.corrections, room.voice.leaps) == (0, 0, 0)


@pytest.mark.parametrize("ppm", [-300.0, 120.0, 1000.0])
def test_two_clocks_are_held_together_for_good(ppm: float) -> None:
    hops = 15_000
    room = Room(DelayedVoice(DELAY_MS), tone, ppm=ppm, jitter_ms=6.0, lump=2)
    room.run(hops)
    voice = room.voice
    later = np.array(room.held_ms[500:])
    assert np.abs(later - DELAY_MS).max() < 5
    assert (voice.underruns, voice.leaps, voice.overruns) == (0, 0, 0)
    # As many samples as the clocks differ by, and not many more.
    needed = abs(ppm) * 1e-6 * hops * HOP_SAMPLES
    assert 0.8 * needed - 100 < voice.corrections < 1.2 * needed + 200
    heard = np.concatenate(room.heard)[16_000:, 0].astype(int)
    steepest = 8000 * 2 * np.pi * 200 / SAMPLE_RATE_HZ
    assert np.abs(np.diff(heard)).max() < 1.15 * steepest


def test_a_device_at_its_own_rate_is_held_as_well() -> None:
    room = Room(DelayedVoice(DELAY_MS, 48_000, 2), tone, ppm=-200, jitter_ms=4.0, rate_hz=48_000)
    room.run(4000)
    assert room.heard[0].shape == (480, 2)
    assert np.abs(np.array(room.held_ms[500:]) - DELAY_MS).max() < 5
    assert (room.voice.underruns, room.voice.leaps) == (0, 0)
    heard = np.concatenate(room.heard)[48_000:]
    np.testing.assert_array_equal(heard[:, 0], heard[:, 1])
    crossings = np.count_nonzero(np.diff(np.signbit(heard[:, 0])))
    assert crossings == pytest.approx(400 * len(heard) / 48_000, rel=0.01)


def test_lost_hops_are_silence_in_their_place() -> None:
    room = Room(DelayedVoice(DELAY_MS), noise)
    room.run(300, lost=range(200, 205))
    heard = np.concatenate(room.heard)[:, 0]
    last = int(np.flatnonzero(heard)[-1])
    assert np.array_equal(
        heard[last - 159 : last + 1], noise((last + 1 + BLOCK + LATENCY_NS // 62_500 - 1920) // 160 - 1)
    )
    assert np.count_nonzero(heard[5000:last] == 0) >= 800
    assert room.voice.held_ms == pytest.approx(DELAY_MS, abs=1)


def test_a_line_that_was_away_leaves_silence_and_no_lasting_shift() -> None:
    room = Room(DelayedVoice(DELAY_MS), noise)
    room.run(600, lost=range(300, 360))
    assert room.voice.underruns == 1
    assert room.voice.held_ms == pytest.approx(DELAY_MS, abs=2)


def test_a_loudspeaker_that_stood_still_is_brought_back_in_time() -> None:
    room = Room(DelayedVoice(DELAY_MS), tone)
    room.run(800, deaf=range(300, 340))
    assert room.voice.leaps >= 1
    assert room.voice.held_ms == pytest.approx(DELAY_MS, abs=2)
    assert room.voice.overruns == 0


def test_a_loudspeaker_that_is_gone_fills_nothing_without_bound() -> None:
    voice = DelayedVoice(DELAY_MS)
    for hop in range(1000):
        voice.write(Frame(hop, (hop + 1) * HOP_NS, noise(hop)))
    assert voice.overruns > 800
    assert voice.held_ms is None


def test_a_device_that_holds_more_than_was_asked_for_gets_the_voice_as_soon_as_can_be() -> None:
    room = Room(DelayedVoice(0.0), noise)
    room.run(300)
    voice = room.voice
    assert voice.held_ms == pytest.approx(LATENCY_NS / 1e6 + LEAST_MS, abs=1)
    assert (voice.underruns, voice.leaps) == (0, 0)


def test_one_odd_word_about_the_latency_moves_nothing() -> None:
    room = Room(
        DelayedVoice(65.0), noise, latency_ns=lambda block: 100_000_000 if block == 300 else LATENCY_NS
    )
    room.run(600)
    assert np.abs(np.array(room.held_ms[100:]) - 65.0).max() < 2
    assert (room.voice.underruns, room.voice.leaps) == (0, 0)


def test_a_device_that_holds_too_much_for_a_while_gets_the_voice_in_time_again_afterwards() -> None:
    room = Room(
        DelayedVoice(65.0), noise, latency_ns=lambda block: 80_000_000 if 300 <= block < 1000 else LATENCY_NS
    )
    room.run(1800)
    assert room.held_ms[950] == pytest.approx(80 + LEAST_MS, abs=2)
    assert room.voice.held_ms == pytest.approx(65.0, abs=2)
    # Sixty milliseconds there and back, and hardly a hole.
    assert room.voice.leaps <= 6
