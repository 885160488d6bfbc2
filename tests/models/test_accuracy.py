"""The released model on real speech. Needs a corpus: ``MANDIBLE_DATA=DIR pytest -m corpus``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mandible.device import engines
from mandible.models import evaluate, released

UTTERANCES = 12


@pytest.mark.corpus
def test_small_does_what_its_card_says() -> None:
    directory = Path(os.environ["MANDIBLE_DATA"])
    model = released.resolve("small")
    network = evaluate.streaming(engines.create(engines.default_name(), model.path))
    some = evaluate.members(directory, "librispeech_test")[:UTTERANCES]
    assert len(some) == UTTERANCES
    scores = evaluate.evaluate(network, some, model.lookahead_ms)
    said = model.card["metrics"]["int8"]["librispeech_test"]["argmax"]["figures"]
    assert scores["accuracy"] >= said["accuracy"] - 0.03
    assert scores["bilabial_recall"] >= 0.85
