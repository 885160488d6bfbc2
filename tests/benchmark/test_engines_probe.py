"""The grid of engines: real engines in real processes, and what cannot be measured has its own line."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from mandible.benchmarks import runner, suite
from mandible.benchmarks.bench import Bench
from mandible.benchmarks.devices import Device
from mandible.benchmarks.grid import accuracy
from mandible.benchmarks.grid.point import points
from mandible.benchmarks.hearing import score
from mandible.benchmarks.probes import engines as probe
from mandible.benchmarks.result import Result
from mandible.benchmarks.settings import read_settings
from mandible.benchmarks.speech import Speech, sample
from mandible.device.engines import available
from mandible.device.engines.onnx_float import OnnxFloatEngine
from mandible.errors import InputError
from mandible.models import released
from tests.benchmark.grid_point import point

COSTS = (
    "engine_us",
    "times_realtime",
    "cpu_s_per_audio_s",
    "rss_mb",
    "minor_faults",
    "major_faults",
    "start_ms",
)
TINY: dict[str, Any] = {"rounds": 2, "passes": 2, "hops": 40}


def run(scratch: Path, speech: Speech | None = None, **settings: Any) -> Result:
    step = suite.Step("engines", ("host",), probe.Settings(**{**TINY, **settings}))
    bench = Bench(Device("host"), speech or sample(), scratch)
    return runner.run(suite.Suite("mine", "", (step,)), (step,), bench, Console(quiet=True))


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return run(
        tmp_path_factory.mktemp("grid"),
        models=("nano", "small"),
        engines=("c",),
        every_engine_on=("nano",),
        precisions=("int8", "fp32"),
        threads=(1, 2),
    )


def test_every_engine_that_is_installed_is_measured_as_far_as_it_goes(grid: Result) -> None:
    assert grid.not_measured == {}
    found = {tuple(one.subject.values()) for one in grid.measurements}
    expected = {("nano", name, "int8", 1) for name in available()}
    expected |= {("nano", name, "int8", 2) for name in available() if name not in ("c", "reference")}
    expected |= {("nano", "onnx", "fp32", threads) for threads in (1, 2)}
    # The others only on the model that they were asked for.
    assert found == expected | {("small", "c", "int8", 1)}
    assert set(grid.versions) >= {"numpy", "ai-edge-litert", "onnxruntime"}


def test_speed_and_accuracy_are_of_the_same_subjects_each_figure_once(grid: Result) -> None:
    every = {*COSTS, *accuracy.FIGURES}
    subjects = {tuple(one.subject.items()) for one in grid.measurements}
    counted = Counter((tuple(one.subject.items()), one.figure) for one in grid.measurements)
    assert counted == Counter((subject, figure) for subject in subjects for figure in every)


def test_rounds_hold_raw_samples(grid: Result) -> None:
    (hops,) = grid.of("engines", "engine_us", engine="c", model="nano")
    assert [len(one) for one in hops.rounds] == [40, 40]
    assert hops.conditions["hops"] == 40
    (cost,) = grid.of("engines", "cpu_s_per_audio_s", engine="c", model="nano")
    assert len(cost.rounds) == 2
    assert all(1 <= len(one) <= 2 for one in cost.rounds)
    (speed,) = grid.of("engines", "times_realtime", engine="c", model="nano")
    # CPU time cannot be more than the clock's on one thread, but for what the clocks' steps do.
    assert cost.value <= 1.1 / speed.value


def test_the_order_of_costs_is_as_everybody_knows_it(grid: Result) -> None:
    def value(figure: str, engine: str) -> float:
        (one,) = grid.of("engines", figure, model="nano", engine=engine, precision="int8", threads=1)
        return one.value

    for figure in ("engine_us", "cpu_s_per_audio_s"):
        assert value(figure, "c") < value(figure, "onnx") < value(figure, "reference")
    assert value("rss_mb", "c") < value("rss_mb", "onnx")


def test_exact_engines_hear_alike_and_are_judged_as_the_score_judges(grid: Result) -> None:
    line = point().line(point().create())
    known = score(line, sample()).figures
    for engine in ("c", "tflite", "reference"):
        for ours, theirs in (
            ("accuracy", "accuracy_best"),
            ("macro_f1", "macro_f1_best"),
            ("lip_shapes", "shape_accuracy_best"),
            ("jaw_r", "jaw_correlation_best"),
        ):
            (one,) = grid.of("engines", ours, model="nano", engine=engine, precision="int8", threads=1)
            assert one.value == pytest.approx(known[theirs])
            # One voice: the same speech gives the same.
            assert one.expected == (one.value, one.value)
        recall, precision = known["bilabial_recall_best"], known["bilabial_precision_best"]
        (f1,) = grid.of("engines", "bilabial_f1", model="nano", engine=engine, precision="int8", threads=1)
        assert f1.value == pytest.approx(2 * recall * precision / (recall + precision))


def test_exact_engines_are_judged_once_for_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[str] = []
    real = accuracy.scored

    def counted(line: Any, speech: Speech) -> Any:
        judged.append(line.engine.name)
        return real(line, speech)

    monkeypatch.setattr(accuracy, "scored", counted)
    found = run(tmp_path, models=("nano",), engines=("c", "tflite"), threads=(1, 2))
    assert len(list(found.of("engines", "accuracy"))) == 3
    assert judged == ["c"]


def test_several_speakers_give_an_interval(tmp_path: Path) -> None:
    one = sample().recordings[0]
    half = len(one.pcm) // 2
    cut_s = half / 16_000
    first = tuple(row for row in one.phones if row[1] <= cut_s)
    second = tuple((a - cut_s, b - cut_s, phone) for a, b, phone in one.phones if a >= cut_s)
    two = Speech("two", (
        dataclasses.replace(one, name="a", speaker="a", pcm=one.pcm[:half], phones=first),
        dataclasses.replace(one, name="b", speaker="b", pcm=one.pcm[half:], phones=second),
    ))  # fmt: skip
    found = run(tmp_path, two, models=("nano",), engines=("c",))
    (heard,) = found.of("engines", "accuracy")
    low, high = heard.expected
    assert low < heard.value < high
    assert heard.conditions["speakers"] == 2


@pytest.mark.parametrize(
    ("settings", "part", "reason"),
    [
        ({"engines": ("c", "tflite-runtime")}, "nano on tflite-runtime, int8, 1 thread", "pip install"),
        ({"engines": ("c", "tensorrt")}, "nano on tensorrt, int8, 1 thread", "jetson_tensorrt"),
        ({"models": ("nano", "tiny"), "engines": ("c",)}, "tiny", "tiny"),
    ],
)
def test_what_is_not_here_has_its_line_and_the_others_go_on(
    settings: dict[str, Any], part: str, reason: str, tmp_path: Path
) -> None:
    found = run(tmp_path, **{"models": ("nano",), **settings})
    assert list(found.not_measured) == [f"engines: {part}"]
    told = found.not_measured[f"engines: {part}"]
    assert reason in told
    assert "\n" not in told
    assert {one.subject["engine"] for one in found.measurements} == {"c"}


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"threads": (2,)}, "works on one thread, not 2; more can be used by"),
        ({"precisions": ("fp32",)}, "computes in int8 only; fp32 is for onnx"),
    ],
)
def test_an_engine_that_has_no_such_point_says_so(
    settings: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    found = run(tmp_path, models=("nano",), engines=("c",), **settings)
    assert found.measurements == []
    (told,) = found.not_measured.values()
    assert reason in told


def test_a_damaged_model_and_one_without_float_weights(tmp_path: Path) -> None:
    damaged, copy = tmp_path / "damaged.tflite", tmp_path / "nano.tflite"
    content = released.resolve("nano").path.read_bytes()
    damaged.write_bytes(content[: len(content) // 2])
    copy.write_bytes(content)
    found = run(
        tmp_path, models=(str(damaged), str(copy)), engines=("onnx",), precisions=("int8", "fp32"), passes=1
    )
    # A file of the same name is not the released model: its weights are not taken for the file's.
    assert {(one.subject["model"], one.subject["precision"]) for one in found.measurements} == {
        ("nano", "int8")
    }
    assert len(found.not_measured) == 2
    assert f"engines: {damaged}" in found.not_measured
    assert "engines: nano on onnx, fp32, 1 thread" in found.not_measured
    assert all("\n" not in told for told in found.not_measured.values())


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"threads": [0]}, "must be 1 to 64, got 0"),
        ({"threads": [9999]}, "must be 1 to 64, got 9999"),
        ({"threads": [True]}, "must be a whole number"),
        ({"engines": ["cc"]}, r'"cc" is none of \*, c, litert'),
        ({"engines": []}, "must be a list"),
        ({"precisions": ["fp16"]}, '"fp16" is none of int8, fp32'),
        ({"rounds": 1}, "must be 2 to 100, got 1"),
        ({"hops": 0}, "must be 10 to 100000, got 0"),
    ],
)
def test_settings_that_cannot_be_are_refused_before_anything_is_measured(
    table: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        read_settings(probe.Settings, table, "s.toml: probes.engines")


def test_points_leave_out_what_an_engine_has_in_another_form() -> None:
    file = released.resolve("nano")
    made = [
        (one.engine, one.precision, one.threads)
        for one in points("nano", file, ("c", "onnx"), ("int8", "fp32"), (1, 2))
    ]
    assert made == [
        ("c", "int8", 1),
        *(("onnx", precision, threads) for precision in ("int8", "fp32") for threads in (1, 2)),
    ]


def test_both_suites_have_it_for_every_computer() -> None:
    for name in ("quick", "full"):
        (step,) = (step for step in suite.load(name).steps if step.probe == "engines")
        assert step.devices == ("host", "rpi", "jetson")
        assert step.settings.rounds >= 5


def test_float_weights_hear_about_as_their_int8_model_does(grid: Result) -> None:
    values = [
        grid.of("engines", "accuracy", engine="onnx", precision=precision, threads=1)[0].value
        for precision in ("int8", "fp32")
    ]
    assert abs(values[0] - values[1]) < 0.03
    engine = OnnxFloatEngine("nano")
    first = [engine.step(np.full(40, step, np.int8)).tolist() for step in range(5)]
    engine.reset()
    assert [engine.step(np.full(40, step, np.int8)).tolist() for step in range(5)] == first
    assert engine.head_values() == {}
