"""What int8 costs on speakers that nobody learned from."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from mandible.cli.main import main
from mandible.device import engines
from mandible.models import evaluate
from mandible.models.evaluation import subjects
from mandible.quantize import float_model
from tests.engines.hops import levels_of_speech

pytestmark = pytest.mark.corpus
MOST_POINTS = 0.5
MOST_STEPS = 3


@pytest.mark.parametrize("name", ["nano", "small"])
def test_int8_loses_at_most_half_a_point_and_xnnpack_stays_close(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus, target = os.environ["MANDIBLE_DATA"], tmp_path / "m.tflite"
    words = ["quantize", name, "--recipe", "int8-ptq", "--calibration", corpus, "-o", str(target)]
    assert main([*words, "--max-loss", str(MOST_POINTS), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tried"][0]["measure"] == "accuracy"

    test = evaluate.members(Path(corpus), "librispeech_test")
    model = float_model.load(name)
    exact = evaluate.evaluate(model.run, test, model.lookahead_ms)["accuracy"]
    int8 = subjects.of_file(target, model.lookahead_ms).network
    assert 100 * (exact - evaluate.evaluate(int8, test, model.lookahead_ms)["accuracy"]) < MOST_POINTS

    exact_logits, fast_logits = (
        np.stack([engine.step(mel) for mel in levels_of_speech()]).astype(int)
        for engine in (engines.create(kernels, target) for kernels in ("c", "litert"))
    )
    assert np.abs(exact_logits - fast_logits).max() <= MOST_STEPS
    assert (exact_logits.argmax(axis=1) == fast_logits.argmax(axis=1)).mean() > 0.97
