"""The released models on every engine: a smoke test, and the whole of it for the ``full`` tier."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from mandible.cli.main import main

FIVE_CORES = ("cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55")
EXACT = ("sequence", "builtin-ref", "tflm", "reference", "c", "exported-c", "onnx-exact")
FAST = ("litert", "onnx")


def compared(
    capsys: pytest.CaptureFixture[str], model: str, engines: tuple[str, ...], hops: int, *speech: str
) -> dict[str, Any]:
    words = ["--hops", str(hops), "--random-hops", str(hops), "--json", *speech]
    status = main(["parity", model, "--against", ",".join(engines), *words])
    document = json.loads(capsys.readouterr().out)
    assert status == 0, [(row["name"], row["reasons"]) for row in document["engines"]]
    assert {row["name"] for row in document["engines"]} == {*engines, "builtin-ref"}
    for kind in ("speech", "random"):
        assert sum(one["hops"] for one in document["segments"] if one["kind"] == kind) == hops
    for row in document["engines"]:
        assert row["status"] == "ok"
        if row["kind"] == "exact":
            assert row["comparison"]["bytes_differing"] == 0, row["name"]
    return dict(document)


def test_nano_is_the_same_everywhere(capsys: pytest.CaptureFixture[str]) -> None:
    compared(
        capsys, "nano", ("builtin-ref", "tflm", "c", "exported-c", *FAST, "cortex-m4", "cortex-m55"), 1000
    )


@pytest.mark.corpus
@pytest.mark.parametrize("model", ["nano", "small", "base"])
def test_quantising_loses_at_most_half_a_point(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--against", "float,c", "--corpus", os.environ["MANDIBLE_DATA"], "--set", "en_librispeech"]
    assert main(["parity", model, *words, "--hops", "100", "--random-hops", "0", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["engines"]}
    assert rows["c"]["accuracy"]["recordings"] >= 20
    assert rows["c"]["accuracy"] == rows["builtin-ref"]["accuracy"]
    assert rows["c"]["lost_points"] <= 0.5


@pytest.mark.full
@pytest.mark.parametrize("model", ["nano", "small", "base"])
def test_ten_thousand_hops_of_speech_and_of_noise_on_five_cores(
    model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # Where there is a corpus, speech of many people instead of one sentence at many levels.
    corpus = os.environ.get("MANDIBLE_DATA")
    speech = () if corpus is None else ("--corpus", corpus, "--set", "en_librispeech")
    compared(capsys, model, (*EXACT, *FAST, "tflite-runtime", *FIVE_CORES), 10_000, *speech)


@pytest.mark.full
def test_nano_on_the_smallest_core(capsys: pytest.CaptureFixture[str]) -> None:
    compared(capsys, "nano", ("cortex-m0plus",), 1000)
