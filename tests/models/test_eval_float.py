"""The float network of a training folder, measured like a released model: needs TensorFlow."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mandible.models import evaluate, float_weights, training
from mandible.models.evaluation import measure, sets, subjects
from mandible.models.settings import Settings
from mandible.models.train import RECORD
from tests.models.tiny_corpus import write_source

pytestmark = pytest.mark.training


def test_a_training_folder_is_measured_with_its_own_lookahead(tmp_path: Path) -> None:
    settings = replace(Settings(), size="nano", lookahead_ms=50, precision="float32")
    folder = tmp_path / "first"
    folder.mkdir()
    float_weights.save(training.build(settings), folder / float_weights.FILE)
    (folder / RECORD).write_text(json.dumps({"settings": settings.described()}), encoding="utf-8")
    write_source(tmp_path, "en_x", {"one": ("test", ["SIL", "M", "AA", "SIL"])})

    subject = subjects.named(folder)
    assert (subject.name, subject.lookahead_ms, subject.engine) == ("first (float)", 50, "float")
    assert subject.network(np.zeros((30, 40), np.int8)).shape == (30, 15)
    document, _ = evaluate.evaluation([subject], tmp_path, sets.chosen(tmp_path), measure.Plan(draws=0))
    assert document["models"][0]["sets"]["en_x"]["decoded"]["figures"]["accuracy"] is not None
