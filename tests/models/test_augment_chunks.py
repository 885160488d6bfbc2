"""What is drawn anew for every chunk: noise, level, tone, dropouts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mandible.device.frontend import log_mel
from mandible.models.augment import recipe
from mandible.models.augment.chunks import LOWEST, STEPS_PER_DB, ChunkAugmenter, power_of, speech_level
from mandible.models.augment.recipe import Recipe
from mandible.models.corpus_directory import read_source
from tests.models.tiny_corpus import spoken, write_source

HOPS = 200


@pytest.fixture(scope="module")
def augmenter(tmp_path_factory: pytest.TempPathFactory) -> ChunkAugmenter:
    """Return one for a corpus with two voices, without noise and rooms of its own."""
    directory: Path = tmp_path_factory.mktemp("corpus")
    write_source(directory, "en_kathleen", {"a": ("train", ["SIL", "AA", "S"]), "b": ("train", ["IY", "M"])})
    voices = list(read_source(directory, "en_kathleen"))
    return ChunkAugmenter(directory, voices, np.random.default_rng(0))


@pytest.fixture(scope="module")
def speech() -> NDArray[np.int8]:
    """Return a chunk of tones and pauses, (1, 200, 40)."""
    return log_mel(spoken(["SIL", "AA", "S", "IY", "SIL", "M", "UW", "AA"] * 3))[None, :HOPS]


def with_noise(augmenter: ChunkAugmenter, snr_db: float, sound: int = 0) -> Recipe:
    plain = recipe.unchanged(augmenter.pool, 1)
    return replace(plain, sound=np.array([sound]), snr_db=np.array([snr_db], np.float32))


def test_nothing_asked_for_changes_nothing(augmenter: ChunkAugmenter, speech: NDArray[np.int8]) -> None:
    assert np.array_equal(augmenter.apply(speech, recipe.unchanged(augmenter.pool, 1)), speech)


def test_the_same_seed_augments_alike_and_another_does_not(augmenter: ChunkAugmenter) -> None:
    mels = np.random.default_rng(0).integers(LOWEST, 100, (8, 150, 40)).astype(np.int8)
    first, again, other = (augmenter.batch(mels, np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])
    assert (first[0].shape, first[0].dtype) == (mels.shape, np.int8)
    assert (first[1].shape, first[1].dtype) == ((8,), np.bool_)
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize("snr_db", [0.0, 10.0, 20.0])
def test_noise_is_as_far_below_the_speech_as_asked(
    augmenter: ChunkAugmenter, speech: NDArray[np.int8], snr_db: float
) -> None:
    mixed = augmenter.apply(speech, with_noise(augmenter, snr_db))
    level = speech_level(power_of(speech).sum(axis=2))[0]
    pauses = (speech[0] == LOWEST).all(axis=1)
    assert pauses.sum() > 20
    noise = power_of(mixed)[0, pauses].sum(axis=1).mean()
    assert 10 * np.log10(level / noise) == pytest.approx(snr_db, abs=1.0)


def test_rumble_lies_in_the_lowest_bands(augmenter: ChunkAugmenter, speech: NDArray[np.int8]) -> None:
    plain = recipe.unchanged(augmenter.pool, 1)
    mixed = augmenter.apply(speech, replace(plain, rumble_snr_db=np.array([0.0], np.float32)))
    pauses = (speech[0] == LOWEST).all(axis=1)
    louder = mixed[0, pauses].astype(int).mean(axis=0) - LOWEST
    assert louder[0] > 100
    assert louder[0] - louder[10:].max() > 40


def test_levels_stay_within_twelve_decibels_and_move_every_band(
    augmenter: ChunkAugmenter, speech: NDArray[np.int8]
) -> None:
    drawn = augmenter.draw(np.random.default_rng(1), 1000, 50)
    assert -12.0 <= drawn.gain_db.min() < -11.0
    assert 11.0 < drawn.gain_db.max() <= 12.0
    louder = augmenter.apply(
        speech, replace(recipe.unchanged(augmenter.pool, 1), gain_db=np.array([6.0], np.float32))
    )
    assert np.array_equal(louder, np.minimum(speech + np.int8(round(6 * STEPS_PER_DB)), 127))


def test_every_change_comes_as_often_as_it_should(augmenter: ChunkAugmenter) -> None:
    drawn = augmenter.draw(np.random.default_rng(2), 4000, 100)
    assert np.isfinite(drawn.snr_db).mean() == pytest.approx(0.7, abs=0.03)
    assert drawn.snr_db[np.isfinite(drawn.snr_db)].min() >= 0.0
    assert drawn.snr_db[np.isfinite(drawn.snr_db)].max() <= 30.0
    assert drawn.alone.mean() == pytest.approx(0.03, abs=0.012)
    assert np.isfinite(drawn.rumble_snr_db).mean() == pytest.approx(0.15, abs=0.02)
    assert drawn.blurred.mean() == pytest.approx(0.1, abs=0.02)
    assert (drawn.gap[:, 1] > drawn.gap[:, 0]).mean() == pytest.approx(0.1, abs=0.02)
    assert np.mean([len(bands) for bands in drawn.bands]) == pytest.approx(0.2, abs=0.03)
    assert (drawn.tone_db != 0).any(axis=1).mean() == pytest.approx(0.6, abs=0.03)
    kinds = {augmenter.pool.names[sound].split()[0] for sound in drawn.sound}
    assert kinds == {"coloured", "babble", "servo"}  # this corpus has no recordings


def test_a_silenced_chunk_keeps_nothing_of_its_speech(
    augmenter: ChunkAugmenter, speech: NDArray[np.int8]
) -> None:
    both = np.concatenate([speech, np.full_like(speech, LOWEST)])
    plain = recipe.unchanged(augmenter.pool, 2)
    alone = replace(plain, alone=np.array([True, True]), start=np.array([7, 7]))
    first, second = augmenter.apply(both, alone)
    assert np.array_equal(first, second)
    assert first.mean() > LOWEST + 50


def test_the_batch_says_which_chunks_it_silenced(augmenter: ChunkAugmenter) -> None:
    mels = np.full((64, 20, 40), 20, np.int8)
    rng = np.random.default_rng(3)
    told = np.concatenate([augmenter.batch(mels, rng)[1] for _ in range(10)])
    rng = np.random.default_rng(3)
    assert np.array_equal(told, np.concatenate([augmenter.draw(rng, 64, 20).alone for _ in range(10)]))
    assert 0 < told.sum() < 64


def test_chunks_of_a_batch_do_not_touch_each_other(
    augmenter: ChunkAugmenter, speech: NDArray[np.int8]
) -> None:
    plain = recipe.unchanged(augmenter.pool, 2)
    snr_db = np.array([np.inf, 5.0], np.float32)
    mixed = augmenter.apply(np.concatenate([speech, speech]), replace(plain, snr_db=snr_db))
    assert np.array_equal(mixed[0], speech[0])
    assert not np.array_equal(mixed[1], speech[0])


def test_dropouts_take_out_whole_bands_and_hops(augmenter: ChunkAugmenter, speech: NDArray[np.int8]) -> None:
    plain = recipe.unchanged(augmenter.pool, 1)
    holed = augmenter.apply(speech, replace(plain, bands=(((3, 6),),), gap=np.array([[50, 55]])))[0]
    assert len(np.unique(np.delete(holed, slice(50, 55), axis=0)[:, 3:6])) == 1
    assert len(np.unique(holed[50:55])) == 1
    assert np.array_equal(holed[60:, 6:], speech[0, 60:, 6:])


def test_digital_silence_survives_every_change(augmenter: ChunkAugmenter) -> None:
    silence = np.full((64, 50, 40), LOWEST, np.int8)
    with np.errstate(divide="raise", invalid="raise", over="raise"):
        changed, _ = augmenter.batch(silence, np.random.default_rng(4))
    assert changed.min() >= LOWEST


def test_a_recipe_says_what_it_does(augmenter: ChunkAugmenter) -> None:
    assert recipe.unchanged(augmenter.pool, 1).described(0) == []
    noisy = replace(
        with_noise(augmenter, 5.0), gain_db=np.array([-3.0], np.float32), gap=np.array([[10, 12]]),
        bands=(((4, 5), (8, 11)),), blurred=np.array([True]), tone_words=(("telephone",),),
    )  # fmt: skip
    assert noisy.described(0) == [
        "coloured f^-0.0, 5 dB SNR", "blur", "gain -3 dB", "telephone", "band 4 out", "bands 8 to 10 out",
        "20 ms out",
    ]  # fmt: skip
