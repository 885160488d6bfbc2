"""Actors who speak the same ten sentences in seven moods (EMO-DB): nothing was tuned on them.

F. Burkhardt et al., "A database of German emotional speech", Interspeech 2005. The sixth letter of a
recording's name is the mood: W angry, F happy, A afraid, E disgusted, N neutral, L bored, T sad.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from mandible.device.expression import Expression
from mandible.models.corpus import read_audio, read_source
from mandible.models.utterance import Utterance
from tests.expression.sounds import heard

_SOURCE = "de_emodb"
_MOOD_LETTER = 5
_KNOWN_S = 15.0


def _mood(utterance: Utterance) -> str:
    return utterance.path.stem.removeprefix("emodb_")[_MOOD_LETTER]


def _session(spoken: Sequence[Utterance], in_a_row: int, seed: int) -> list[Utterance]:
    """All of one actor: up to ``in_a_row`` in the same mood, moods in a random order."""
    chance = random.Random(seed)
    rows = []
    for mood in sorted({_mood(one) for one in spoken}):
        same = [one for one in spoken if _mood(one) == mood]
        chance.shuffle(same)
        rows += [same[i : i + in_a_row] for i in range(0, len(same), in_a_row)]
    chance.shuffle(rows)
    return [one for row in rows for one in row]


def _arousal_by_mood(directory: Path, in_a_row: int) -> dict[str, list[float]]:
    """Mean arousal over the second half of every utterance, once the actor has spoken for 15 s."""
    everyone = list(read_source(directory, _SOURCE))
    found: dict[str, list[float]] = {}
    for speaker in sorted({one.speaker for one in everyone}):
        spoken = [one for one in everyone if one.speaker == speaker]
        for seed in range(3):
            stage, passed_s = Expression(), 0.0
            for one in _session(spoken, in_a_row, seed):
                arousal = heard(read_audio(one.path), stage).arousal
                if passed_s >= _KNOWN_S:
                    found.setdefault(_mood(one), []).append(float(arousal[len(arousal) // 2 :].mean()))
                passed_s += len(arousal) / 100
    return found


def _auc(higher: Sequence[float], lower: Sequence[float]) -> float:
    """How often one of the first is above one of the second."""
    above = np.subtract.outer(np.array(higher), np.array(lower))
    return float((above > 0).mean() + (above == 0).mean() / 2)


@pytest.mark.corpus
@pytest.mark.parametrize("in_a_row", [1, 3])
def test_anger_is_livelier_than_neutral_and_that_livelier_than_boredom_and_sadness(in_a_row: int) -> None:
    """With one in a row the mood changes every two or three seconds, which is as fast as arousal follows."""
    found = _arousal_by_mood(Path(os.environ["MANDIBLE_DATA"]), in_a_row)
    angry, neutral, low = found["W"], found["N"], found["L"] + found["T"]
    means = {mood: round(float(np.mean(values)), 1) for mood, values in found.items()}
    aucs = {
        "angry over bored and sad": round(_auc(angry, low), 3),
        "angry over neutral": round(_auc(angry, neutral), 3),
        "neutral over bored and sad": round(_auc(neutral, low), 3),
    }
    print(means, aucs)
    assert np.mean(angry) > np.mean(neutral) > np.mean(low), means
    assert aucs["angry over bored and sad"] >= 0.7, aucs
    assert aucs["angry over neutral"] >= 0.6, aucs
    assert aucs["neutral over bored and sad"] >= 0.55, aucs
