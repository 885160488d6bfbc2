"""Bad requests of exported C end in one line, and hostile models in C that still compiles."""

from __future__ import annotations

import errno
import json
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mandible.cli.main import main
from mandible.errors import InputError
from mandible.models import network, released
from mandible.models.layers import Add, Conv, Depthwise
from mandible.quantize import c_code
from tests.engines.hops import STREAMING_MODEL

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "puppet.wav"


def test_what_the_structures_have_no_room_for_is_refused() -> None:
    model = network.load(STREAMING_MODEL)
    target = c_code.target_named("cortex-m4")
    (at, deep) = next((i, one) for i, one in enumerate(model.layers) if isinstance(one, Depthwise))
    (end, total) = next((i, one) for i, one in enumerate(model.layers) if isinstance(one, Add))
    stem = model.layers[0]
    assert isinstance(stem, Conv)
    unfit = {
        "remembers 80000 rows": (at, replace(deep, dilation=20000)),
        "far coarser than its output": (end, replace(total, shift=0)),
        "too large for the C kernels": (0, replace(stem, shifts=np.full_like(stem.shifts, 20))),
    }
    for said, (number, layer) in unfit.items():
        layers = list(model.layers)
        layers[number] = layer
        with pytest.raises(InputError, match=said) as caught:
            c_code.source_files(replace(model, layers=tuple(layers)), target, "x", named="m.tflite")
        assert str(caught.value).startswith("m.tflite: cannot become C: ")


def test_parts_of_two_exports_do_not_compile_together(tmp_path: Path) -> None:
    for target in ("generic", "cortex-m4"):
        c_code.export(released.resolve("nano"), tmp_path / target, target)
    (tmp_path / "generic" / "mandible_model.h").write_bytes(
        (tmp_path / "cortex-m4" / "mandible_model.h").read_bytes()
    )
    done = subprocess.run(
        ["gcc", "-std=c99", "-fsyntax-only", tmp_path / "generic" / "mandible_model.c"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "mandible_model.h is of another export" in done.stderr


def test_an_export_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    c_code.export(released.resolve("nano"), tmp_path, "generic")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(path: Path, text: str, encoding: str) -> None:
        if path.name.endswith("mandible_model.c"):
            raise OSError(errno.ENOSPC, "No space left on device")
        path.write_bytes(text.encode(encoding))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(InputError, match=r"mandible_model\.c: cannot be written"):
        c_code.export(released.resolve("small"), tmp_path, "cortex-m4")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    "data", [[], {"train": 3}, {"train": ["x"]}, {"train": [{"source": "a", "licence": 1}]}]
)
def test_a_card_that_credits_nobody_readable_is_refused(data: object, tmp_path: Path) -> None:
    model = replace(released.resolve("nano"), card={"data": data})
    with pytest.raises(InputError, match=r"data\.train"):
        c_code.export(model, tmp_path / "c")
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--target", "cortex-m99"], "generic, cortex-m4, cortex-m55"),
        (["--model", "nobody"], "neither a released model"),
        (["--model", str(SAMPLE)], "not a .tflite file"),
        (["--rig", "nothing.toml"], "nothing.toml"),
        (["-o", ""], "-o needs the name of a folder"),
    ],
)
def test_bad_requests_write_nothing(
    options: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "c", "-o", str(tmp_path / "c"), *options]) == 2
    complaint = capsys.readouterr().err
    assert said in complaint
    assert complaint.count("\n") == 1
    assert not (tmp_path / "c").exists()


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "c").write_text("mine")
    assert main(["export", "c", "-o", str(tmp_path / "c")]) == 2
    assert str(tmp_path / "c") in capsys.readouterr().err
    assert (tmp_path / "c").read_text() == "mine"


def test_models_of_hostile_names_stay_inside_their_comments(tmp_path: Path) -> None:
    model = tmp_path / "m.tflite"
    model.write_bytes(released.resolve("nano").path.read_bytes())
    card = json.loads(released.card_path(released.resolve("nano").path).read_text(encoding="utf-8"))
    card["name"] = "x*/ int main(void) { return 1; } /* ??/"
    released.card_path(model).write_text(json.dumps(card), encoding="utf-8")
    c_code.export(released.resolve(model), tmp_path / "c")
    done = subprocess.run(
        ["gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{tmp_path / 'c'}",
         str(tmp_path / "c" / "mandible_model.c")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
