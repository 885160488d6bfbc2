"""Exported C says what the engines say, byte for byte, from any network of the family."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mandible.api import assemble
from mandible.cli.main import main
from mandible.device.audio import open_source
from mandible.device.engines.reference import ReferenceEngine
from mandible.firmware_bridge.rig import Rig
from mandible.models import network, released
from mandible.models.network import Network
from mandible.quantize import c_code
from mandible.quantize.layer_names import layer_names
from mandible.quantize.streaming import to_streaming
from tests.c_code.exported import build, build_network, write
from tests.c_code.filters import STRICT, run
from tests.engines import surgery
from tests.engines.hops import SEQUENCE_MODEL, STREAMING_MODEL, all_hops, random_hops, speech_hops
from tests.parity.make_network import Shape, whole

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "puppet.wav"
TARGETS = tuple(c_code.TARGETS)
SHAPES = {
    "no_memory": Shape(channels=5, stem_taps=1, blocks=()),
    "narrow": Shape(channels=3, blocks=((2, 1), (3, 7))),
    "odd": Shape(channels=37, stem_taps=1, blocks=((9, 1), (1, 1), (4, 32))),
    "no_blocks": Shape(channels=17, stem_taps=5, blocks=()),
    "wide": Shape(channels=130, blocks=((5, 3),)),
}


def logits(model: Network, hops: NDArray[np.int8]) -> NDArray[np.int8]:
    engine = ReferenceEngine(model)
    return np.array([engine.step(hop) for hop in hops])


def exported(
    model: Network, target: str, folder: Path, hops: NDArray[np.int8], *options: str
) -> NDArray[np.int8]:
    program = build_network(write(model, target, folder), *options)
    return np.frombuffer(run(program, hops.tobytes()), np.int8).reshape(len(hops), -1)


@pytest.fixture(scope="module")
def streaming(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Network]:
    found = {}
    for name, shape in SHAPES.items():
        folder = tmp_path_factory.mktemp(name)
        (folder / "whole.tflite").write_bytes(whole(shape))
        to_streaming(folder / "whole.tflite", folder / "model.tflite")
        found[name] = network.load(folder / "model.tflite")
    return found


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("shape", SHAPES)
def test_networks_of_any_shape_agree(
    shape: str, target: str, streaming: dict[str, Network], tmp_path: Path
) -> None:
    hops = all_hops(150)
    expected = logits(streaming[shape], hops)
    assert len(np.unique(expected)) > 20
    np.testing.assert_array_equal(exported(streaming[shape], target, tmp_path / "c", hops), expected)


@pytest.mark.parametrize("target", TARGETS)
def test_a_released_model_agrees(target: str, tmp_path: Path) -> None:
    model = network.load(released.resolve("nano").path)
    hops = np.concatenate([speech_hops(), random_hops(200)])
    np.testing.assert_array_equal(exported(model, target, tmp_path / "c", hops), logits(model, hops))


def test_products_in_halves_agree(tmp_path: Path) -> None:
    """As a Cortex-M0+ multiplies."""
    model = network.load(released.resolve("nano").path)
    hops = np.concatenate([speech_hops()[:300], random_hops(300)])
    halves = exported(model, "generic", tmp_path / "c", hops, "-DSHORT_PRODUCTS")
    np.testing.assert_array_equal(halves, logits(model, hops))


def test_the_documented_program_compiles(tmp_path: Path) -> None:
    page = (SAMPLE.parents[1] / "docs" / "microcontroller.md").read_text(encoding="utf-8")
    c_code.export(released.resolve("nano"), tmp_path, "generic", Rig.load("skull"))
    (program := tmp_path / "program.c").write_text(page.split("```c\n")[1].split("```")[0])
    subprocess.run(["gcc", *STRICT, f"-I{tmp_path}", "-c", program, "-o", tmp_path / "program.o"], check=True)


def test_programs_in_c_plus_plus_can_call_it(tmp_path: Path) -> None:
    """Arduino's are."""
    c_code.export(released.resolve("nano"), tmp_path, "generic", Rig.load("skull"))
    program = tmp_path / "program.cpp"
    program.write_text(
        '#include "mandible.h"\n#include "mandible_rig.h"\nstatic mandible mouth;\nstatic mandible_rig rig;\n'
        "int main() { int16_t pcm[160] = {0}; uint8_t visemes[15]; uint16_t pulses_us[MANDIBLE_CHANNELS];\n"
        "mandible_reset(&mouth); mandible_rig_reset(&rig); mandible_network_reset(&mouth.network);\n"
        "uint8_t shown = mandible_push(&mouth, pcm, visemes);\n"
        "mandible_rig_step(&rig, visemes, mouth.decoder.quiet_hops, pulses_us);\n"
        "return shown + visemes[0] - 255 + mandible_openness(visemes); }\n"
    )
    for source in sorted(tmp_path.glob("*.c")):
        subprocess.run(["gcc", "-std=c99", "-c", source, "-o", source.with_suffix(".o")], check=True)
    objects = sorted(tmp_path.glob("*.o"))
    subprocess.run(
        ["g++", "-Wall", "-Wextra", "-Werror", program, *objects, "-o", tmp_path / "program"], check=True
    )
    # Silence: viseme 0, with all of the weight, and a shut jaw.
    assert subprocess.run([tmp_path / "program"], check=False).returncode == 0


@pytest.mark.parametrize("target", TARGETS)
def test_left_shifts_and_narrow_ranges_agree(target: str, tmp_path: Path) -> None:
    """Neither occurs in a trained model."""
    path = tmp_path / "finer.tflite"
    path.write_bytes(surgery.changed(STREAMING_MODEL, surgery.finer(1024)))
    read = network.load(path)
    stem = replace(read.layers[0], output=replace(read.layers[0].output, low=-90, high=77))
    model = replace(read, layers=(stem, *read.layers[1:]))
    assert max(int(layer.shifts.max()) for layer in model.temporal_and_pointwise) > 0
    hops = all_hops(200)
    np.testing.assert_array_equal(exported(model, target, tmp_path / "c", hops), logits(model, hops))


@pytest.mark.parametrize("taps", [1, 3])
def test_heads_are_kept_in_the_network(taps: int, tmp_path: Path) -> None:
    shape = Shape(channels=12, heads={"voiced": 2}, head_taps=taps)
    (tmp_path / "whole.tflite").write_bytes(whole(shape))
    to_streaming(tmp_path / "whole.tflite", tmp_path / "model.tflite")
    model = network.load(tmp_path / "model.tflite")
    assert [head.name for head in model.heads] == ["voiced"]
    program = build_network(write(model, "generic", tmp_path / "c"), head="head_voiced", head_bytes=2)
    hops = all_hops(100)
    shown = np.frombuffer(run(program, hops.tobytes()), np.int8).reshape(len(hops), 17)
    np.testing.assert_array_equal(shown[:, :15], logits(model, hops))
    head = model.heads[0].value
    as_logits = Network(
        model.layers, model.input_channels, model.input_scale, model.input_zero_point, logits_value=head
    )
    np.testing.assert_array_equal(shown[:, 15:], logits(as_logits.logits_only(), hops))


def test_heads_that_c_cannot_tell_apart_get_numbers(tmp_path: Path) -> None:
    (tmp_path / "whole.tflite").write_bytes(whole(Shape(channels=12, heads={"Voice": 2, "voice": 3})))
    to_streaming(tmp_path / "whole.tflite", tmp_path / "model.tflite")
    model = network.load(tmp_path / "model.tflite")
    program = build_network(write(model, "generic", tmp_path / "c"), head="head_voice_2", head_bytes=3)
    hops = all_hops(20)
    shown = np.frombuffer(run(program, hops.tobytes()), np.int8).reshape(len(hops), 18)
    np.testing.assert_array_equal(shown[:, :15], logits(model, hops))
    assert len(np.unique(shown[:, 15:])) > 5


def test_the_whole_line_says_what_run_says(tmp_path: Path) -> None:
    model, rig = released.resolve("nano"), Rig.load("skull")
    c_code.export(model, tmp_path / "c", "generic", rig)
    line = assemble(model, "c", rig)
    with open_source(str(SAMPLE)) as source:
        frames = list(source)
    rows = np.frombuffer(run(build(tmp_path / "c"), b"".join(f.pcm.tobytes() for f in frames)), np.uint8)
    expected = []
    for frame in frames:
        done = line.step(frame)
        assert done.weights is not None
        expected.append([*done.weights.tolist(), done.viseme, done.openness])
    np.testing.assert_array_equal(rows.reshape(len(frames), 17), np.array(expected, np.uint8))


def test_a_whole_sequence_model_is_made_streaming_first(tmp_path: Path) -> None:
    """``tests/engines`` has one network in both forms."""
    written = []
    for number, model in enumerate((SEQUENCE_MODEL, STREAMING_MODEL)):
        assert main(["export", "c", "--model", str(model), "-o", str(tmp_path / str(number))]) == 0
        text = (tmp_path / str(number) / "mandible_model.c").read_text(encoding="utf-8")
        written.append(text[text.index("#include") :])
    assert written[0] == written[1]


def test_layers_are_named_after_their_place() -> None:
    names = layer_names(network.load(released.resolve("nano").path))
    assert names[:4] == ["stem", "block0_depth", "block0_point", "block0_add"]
    assert names[-1] == "logits"
    assert len(set(names)) == len(names)


def test_the_command_writes_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "mouth"
    assert main(["export", "c", "--model", "nano", "-o", str(folder), "--rig", "skull", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert sorted(path.name for path in folder.iterdir()) == sorted(told["files"])
    assert {"mandible.h", "mandible_model.c", "mandible_rig.c", "NOTICE"} <= set(told["files"])
    assert "en_librispeech: CC-BY-4.0" in (folder / "NOTICE").read_text(encoding="utf-8")
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert main(["export", "c", "--model", "nano", "-o", str(folder), "--rig", "skull"]) == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first
