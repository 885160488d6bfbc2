"""``mandible export onnx`` as a person runs it."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

from mandible.cli import main
from mandible.cli.export import KINDS
from mandible.errors import DeviceError
from mandible.models import released
from mandible.quantize.onnx_export import OnnxRunner
from mandible.quantize.streaming import streaming_bytes, to_streaming
from tests.cli.command import ROOT, complaint, mandible, succeed
from tests.engines.hops import SEQUENCE_MODEL, STREAMING_MODEL, speech_hops
from tests.engines.surgery import changed, rename_operator
from tests.parity.make_network import Shape, whole

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``mandible export`` in this process: (exit code, standard output, complaint)."""

    def export(*words: str | Path) -> tuple[int, str, str]:
        try:
            code = main.main(["export", *map(str, words)])
        except SystemExit as stop:  # what argparse does about usage
            code = int(stop.code or 0)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return export


def test_as_a_command_it_writes_a_model_that_runs(tmp_path: Path) -> None:
    out = tmp_path / "nano.onnx"
    told = json.loads(succeed("export", "onnx", "--model", "nano", "-o", out, "--json"))
    assert told["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert told["model_sha256"] == released.resolve("nano").sha256
    assert (told["model"], told["precision"], told["symmetric"]) == ("nano", "int8", False)
    assert (told["bytes"], told["lookahead_ms"]) == (out.stat().st_size, 30)
    runner = OnnxRunner(out.read_bytes())
    assert len(np.unique([runner.step(hop) for hop in speech_hops()[:50]])) > 10
    assert [file.name for file in tmp_path.iterdir()] == ["nano.onnx"]


@pytest.mark.parametrize("precision", ["int8", "float32", "exact"])
def test_every_precision_carries_the_models_name_and_checksum(
    precision: str, run: Run, tmp_path: Path
) -> None:
    out = tmp_path / "m.onnx"
    code, said, _ = run("onnx", "--model", "nano", "--precision", precision, "-o", out)
    assert code == 0
    assert said == f"{out}: nano, {precision}, {out.stat().st_size:,} bytes\n"
    told = {entry.key: entry.value for entry in onnx.load(out).metadata_props}
    source = released.resolve("nano").path
    weights = source.with_name("nano.float.npz") if precision == "float32" else source
    assert told["model_sha256"] == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert (told["name"], told["precision"], told["lookahead_ms"]) == ("nano", precision, "30")


def test_a_file_and_its_heads_are_exported_too(run: Run, tmp_path: Path) -> None:
    model, out = tmp_path / "mine.tflite", tmp_path / "mine.onnx"
    model.write_bytes(streaming_bytes(whole(Shape(heads={"voiced": 2})), model))
    assert run("onnx", "--model", model, "-o", out)[0] == 0
    assert [value.name for value in onnx.load(out).graph.output][:2] == ["logits", "voiced"]


@pytest.mark.parametrize("frames", [64, 1])
def test_a_model_that_takes_whole_sequences_is_made_streaming_first(
    frames: int, run: Run, tmp_path: Path
) -> None:
    source, streaming = tmp_path / "whole.tflite", tmp_path / "streaming.tflite"
    source.write_bytes(whole(Shape(frames=frames, heads={"voiced": 2})))
    to_streaming(source, streaming)
    content = []
    for model in (source, streaming):
        out = tmp_path / "m.onnx"
        assert run("onnx", "--model", model, "-o", out)[0] == 0
        made = onnx.load(out)
        del made.metadata_props[:]  # the files' own names and checksums
        content.append(made.SerializeToString(deterministic=True))
    assert content[0] == content[1]


def test_a_whole_sequence_of_another_family_is_refused_with_what_to_do(run: Run, tmp_path: Path) -> None:
    model = tmp_path / "other.tflite"
    for source in (SEQUENCE_MODEL, STREAMING_MODEL):
        model.write_bytes(changed(source, lambda made: rename_operator(made, "ADD", "MUL")))
        code, _, complained = run("onnx", "--model", model, "-o", tmp_path / "m.onnx")
        assert code == 2
        assert "fold batch normalisation into the convolutions" in complained


@pytest.mark.parametrize("precision", ["int8", "float32"])
def test_names_that_are_no_text_are_escaped(precision: str, tmp_path: Path) -> None:
    source = released.resolve("nano").path
    if precision == "float32":
        source = source.with_name("nano.float.npz")
    model = tmp_path / os.fsdecode(b"k\xff" + os.fsencode(source.suffix))
    model.write_bytes(source.read_bytes())
    out = tmp_path / os.fsdecode(b"\xfe\x1b[31m\n.onnx")
    said = succeed("export", "onnx", "--model", model, "--precision", precision, "-o", out).decode()
    assert said.endswith("\n")
    assert said[:-1].isprintable()
    assert r"\udcfe\x1b[31m\n.onnx: k\udcff" in said
    told = {entry.key: entry.value for entry in onnx.load(out).metadata_props}
    assert told["name"] == r"k\udcff"


def test_json_and_verbose_are_understood_before_and_behind_the_kind(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "m.onnx"
    for words in (("--json", "onnx"), ("onnx", "--json")):
        assert json.loads(run(*words, "--model", "nano", "-o", out)[1])["model"] == "nano"
    for words in (("-v", "onnx"), ("onnx", "-v")):
        code, _, said = run(*words, "--model", "nope", "-o", out)
        assert code == 2
        assert said.startswith("Traceback")
    assert not run("onnx", "--model", "nope", "-o", out)[2].startswith("Traceback")


def test_help_lists_the_kinds_and_imports_none_of_them(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in KINDS:
        monkeypatch.setitem(sys.modules, f"mandible.cli.export_{kind}", None)  # importing it would fail
    code, said, _ = run("--help")
    assert code == 0
    assert all(f"{kind} " in said for kind in KINDS)


def test_one_kind_works_where_another_is_broken(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "mandible.cli.export_trt", None)
    assert run("onnx", "--model", "nano", "-o", tmp_path / "m.onnx")[0] == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--model", "nope"), "neither a released model"),
        (("--model", "nano", "--precision", "exact", "--symmetric"), "--symmetric is about int8"),
        (("--model", "nano", "--precision", "float32", "--symmetric"), "--symmetric is about int8"),
        (("--model", "pyproject.toml"), "not a .tflite file"),
        (("--model", "tests"), "neither a released model"),
        (("--model", "nope", "--precision", "float32"), "no such model"),
        (
            ("--model", str(STREAMING_MODEL), "--precision", "float32"),
            "quantised already; name the float model",
        ),
        (("--model", "x" * 5000), "neither a released model"),
        (("--model", "x" * 5000, "--precision", "float32"), "no such model"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(
    words: tuple[str, ...], told: str, run: Run, tmp_path: Path
) -> None:
    code, said, complained = run("onnx", *words, "-o", tmp_path / "m.onnx")
    assert (code, said) == (2, "")
    assert complained.count("\n") == 1
    assert told in complained
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kept", [0, 8, 1000, -200])
def test_a_damaged_model_is_one_line_and_nothing_is_written(kept: int, run: Run, tmp_path: Path) -> None:
    model = tmp_path / "m.tflite"
    model.write_bytes(released.resolve("nano").path.read_bytes()[:kept])
    code, _, complained = run("onnx", "--model", model, "-o", tmp_path / "m.onnx")
    assert code == 2
    assert complained.count("\n") == 1
    assert "m.tflite" in complained
    assert [file.name for file in tmp_path.iterdir()] == ["m.tflite"]


def test_a_place_that_cannot_be_written_is_said_first(run: Run, tmp_path: Path) -> None:
    for out in (tmp_path, tmp_path / "missing" / "m.onnx", Path("/dev/null")):
        code, _, complained = run("onnx", "--model", "nope", "-o", out)
        assert code == 2
        assert "cannot be written" in complained


@pytest.mark.parametrize("kind", ["onnx", "trt"])
def test_the_model_is_never_written_over(kind: str, run: Run, tmp_path: Path) -> None:
    model, link = tmp_path / "m.tflite", tmp_path / "link"
    model.write_bytes(STREAMING_MODEL.read_bytes())
    link.symlink_to(model)
    for out in (model, link):
        code, _, complained = run(kind, "--model", model, "-o", out)
        assert code == 2
        assert "is the model itself" in complained
    assert model.read_bytes() == STREAMING_MODEL.read_bytes()


def test_wrong_usage_names_what_is_missing(run: Run) -> None:
    for words, missing in (
        ((), "KIND"),
        (("onnx", "--model", "nano"), "-o"),
        (("onnx", "-o", "x"), "--model"),
    ):
        code, _, said = run(*words)
        assert code == 2
        assert missing in said.splitlines()[-1]


def test_no_package_is_needed_to_write_a_file(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for package in ("onnx", "onnxruntime", "google.protobuf"):
        monkeypatch.setitem(sys.modules, package, None)  # what importing a missing package does
    for precision in ("int8", "float32", "exact"):
        out = tmp_path / f"{precision}.onnx"
        assert run("onnx", "--model", "nano", "--precision", precision, "-o", out)[0] == 0


def test_without_onnxruntime_files_are_written_but_not_run(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert run("onnx", "--model", "nano", "-o", tmp_path / "m.onnx")[0] == 0
    with pytest.raises(DeviceError, match="onnxruntime is not installed; run: pip install onnxruntime"):
        OnnxRunner((tmp_path / "m.onnx").read_bytes())


def test_the_commands_of_the_documentation_work(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = (ROOT / "docs" / "export-onnx.md").read_text(encoding="utf-8")
    commands = [line for line in page.splitlines() if line.startswith("mandible export onnx ")]
    assert len(commands) == 4
    monkeypatch.chdir(tmp_path)
    for command in commands:
        assert run(*shlex.split(command, comments=True)[2:])[0] == 0
    assert [file.name for file in tmp_path.iterdir()] == ["small.onnx"]


def test_without_tensorrt_the_command_ends_with_3(tmp_path: Path) -> None:
    done = mandible("export", "trt", "--model", "nano", "-o", tmp_path / "m.engine")
    assert "JetPack" in complaint(done, 3)
    assert not list(tmp_path.iterdir())
