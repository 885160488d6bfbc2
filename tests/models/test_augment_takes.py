"""Further takes of an utterance: labels stay on the sound whatever is done to it."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from mandible.device.frames import Pcm
from mandible.models.augment import codecs
from mandible.models.augment.codecs import CODECS, Codec, lag_samples
from mandible.models.augment.synthesis import coloured
from mandible.models.augment.takes import FASTEST, SLOWEST, Take, Takes
from mandible.models.corpus_directory import read_source
from mandible.models.utterance import Utterance
from tests.models.tiny_corpus import spoken, write_source

SPEECH = ["SIL", "M", "AA", "S", "IY", "SIL"]
ONE_MS = 16  # samples


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory: Path = tmp_path_factory.mktemp("corpus")
    write_source(directory, "en_kathleen", {"one": ("train", SPEECH)})
    return directory


@pytest.fixture(scope="module")
def takes(corpus: Path) -> Takes:
    return Takes(corpus)


@pytest.fixture(scope="module")
def utterance(corpus: Path) -> Utterance:
    (found,) = read_source(corpus, "en_kathleen")
    return found


def syllables(count: int) -> Pcm:
    """Return noise of the width of a voice that comes and goes."""
    rng = np.random.default_rng(7)
    sound = coloured(rng, count / 16000 + 1, 0.5, 250.0, 3200.0)[:count]
    knots = np.arange(0, count + 2000, 2000)
    swell = np.interp(np.arange(count), knots, rng.uniform(0, 1, len(knots)))
    return (2500 * sound * swell).astype(np.int16)


@pytest.mark.parametrize("rate", [SLOWEST, 1.0, FASTEST])
def test_speech_at_another_rate_keeps_its_labels_on_the_sound(
    takes: Takes, utterance: Utterance, rate: float
) -> None:
    moved, pcm = takes.performed(utterance, spoken(SPEECH), Take(rate, None, None, None))
    assert moved.seconds == pytest.approx(utterance.seconds / rate)
    assert len(pcm) / 16000 == pytest.approx(moved.seconds, abs=0.001)
    loud = np.flatnonzero(np.abs(pcm.astype(int)) > 1000)
    assert loud[0] / 16000 == pytest.approx(moved.starts_s[1], abs=0.005)
    assert loud[-1] / 16000 == pytest.approx(moved.ends_s[-2], abs=0.005)
    assert (moved.phones, moved.speaker) == (utterance.phones, utterance.speaker)


def test_enough_codecs_work_here() -> None:
    named = {codec.name for codec in codecs.available()}
    assert {"mu-law 8 kHz", "GSM 6.10", "IMA ADPCM"} <= named


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
@pytest.mark.parametrize("count", [16000, 23457])
def test_a_codec_neither_shifts_nor_cuts_the_sound(codec: Codec, count: int) -> None:
    pcm = syllables(count)
    if codec in codecs.available():
        coded = codecs.through(codec, pcm)
        assert (coded.shape, coded.dtype) == (pcm.shape, np.int16)
        assert not np.array_equal(coded, pcm)
        assert abs(lag_samples(coded.astype(float), pcm.astype(float))) <= ONE_MS
        half = count // 2
        assert abs(lag_samples(coded[half:].astype(float), pcm[half:].astype(float))) <= ONE_MS
    else:
        assert codecs.delay_samples(codec) is None


def test_the_delay_of_a_late_codec_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    late = Codec("late", 16000, "WAV", "PCM_16")
    in_step = codecs._coded
    monkeypatch.setattr(
        codecs, "_coded", lambda codec, sound: np.concatenate([np.zeros(1105), in_step(codec, sound)])
    )
    codecs.delay_samples.cache_clear()
    try:
        assert codecs.delay_samples(late) == 1105
        pcm = syllables(16000)
        assert np.array_equal(codecs.through(late, pcm), pcm)
    finally:
        codecs.delay_samples.cache_clear()


def test_no_room_moves_the_sound(takes: Takes, utterance: Utterance) -> None:
    click = np.zeros(16000, np.int16)
    click[8000] = 20000
    for room in range(12):
        _, wet = takes.performed(utterance, click, Take(1.0, room, None, None))
        assert len(wet) == len(click)
        assert not wet[: 8000 - ONE_MS].any()
        assert abs(wet[8000 : 8000 + ONE_MS].astype(int)).max() > 2000


def test_hiss_has_its_level(takes: Takes, utterance: Utterance) -> None:
    _, hiss = takes.performed(utterance, np.zeros(16000, np.int16), Take(1.0, None, (1, 100, -60.0), None))
    rms = np.sqrt(np.mean(hiss.astype(float) ** 2))
    assert 20 * np.log10(rms / 32768) == pytest.approx(-60.0, abs=0.5)


def test_the_same_seed_makes_the_same_take(takes: Takes, utterance: Utterance) -> None:
    pcm = spoken(SPEECH)
    first, again, other = (takes.spoken_again(utterance, pcm, np.random.default_rng(s)) for s in (1, 1, 2))
    assert np.array_equal(first[1], again[1])
    assert np.array_equal(first[0].starts_s, again[0].starts_s)
    assert not np.array_equal(first[1][:1000], other[1][:1000])


def test_takes_come_as_often_as_they_should(takes: Takes) -> None:
    rng = np.random.default_rng(0)
    drawn = [takes.draw(rng) for _ in range(2000)]
    assert all(SLOWEST <= take.rate <= FASTEST for take in drawn)
    assert np.mean([take.room is not None for take in drawn]) == pytest.approx(0.75, abs=0.04)
    assert np.mean([take.codec is not None for take in drawn]) == pytest.approx(0.15, abs=0.03)
    assert {take.codec for take in drawn} == {None, *codecs.available()}


def test_a_take_says_what_it_did() -> None:
    take = Take(0.9, 3, (0, 0, -70.0), CODECS[0])
    assert take.described() == ["speed 0.90", "room 3", "microphone hiss -70 dBFS", "mu-law 8 kHz"]


def test_takes_can_be_handed_to_another_process(takes: Takes, utterance: Utterance) -> None:
    handed = pickle.loads(pickle.dumps(takes))
    (_, here), (_, there) = (
        one.spoken_again(utterance, spoken(SPEECH), np.random.default_rng(3)) for one in (takes, handed)
    )
    assert np.array_equal(here, there)


@pytest.mark.parametrize("count", [0, 1, 100])
def test_a_recording_of_next_to_nothing_is_no_trouble(takes: Takes, utterance: Utterance, count: int) -> None:
    for codec in (None, *codecs.available()):
        _, pcm = takes.performed(utterance, np.ones(count, np.int16), Take(1.1, 0, (0, 0, -60.0), codec))
        assert len(pcm) <= count + 1
