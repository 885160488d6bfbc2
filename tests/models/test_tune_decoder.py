"""Tuning the decoder: a trial sees what a written track shows, and the search finds calmer settings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mandible.device.decoder_settings import DecoderSettings
from mandible.models import corpus, tune_decoder
from mandible.models.decoder_trials import (
    Material,
    decided,
    figures,
    fitted_openings,
    followed,
    hear,
    largest,
)
from mandible.models.evaluation import tracks
from mandible.models.evaluation.subjects import Subject
from mandible.models.scoring.timeline import joined_tracks
from mandible.models.tune_decoder import Goals, Search, cost
from mandible.models.visemes import Viseme
from tests.models.tiny_corpus import write_source

LOOKAHEAD_MS = 30
WORDS = {"SIL": "sil", "M": "PP", "AA": "aa", "S": "SS"}
# The strongest mel band of each tone is enough to tell them.
PHONES = ["SIL", "M", "AA", "S", "AA", "M", "AA", "SIL"] * 2


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    write_source(tmp_path, "en_tones", {f"u{i}": ("dev", PHONES[i:] + PHONES[:i]) for i in range(3)})
    return tmp_path


def hears_tones(mels: np.ndarray) -> np.ndarray:
    """Logits that know the tones three hops late, and waver on every fourth hop."""
    strongest = mels.argmax(axis=1)
    said = np.select(
        [mels.max(axis=1) < -60, strongest < 6, strongest < 25],
        [Viseme.sil, Viseme.PP, Viseme.aa],
        default=Viseme.SS,
    )
    said = np.concatenate([np.zeros(3, int), said[:-3]])
    said[::4] = Viseme.E
    logits = np.full((len(mels), 15), -60, np.int8)
    logits[np.arange(len(mels)), said] = 0
    # Where it wavers, what was said just before is nearly as likely.
    logits[4::4][np.arange(len(said[4::4])), said[3:-1:4][: len(said[4::4])]] = -2
    return logits


@pytest.fixture
def material(directory: Path) -> Material:
    subject = Subject("tones", LOOKAHEAD_MS, 0.125, hears_tones)
    return hear(subject, "en_tones", list(corpus.read_source(directory, "en_tones")))


def test_a_trial_scores_the_visemes_of_the_tracks_that_are_written(
    material: Material, directory: Path
) -> None:
    subject = Subject("tones", LOOKAHEAD_MS, 0.125, hears_tones)
    shown = [
        tracks.show(subject, one.mels, one.hops, len(one.reference))[tracks.DECODED].aligned
        for one in material.recordings
    ]
    np.testing.assert_array_equal(decided(material, DecoderSettings()), joined_tracks(shown).viseme)


def test_a_calmer_decision_changes_less(material: Material) -> None:
    nervous = figures(material.reference, largest(material))
    calm = figures(material.reference, decided(material, DecoderSettings()))
    assert nervous.changes > 2
    assert calm.changes < 1.3
    assert calm.short_share < nervous.short_share
    assert calm.accuracy > nervous.accuracy


def test_the_jaw_and_the_lateness_are_those_of_the_whole_decoder(material: Material) -> None:
    quick = followed(material, DecoderSettings())
    slow = followed(material, DecoderSettings(vowel_attack_ms=100, vowel_release_ms=100))
    assert quick.jaw > slow.jaw
    assert quick.lateness_ms in (40.0, 50.0, 60.0)


def test_openings_are_fitted_to_the_speech(material: Material) -> None:
    openings = fitted_openings([material])
    assert max(openings) == openings[Viseme.aa] == 100
    assert openings[Viseme.PP] < 10


def test_what_is_lost_beyond_the_goals_costs(material: Material) -> None:
    good = figures(material.reference, decided(material, DecoderSettings()))
    goals = Goals(recall=good.recall, changes=good.changes, short_share=good.short_share)
    assert cost(good, good, goals, True) == -good.precision - 1.2 * good.recall
    stricter = Goals(recall=good.recall, changes=good.changes - 0.1, short_share=good.short_share)
    assert cost(good, good, stricter, True) == pytest.approx(cost(good, good, goals, True) + 0.3)


def test_a_mouth_that_never_closes_has_a_cost(material: Material) -> None:
    good = figures(material.reference, decided(material, DecoderSettings()))
    open_mouth = figures(material.reference, np.full(len(material.reference), int(Viseme.aa)))
    assert np.isnan(open_mouth.precision)
    assert cost(open_mouth, good, Goals(), True) > cost(good, good, Goals(), True)


def test_float_logits_are_rounded_as_they_are_when_measured(directory: Path) -> None:
    def exact(mels: np.ndarray) -> np.ndarray:
        return hears_tones(mels).astype(np.float32) * 0.125 + 0.05

    some = list(corpus.read_source(directory, "en_tones"))
    (first, *_) = hear(Subject("float", LOOKAHEAD_MS, 0.125, exact), "en_tones", some).recordings
    (same, *_) = hear(Subject("int8", LOOKAHEAD_MS, 0.125, hears_tones), "en_tones", some).recordings
    assert first.logits.max() == 127
    assert first.weights == same.weights


def test_the_search_keeps_the_best_and_is_repeatable(material: Material) -> None:
    first, second = Search([material], Goals(), seed=3), Search([material], Goals(), seed=3)
    best = first.run(6)
    assert best == second.run(6)
    assert best.cost == min(trial.cost for trial in first.trials)
    assert len(first.trials) == 7


def test_the_command_prints_the_table_and_the_settings(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["small", "--corpus", str(directory), "--set", "en_tones", "--trials", "1"]
    assert tune_decoder.main(arguments) == 0
    printed = capsys.readouterr().out
    assert "small on en_tones, 3 recordings" in printed
    assert "closure_threshold=" in printed
    assert "openness_percent that would fit: sil " in printed


def test_an_unknown_set_is_one_line(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tune_decoder.main(["small", "--corpus", str(directory), "--set", "en_other"]) == 2
    assert "en_other" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--minutes", "0"], "--minutes 0.0: must be a number, more than 0"),
        (["--minutes", "0.001"], "--minutes 0.001: shorter than a recording of en_tones"),
        (["--trials", "-1"], "--trials -1: must be a number, 0 or more"),
        (["--recall", "nan"], "--recall nan: must be a number"),
    ],
)
def test_an_option_without_sense_is_one_line(
    directory: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert tune_decoder.main(["small", "--corpus", str(directory), "--set", "en_tones", *words]) == 2
    assert message in capsys.readouterr().err
