"""``mandible quantize`` from end to end, without TensorFlow."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from mandible.cli.main import main
from mandible.device import engines
from mandible.models import released
from mandible.quantize import ai_edge, calibration
from tests.engines.hops import SAMPLE, SEQUENCE_MODEL
from tests.quantize import networks


@pytest.fixture(autouse=True)
def _few_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "PIECES", 8)


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    folder = tmp_path / "speech"
    folder.mkdir()
    shutil.copy(SAMPLE, folder)
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "m.tflite"


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_a_released_name_becomes_a_streaming_model_with_its_card(
    speech: Path, target: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["quantize", "nano", "--recipe", "int8-ptq", "--calibration", str(speech), "-o", str(target)]
    assert main([*words, "--layers", "--json"]) == 0
    said = told(capsys)
    assert (said["chosen"], said["file"]) == ("int8-ptq", str(target))
    (made,) = said["tried"]
    assert made["bytes"] == target.stat().st_size
    assert made["measure"] == "agreement with float"
    assert made["loss_points"] < 8
    assert len(said["layers"]) == 20
    assert said["worst_layer"] in {layer["name"] for layer in said["layers"]}
    file = released.resolve(target)
    assert (file.name, file.lookahead_ms, file.card["recipe"]) == ("m", 30, "int8-ptq")
    assert file.card["calibration"]["folder"] == "speech"
    assert file.card["size"] == "nano"
    assert "metrics" not in file.card, "figures of another file"
    assert all(
        tensor["meaning"] for tensor in [file.card["input"], file.card["output"], *file.card["states"]]
    )
    assert engines.create("c", target).output_scale == 1 / 8
    assert sorted(path.name for path in target.parent.iterdir()) == ["m.card.json", "m.tflite"]


def test_what_does_not_fit_is_not_written(
    speech: Path, target: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["quantize", "nano", "--recipe", "int8-ptq", "--calibration", str(speech), "-o", str(target)]
    assert main([*words, "--budget", "core=m4,ram=4k", "--json"]) == 1
    said = told(capsys)
    assert (said["file"], said["budget"]["fits"], said["budget"]["ram_bytes"]["fits"]) == (None, False, False)
    assert list(target.parent.iterdir()) == []
    assert main([*words, "--budget", "core=m4,ram=8k"]) == 0
    assert "fits cortex-m4" in capsys.readouterr().out
    assert target.exists()


def test_a_model_for_litert_alone_has_no_budget(
    speech: Path, target: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["quantize", "nano", "--recipe", "float16", "--calibration", str(speech), "-o", str(target)]
    assert main([*words, "--budget", "core=m4"]) == 2
    assert "--budget is for models that become C" in capsys.readouterr().err
    assert list(target.parent.iterdir()) == []


def test_the_same_speech_and_seed_give_the_same_bytes(speech: Path, target: Path) -> None:
    written = []
    for _ in range(2):
        words = ["quantize", "nano", "--recipe", "int8-ptq", "--calibration", str(speech), "-o", str(target)]
        assert main(words) == 0
        written.append(target.read_bytes())
    assert written[0] == written[1]


@pytest.mark.parametrize(
    ("more", "kind", "states"),
    [
        (["--recipe", "float16"], "float32", {"float32"}),
        (["--recipe", "dynamic"], "float32", {"float32"}),
        (["--recipe", "int8-ptq", "--int16", "block0_add"], "int8", {"int8", "int16"}),
    ],
)
def test_a_model_for_litert_alone_says_so_in_its_card(
    speech: Path, target: Path, tmp_path: Path, more: list[str], kind: str, states: set[str]
) -> None:
    source = networks.write(networks.family(), tmp_path / "mine.tflite")
    words = ["quantize", str(source), "--calibration", str(speech), "-o", str(target), "--lookahead-ms", "50"]
    assert main([*words, *more]) == 0
    file = released.resolve(target)
    assert (file.card["runs_on"], file.lookahead_ms) == ("litert", 50)
    assert file.card["input"]["type"] == kind
    assert {state["type"] for state in file.card["states"]} == states
    assert all("oldest first" in state["meaning"] for state in file.card["states"])


def test_auto_shows_all_it_tried(speech: Path, target: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["quantize", "nano", "--calibration", str(speech), "-o", str(target), "--max-loss", "9"]) == 0
    shown = capsys.readouterr().out
    assert "int8-ptq *" in shown
    assert "dynamic" in shown
    assert "float16" in shown
    assert f"wrote {target} and its card" in shown


def test_a_loss_too_large_writes_nothing(
    speech: Path, target: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["quantize", "nano", "--recipe", "int8-ptq", "--calibration", str(speech), "-o", str(target)]
    assert main([*words, "--max-loss", "-50"]) == 1
    assert "nothing written" in capsys.readouterr().out
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (["nano"], 2, "give speech to calibrate with: --calibration DIR"),
        (["nano", "--calibration", "SPEECH", "--recipe", "int3"], 2, "recipe 'int3' does not exist"),
        (["nobody", "--calibration", "SPEECH"], 2, "nobody: no such model"),
        (["nano", "--calibration", "SPEECH", "--max-loss", "nan"], 2, "--max-loss nan: give a number"),
        (["nano", "--calibration", "SPEECH", "--epochs", "0"], 2, "--epochs 0: give a number from 1"),
        (["nano", "--calibration", "SPEECH", "--range-share", "0.5"], 2, "--range-share 0.5: give"),
        (["nano", "--calibration", "SPEECH", "-o", "OUT/m.bin"], 2, "m.bin: name the file to write"),
        (["nano", "--calibration", "SPEECH", "-o", "OUT/no/m.tflite"], 2, "there is no folder"),
        (["nano", "--calibration", "SPEECH", "--int16", "nose"], 2, "--int16 nose: no such layer"),
        (["nano", "--calibration", "SPEECH", "--int16", "stem", "--layers"], 2, "leave --int16 out"),
        (["nano", "--calibration", "SPEECH", "--recipe", "float16", "--layers"], 2, "--layers looks inside"),
        (["nano", "--calibration", "SPEECH", "--recipe", "int8-qat"], 2, "--corpus DIR"),
        (["INT8", "--calibration", "SPEECH"], 2, "quantised already; name the float model"),
        (["SELF", "--calibration", "SPEECH", "-o", "SELF"], 2, "is the float model itself"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_writes_nothing(
    speech: Path,
    target: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    line: str,
) -> None:
    own = networks.write(networks.family(), tmp_path / "self.tflite")
    places = {"SPEECH": speech, "INT8": SEQUENCE_MODEL, "SELF": own, "OUT": target.parent}
    for name, place in places.items():
        words = [word.replace(name, str(place)) for word in words]
    before = own.read_bytes()
    if "-o" not in words:
        words = [*words, "-o", str(target)]
    assert main(["quantize", *words]) == code
    caught = capsys.readouterr()
    assert line in caught.err
    assert caught.err.count("\n") == 1
    assert list(target.parent.iterdir()) == []
    assert own.read_bytes() == before


def test_a_missing_package_is_exit_3_with_the_command(
    speech: Path,
    target: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = ["--calibration", str(speech), "-o", str(target)]
    for package in ("tf_keras", "ai_edge_quantizer"):
        monkeypatch.setitem(sys.modules, package, None)
    keras = tmp_path / "mine.keras"
    keras.write_bytes(b"PK")
    lines = {str(keras): "pip install -e '.[train]'", "nano": "pip install ai-edge-quantizer"}
    for model, line in lines.items():
        assert main(["quantize", model, "--recipe", "int8-ptq", *words]) == 3
        assert line in capsys.readouterr().err
    assert list(target.parent.iterdir()) == []


def test_the_target_is_there_whole_or_not_at_all(
    speech: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(*arguments: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ai_edge, "int8", break_off)
    assert (
        main(["quantize", "nano", "--recipe", "int8-ptq", "--calibration", str(speech), "-o", str(target)])
        > 1
    )
    assert list(target.parent.iterdir()) == []


def test_a_place_that_is_no_file_is_refused_before_the_work(
    speech: Path, target: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(target)
    assert main(["quantize", "nano", "--calibration", str(speech), "-o", str(target)]) == 2
    assert "not a regular file" in capsys.readouterr().err
