"""Further takes of an utterance: labels stay on the sound whatever is done to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mandible.models import corpus
from mandible.models.augment.takes import FASTEST, SLOWEST, Take, Takes
from mandible.models.corpus import Utterance
from tests.models.tiny_corpus import spoken, write_source

SPEECH = ["SIL", "M", "AA", "S", "IY", "SIL"]


@pytest.fixture
def utterance(tmp_path: Path) -> Utterance:
    write_source(tmp_path, "en_kathleen", {"one": ("train", SPEECH)})
    (found,) = corpus.read_source(tmp_path, "en_kathleen")
    return found


@pytest.mark.parametrize("rate", [SLOWEST, 1.0, FASTEST])
def test_speech_at_another_rate_keeps_its_labels_on_the_sound(
    tmp_path: Path, utterance: Utterance, rate: float
) -> None:
    moved, pcm = Takes(tmp_path).performed(utterance, spoken(SPEECH), Take(rate, None, None, None))
    assert moved.seconds == pytest.approx(utterance.seconds / rate)
    assert len(pcm) / 16000 == pytest.approx(moved.seconds, abs=0.001)
    loud = np.flatnonzero(np.abs(pcm.astype(int)) > 1000)
    assert loud[0] / 16000 == pytest.approx(moved.starts_s[1], abs=0.005)
    assert loud[-1] / 16000 == pytest.approx(moved.ends_s[-2], abs=0.005)
