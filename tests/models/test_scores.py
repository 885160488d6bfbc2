"""The figures of a card, checked with mouths whose score is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mandible.device.frontend import log_mel
from mandible.models import corpus, evaluate
from mandible.models.corpus import Utterance
from mandible.models.scores import Scores, Tally, runs
from mandible.models.targets import Targets, targets
from mandible.models.visemes import Viseme
from tests.models.tiny_corpus import spoken, write_source

WORDS = ["SIL", "M", "AA", "S", "M", "IY", "UW", "SIL", "SIL", "SIL"] * 3
LOOKAHEAD_MS = 30


@pytest.fixture
def utterance(tmp_path: Path) -> Utterance:
    write_source(tmp_path, "en_x", {"one": ("test", WORDS)})
    return next(corpus.read_source(tmp_path, "en_x"))


def scored(utterance: Utterance, mouth: str) -> Scores:
    truth: Targets = targets(utterance, 360, LOOKAHEAD_MS)
    perfect = np.maximum(truth.viseme, 0).astype(np.int64)
    said = {
        "perfect": perfect,
        "late by 20 ms": np.roll(perfect, 2),
        "late by 150 ms": np.roll(perfect, 15),
        "silent": np.zeros_like(perfect),
        "closed": np.full_like(perfect, Viseme.PP),
        "closed on oo": np.where(perfect == Viseme.ou, Viseme.PP, perfect),
    }[mouth]
    tally = Tally(LOOKAHEAD_MS)
    tally.add(utterance, said, truth)
    return tally.scores()


def test_a_perfect_mouth_scores_one_everywhere(utterance: Utterance) -> None:
    scores = scored(utterance, "perfect")
    assert (scores.accuracy, scores.accuracy_strict, scores.macro_f1) == (1, 1, 1)
    assert (scores.bilabial_recall, scores.bilabial_precision, scores.bilabials) == (1, 1, 6)
    assert scores.jaw_correlation > 0.99


def test_two_hops_late_is_wrong_at_boundaries_and_forgiven_there(utterance: Utterance) -> None:
    scores = scored(utterance, "late by 20 ms")
    assert scores.accuracy < 0.9
    assert scores.accuracy_forgiving == pytest.approx(1)
    assert scores.bilabial_recall == 1


def test_a_late_mouth_follows_the_jaw_less(utterance: Utterance) -> None:
    late = scored(utterance, "late by 150 ms")
    assert late.jaw_correlation < scored(utterance, "late by 20 ms").jaw_correlation - 0.2


def test_a_silent_mouth_closes_for_nothing(utterance: Utterance) -> None:
    tally = Tally(LOOKAHEAD_MS)
    truth = targets(utterance, 360, LOOKAHEAD_MS)
    tally.add(utterance, np.where(np.arange(360) % 2, Viseme.aa, Viseme.E), truth)
    assert tally.scores().bilabial_recall == 0


def test_a_mouth_that_is_always_closed_recalls_all_and_moves_nothing(utterance: Utterance) -> None:
    scores = scored(utterance, "closed")
    assert scores.bilabial_recall == 1
    assert scores.accuracy < 0.25
    assert (scores.jaw_correlation, scores.changes_per_s) == (0, 0)


def test_closing_on_a_vowel_is_imprecise(utterance: Utterance) -> None:
    # Per round of words, two closures on /m/ are right and one on /uw/ is wrong.
    assert scored(utterance, "closed on oo").bilabial_precision == pytest.approx(2 / 3)


def test_runs_are_found_at_both_ends() -> None:
    assert runs(np.array([True, True, False, True])) == [(0, 2), (3, 4)]


def test_evaluation_aligns_a_network_with_the_sound_it_hears(tmp_path: Path) -> None:
    """A network that knows the tones, and answers as late as the lookahead says, scores nearly one."""
    write_source(tmp_path, "en_x", {"one": ("test", WORDS)})
    one = next(corpus.read_source(tmp_path, "en_x"))

    def network(mels: np.ndarray) -> np.ndarray:
        logits = np.zeros((len(mels), 15))
        phones = {"M": Viseme.PP, "AA": Viseme.aa, "S": Viseme.SS, "UW": Viseme.ou, "IY": Viseme.ih}
        band = {int(log_mel(spoken([phone]))[5].argmax()): viseme for phone, viseme in phones.items()}
        loudest = mels.argmax(axis=1)
        for hop in range(len(mels)):
            heard = max(0, hop - LOOKAHEAD_MS // 10)
            nearest = min(band, key=lambda centre: abs(centre - loudest[heard]))
            logits[hop, band[nearest] if mels[heard].max() > 0 else Viseme.sil] = 1
        return logits

    scores = evaluate.evaluate(network, [one], LOOKAHEAD_MS)
    assert scores.accuracy > 0.9
    assert scores.accuracy_forgiving > 0.98
    assert scores.bilabial_recall == 1
