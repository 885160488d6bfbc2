"""``mandible parity`` from end to end: what agrees, what is caught, what is said of it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mandible.cli.main import main
from mandible.errors import DeviceError, InputError
from mandible.quantize.parity import registry
from mandible.quantize.parity.engine import Hops, Options, Outcome, Progress, Stepping
from mandible.quantize.parity.subject import Subject
from tests.engines.hops import SEQUENCE_MODEL, STREAMING_MODEL
from tests.parity.make_network import Shape, whole
from tests.parity.reports import FEW, Put, Wrong, engines, report

INSTALLED = "sequence,litert,tflm,reference,c,exported-c,onnx,onnx-exact,cortex-m4"
# Networks of random weights are more sensitive to rounding than trained ones.
LOOSE = ("--tolerance", "max_lsb=20,max_lsb_noise=20,argmax_agreement=0.5,argmax_agreement_noise=0.5")


def test_every_engine_of_ours_agrees_with_the_reference_kernels(capsys: pytest.CaptureFixture[str]) -> None:
    document = report(capsys, 0, STREAMING_MODEL, "--against", INSTALLED, *FEW, *LOOSE)
    rows = engines(document)
    assert set(rows) == {*INSTALLED.split(","), "builtin-ref"}
    assert {row["status"] for row in rows.values()} == {"ok"}
    compared = 15 * sum(one["hops"] for one in document["segments"])
    for name, row in rows.items():
        assert row["comparison"]["bytes"] == compared > 15 * 300
        assert row["comparison"]["bytes_differing"] == 0 or row["kind"] == "fast", name
        assert row["cost"] > 0
        assert row["unit"] == ("instructions" if name.startswith("cortex") else "us")
    # The comparison can see differences: XNNPACK does round in another way.
    assert rows["litert"]["comparison"]["bytes_differing"] > 0
    assert set(rows["cortex-m4"]["facts"]) == {"most_instructions", "flash_bytes", "ram_bytes", "stack_bytes"}


def test_a_whole_sequence_with_heads_is_converted_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "heads.tflite"
    path.write_bytes(whole(Shape(heads={"voiced": 2, "laughter": 1}, logits_at=1)))
    document = report(capsys, 0, path, "--against", "sequence,tflm,reference,c,exported-c,onnx-exact", *FEW)
    assert {row["comparison"]["bytes_differing"] for row in document["engines"]} == {0}
    given = report(capsys, 0, SEQUENCE_MODEL, "--against", "sequence,c", *FEW)
    assert {row["comparison"]["bytes_differing"] for row in given["engines"]} == {0}


def test_the_document_keeps_its_form(capsys: pytest.CaptureFixture[str]) -> None:
    document = report(capsys, 0, "nano", "--against", "float,c", *FEW)
    assert set(document) == {
        "format", "version", "model", "sha256", "parameters", "lookahead_ms", "float", "yardstick",
        "segments", "tolerances", "engines", "confusion", "layers", "layers_missing", "held",
        "speech_hops_asked",
    }  # fmt: skip
    assert (document["format"], document["version"]) == ("mandible-parity", 1)
    assert {key for row in document["engines"] for key in row} == {
        "name", "about", "kind", "status", "reasons", "cost", "unit", "facts", "comparison", "accuracy",
        "lost_points",
    }  # fmt: skip
    assert set(engines(document)["c"]["comparison"]) == {
        "bytes", "bytes_differing", "max_lsb", "max_lsb_noise", "argmax_agreement", "argmax_agreement_noise",
        "lsb_counts", "first_difference",
    }  # fmt: skip
    assert set(document["tolerances"]) == {
        "bytes_differing", "max_lsb", "max_lsb_noise", "argmax_agreement", "argmax_agreement_noise",
        "lost_points",
    }  # fmt: skip
    assert document["confusion"]["rows"] == "float"
    assert np.sum(document["confusion"]["counts"]) == 150
    assert len(document["layers"]) == 20
    assert {"name", "sqnr_db", "suggestion"} <= set(document["layers"][0])
    again = report(capsys, 0, "nano", "--against", "float,c", *FEW)
    for one in (document, again):
        for row in one["engines"]:
            del row["cost"]
    assert document == again


class _Short:
    def run(self, segments: Sequence[Hops], progress: Progress) -> Outcome:
        return Outcome([np.zeros((len(hops) - 1, 15), np.int8) for hops in segments], None)


class _Dying:
    def run(self, segments: Sequence[Hops], progress: Progress) -> Outcome:
        raise InputError("the core faulted in hop 7")


def test_a_broken_engine_is_caught_and_the_place_named(
    instead_of_c: Put, capsys: pytest.CaptureFixture[str]
) -> None:
    instead_of_c(lambda subject: Stepping(Wrong(subject, hop=37)))
    document = report(capsys, 1, STREAMING_MODEL, "--against", "c,reference", *FEW)
    rows = engines(document)
    assert not document["held"]
    assert (rows["c"]["status"], rows["reference"]["status"]) == ("broken", "ok")
    assert rows["c"]["comparison"]["bytes_differing"] == len(document["segments"])
    assert rows["c"]["comparison"]["max_lsb"] == 1
    first = rows["c"]["comparison"]["first_difference"]
    assert (first["segment"], first["hop"], first["viseme"]) == ("puppet.wav", 37, "FF")
    assert first["got"] == first["expected"] ^ 1
    main(["parity", str(STREAMING_MODEL), "--against", "c", *FEW])
    assert re.search(
        r"broken: c: 3 of \d+ bytes differ, 0 may; first at puppet.wav, hop 37, logit FF",
        capsys.readouterr().out,
    )


def test_a_stated_tolerance_lets_it_pass(instead_of_c: Put, capsys: pytest.CaptureFixture[str]) -> None:
    instead_of_c(lambda subject: Stepping(Wrong(subject, hop=37)))
    report(capsys, 0, STREAMING_MODEL, "--against", "c", *FEW, "--tolerance", "bytes_differing=3")


def _refusing() -> None:
    raise ValueError("The model is not a valid Flatbuffer buffer")


@pytest.mark.parametrize(
    ("engine", "reason"),
    [
        (_Short, r"gave \[149, 15\] logits, not \[150, 15\]"),
        (_Dying, "faulted in hop 7"),
        (_refusing, "not a valid Flatbuffer buffer"),
    ],
)
def test_an_engine_that_fails_does_not_hide_the_others(
    engine: Callable[[], Any],
    reason: str,
    instead_of_c: Put,
    capsys: pytest.CaptureFixture[str],
) -> None:
    instead_of_c(lambda _: engine())
    rows = engines(report(capsys, 1, STREAMING_MODEL, "--against", "c,reference", *FEW))
    assert rows["c"]["status"] == "failed"
    assert re.search(reason, rows["c"]["reasons"][0])
    assert rows["reference"]["status"] == "ok"


def _without(monkeypatch: pytest.MonkeyPatch, *missing: str) -> None:
    create = registry.create

    def replaced(name: str, subject: Subject, options: Options) -> Any:
        if name in missing:
            raise DeviceError(f"engine {name}: not here; run: pip install it")
        return create(name, subject, options)

    monkeypatch.setattr(registry, "create", replaced)


def test_what_is_missing_is_listed_and_counts_only_where_it_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _without(monkeypatch, *(name for name in registry.NAMES if name not in ("builtin-ref", "c")))
    rows = engines(report(capsys, 0, STREAMING_MODEL, "--against", "all", *FEW))
    assert set(rows) == set(registry.NAMES)
    assert rows["cortex-m4"]["status"] == "missing"
    assert rows["cortex-m4"]["reasons"] == ["engine cortex-m4: not here; run: pip install it"]
    report(capsys, 3, STREAMING_MODEL, "--against", "c,tflm", *FEW)
    report(capsys, 3, STREAMING_MODEL, "--against", "all,tflm", *FEW)
    report(capsys, 0, STREAMING_MODEL, "--against", "c", *FEW)


def test_without_an_interpreter_our_own_definition_is_the_yardstick(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _without(monkeypatch, "builtin-ref")
    document = report(capsys, 0, STREAMING_MODEL, "--against", "c", *FEW)
    assert document["yardstick"] == "reference"
    assert engines(document)["builtin-ref"]["status"] == "missing"
    assert engines(document)["c"]["comparison"]["bytes_differing"] == 0
    _without(monkeypatch, "builtin-ref", "reference")
    assert main(["parity", str(STREAMING_MODEL), "--against", "c", *FEW]) == 3
    assert "builtin-ref: not here" in capsys.readouterr().err


OTHER_PYTHON = """#!{python}
import runpy, sys
import numpy
numpy.__version__ = "1.26.4"
sys.path.insert(0, {folder!r})
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_another_python_runs_the_old_runtime(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    package = tmp_path / "tflite_runtime"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "interpreter.py").write_text(
        "from ai_edge_litert.interpreter import Interpreter, OpResolverType\n"
    )
    python = tmp_path / "python"
    python.write_text(OTHER_PYTHON.format(python=sys.executable, folder=str(tmp_path)))
    python.chmod(0o755)
    words = ("--against", "tflite-runtime", "--tflite-python", python, *FEW)
    row = engines(report(capsys, 0, STREAMING_MODEL, *words))["tflite-runtime"]
    assert row["comparison"]["bytes_differing"] == 0
    assert row["cost"] > 0
    python.write_text("#!/bin/sh\nexit 0\n")
    row = engines(report(capsys, 1, STREAMING_MODEL, *words))["tflite-runtime"]
    assert "gave no logits: it is no Python" in row["reasons"][0]
    python.write_text("#!/bin/sh\necho 'no such thing' >&2; exit 1\n")
    row = engines(report(capsys, 3, STREAMING_MODEL, *words))["tflite-runtime"]
    assert "no such thing" in row["reasons"][0]
    assert "pip install 'tflite-runtime==2.14.0' 'numpy<2'" in row["reasons"][0]


def test_without_speech_the_report_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("mandible.quantize.parity.hops.SAMPLE", tmp_path / "not there.wav")
    assert main(["parity", str(STREAMING_MODEL), "--against", "c", *FEW]) == 0
    assert "no speech was compared: give some with --speech or --corpus" in capsys.readouterr().out


def test_less_speech_than_was_asked_for_is_said(
    tones: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = next(tones.rglob("*.wav"))
    words = (str(STREAMING_MODEL), "--against", "c", "--random-hops", "10", "--speech", str(recording))
    document = report(capsys, 0, *words, "--hops", "100000")
    found = sum(one["hops"] for one in document["segments"] if one["kind"] == "speech")
    assert document["speech_hops_asked"] == 100_000 > found > 0
    page = tmp_path / "page.html"
    said = f"{found:,} hops of speech were compared, not 100,000: that is all of the recordings at 16 levels"
    assert main(["parity", *words, "--hops", "100000", "--html", str(page)]) == 0
    assert said in capsys.readouterr().out
    assert said in page.read_text(encoding="utf-8")
    assert main(["parity", *words, "--hops", str(found)]) == 0
    assert "were compared, not" not in capsys.readouterr().out


def test_a_core_too_small_for_the_model_fails_only_where_it_was_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    few = ("--hops", "5", "--random-hops", "5")
    document = report(capsys, 1, "base", "--against", "c,cortex-m0plus", *few)
    row = engines(document)["cortex-m0plus"]
    assert (row["status"], row["comparison"]) == ("too large", None)
    assert row["reasons"][0].startswith("too large for Cortex-M0+ by")
    monkeypatch.setattr(registry, "NAMES", ("builtin-ref", "c", "cortex-m0plus"))
    assert engines(report(capsys, 0, "base", "--against", "all", *few))["cortex-m0plus"] == row
