"""Conditioning of live sound: int16 in and out, said in the header, and the same visemes at any level."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mandible import api
from mandible.device.audio import Source, open_source
from mandible.device.audio.conditioner import Conditioner, Conditioning, conditioned
from mandible.device.frames import HOP_SAMPLES, Frame, Pcm
from tests.audio.speech_like import hops, speech_like

SAMPLE = Path(__file__).parents[2] / "samples" / "puppet.wav"
FIRST_SECONDS_HOPS = 600


def through(conditioning: Conditioning, sound: list[Pcm]) -> list[Pcm]:
    conditioner = Conditioner(conditioning)
    return [conditioner.step(pcm) for pcm in sound]


def sample_hops(level_db: float) -> list[Pcm]:
    """The sample, twice, at another level; what goes past full scale is cut off."""
    with open_source(str(SAMPLE)) as source:
        pcm = np.concatenate([frame.pcm for frame in source] * 2)
    return hops(pcm * 10 ** (level_db / 20))


def visemes(sound: list[Pcm]) -> list[int]:
    line = api.build_line()
    decoded = (line.step(Frame(index, 0, pcm)).viseme for index, pcm in enumerate(sound))
    return [int(viseme) for viseme in decoded if viseme is not None]


def test_switched_off_it_changes_no_bit() -> None:
    pcm = np.random.default_rng(0).integers(-32768, 32767, HOP_SAMPLES, np.int16)
    assert Conditioner(Conditioning.off()).step(pcm) is pcm
    assert Conditioning.off().steps == []


def test_a_fixed_gain_multiplies_rounds_and_saturates() -> None:
    pcm = np.resize(np.array([1, -3, 20_000, -20_000], np.int16), HOP_SAMPLES)
    (louder,) = through(Conditioning(0, False, 6), [pcm])
    assert louder.dtype == np.int16
    assert louder[:4].tolist() == [2, -6, 32_767, -32_768]


@pytest.mark.parametrize("period_samples", [2, 16, 160, 16_000])
def test_square_waves_at_full_scale_saturate_and_never_wrap(period_samples: int) -> None:
    phase = np.arange(5 * 16_000) // (period_samples // 2) % 2
    square = np.where(phase == 0, 32_767, -32_768).astype(np.int16)
    conditioned_hops = through(Conditioning(80, True, 30), list(square.reshape(-1, HOP_SAMPLES)))
    heard = np.concatenate(conditioned_hops).astype(np.int32)
    edges = np.flatnonzero(np.diff(phase)) + 1
    # Just after an edge the wave points where the edge went; a sum that wrapped would point the other way.
    assert (np.sign(heard[edges]) == np.where(phase[edges] == 0, 1, -1)).all()


def test_the_gain_glides_and_never_steps() -> None:
    tone = np.sin(2 * np.pi * 400 * np.arange(16_000 * 8) / 16_000)
    sound = hops(300 * tone * (np.arange(len(tone)) % 4000 < 3000))
    conditioner = Conditioner(Conditioning(0, True, 0))
    before = conditioner.gain_db
    for pcm in sound:
        heard = conditioner.step(pcm)
        lowest, highest = sorted((before, conditioner.gain_db))
        assert (np.abs(heard) <= np.abs(pcm.astype(float)) * 10 ** (highest / 20) + 0.51).all()
        assert (np.abs(heard) >= np.abs(pcm.astype(float)) * 10 ** (lowest / 20) - 0.51).all()
        before = conditioner.gain_db
    assert before > 5


def test_noise_between_sentences_swells_by_less_than_1_db() -> None:
    sound = speech_like(40, -38.0, noise_db=-65.0)
    heard = np.concatenate(through(Conditioning(), hops(sound))).astype(float)
    pauses = [heard[int(16_000 * (4 * n + 3.2)) : 16_000 * (4 * n + 4)] for n in range(4, 10)]
    levels_db = [10 * np.log10(np.mean(pause**2)) for pause in pauses]
    assert np.ptp(levels_db) < 1
    halves_db = [10 * np.log10(np.mean(pause[6400:] ** 2) / np.mean(pause[:6400] ** 2)) for pause in pauses]
    assert np.abs(halves_db).max() < 1


# Measured: 0.95 at -30 dB, 0.97 at -20 dB and 0.96 at +6 dB, which cuts off the sample's peaks. Without
# conditioning the sample at -30 dB has 0.85.
@pytest.mark.parametrize(("level_db", "least"), [(-30, 0.92), (-20, 0.94), (6, 0.93)])
def test_the_sample_is_understood_at_any_level(level_db: float, least: float) -> None:
    wanted = visemes(through(Conditioning(), sample_hops(0)))[FIRST_SECONDS_HOPS:]
    got = visemes(through(Conditioning(), sample_hops(level_db)))[FIRST_SECONDS_HOPS:]
    assert np.mean(np.array(got) == np.array(wanted)) >= least


def test_at_its_own_level_the_sample_keeps_its_visemes() -> None:
    plain = visemes(sample_hops(0))
    got = visemes(through(Conditioning(), sample_hops(0)))
    assert np.mean(np.array(got) == np.array(plain)) >= 0.96  # Measured: 0.98.


class Given(Source):
    """A live source that gives two hops."""

    def __init__(self) -> None:
        self.description = "two hops"
        self.header = {"source": "given", "conditioning": ["resampled"]}
        self.state = "silent: gone"
        self.reconnects = 3
        self.closed = False

    @property
    def dropped_hops(self) -> int:
        """Some."""
        return 7

    def __iter__(self) -> Iterator[Frame]:
        """Two loud hops."""
        yield Frame(4, 40, np.full(HOP_SAMPLES, 1000, np.int16))
        yield Frame(5, 50, np.full(HOP_SAMPLES, 1000, np.int16))

    def close(self) -> None:
        """Note it."""
        self.closed = True


def test_a_source_is_wrapped_with_all_it_says() -> None:
    given = Given()
    with conditioned(given, Conditioning(100, True, -3)) as source:
        assert source.header == {
            "source": "given",
            "conditioning": [
                "resampled",
                "high-pass 100 Hz (Butterworth, order 4)",
                "automatic gain from -3 dB (-12 to +30 dB)",
            ],
        }
        told = (source.description, source.state, source.reconnects, source.dropped_hops, source.duration_s)
        assert told == ("two hops", "silent: gone", 3, 7, None)
        first, second = source
        assert (first.index, first.captured_ns, second.index) == (4, 40, 5)
        assert 600 < first.pcm[0] < 720
        # Most of a constant is gone after 10 ms.
        assert abs(second.pcm[-1]) < 400
    assert given.closed


def test_nothing_to_do_wraps_nothing() -> None:
    given = Given()
    assert conditioned(given, Conditioning.off()) is given
    assert given.header["conditioning"] == ["resampled"]
