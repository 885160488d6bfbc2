"""Results: what a file holds comes back from it, agrees with the published schema, and is read with care."""

from __future__ import annotations

import json
import math
from pathlib import Path

import jsonschema
import pytest

from mandible.benchmarks import result
from mandible.benchmarks.machine import machine, versions
from mandible.benchmarks.measurement import Measurement, Series, exact
from mandible.benchmarks.result import Result
from mandible.errors import InputError

SCHEMA = json.loads(Path(result.__file__).with_name("result.schema.json").read_text())


def made() -> Result:
    """A result with a little of everything."""
    subject = {"model": "nano", "engine": "c", "precision": "int8", "threads": 1}
    timed = Measurement("engines", "engine_us", subject, ((4.0, 5.0, 6.0), (4.0, 5.5, 9.0)), {"hops": 3})
    heard = Measurement("engines", "accuracy", subject, ((0.7,),), interval=(0.65, 0.74))
    return Result(
        device="host",
        simulated=False,
        suite="quick",
        begun="2026-01-02T03:04:05+00:00",
        machine=machine(),
        versions=versions(),
        models={"nano": {"sha256": "0" * 64, "bytes": 5, "parameters": 3}},
        settings={"engines": {"models": ["nano"]}},
        warm_up="none",
        duration_s=2.0,
        measurements=[timed, heard, exact("size", "model_bytes", {"model": "nano"}, 51104)],
        series=[Series("endurance", "endurance", {}, {"time_s": [0.0, 1.0], "temperature_c": [40.5, None]})],
        not_measured={"energy": "no meter"},
    )


def test_a_result_comes_back_from_its_file_and_agrees_with_the_schema(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    result.write(path, made())
    assert result.read(path) == made()
    jsonschema.validate(json.loads(path.read_text()), SCHEMA)


def test_raw_samples_are_kept_and_the_figure_is_the_median_of_the_rounds() -> None:
    timed = made().measurements[0]
    assert timed.samples == (4.0, 5.0, 6.0, 4.0, 5.5, 9.0)
    assert timed.of_rounds == (5.0, 5.5)
    assert timed.value == 5.25
    assert timed.summary()["max"] == 9.0


def test_measurements_are_found_by_probe_figure_and_subject() -> None:
    found = made()
    assert [one.figure for one in found.of("engines", engine="c")] == ["engine_us", "accuracy"]
    assert found.of(figure="accuracy", engine="litert") == []


@pytest.mark.parametrize("sample", [math.nan, math.inf])
def test_what_is_no_number_is_no_sample(sample: float) -> None:
    with pytest.raises(ValueError, match="no finite number"):
        Measurement("p", "accuracy", {}, ((sample,),))


def test_a_measurement_needs_samples_and_a_known_figure() -> None:
    with pytest.raises(ValueError, match="without samples"):
        Measurement("p", "accuracy", {}, ((),))
    with pytest.raises(ValueError, match=r"no figure of figures\.toml"):
        Measurement("p", "acuracy", {}, ((1.0,),))


def damaged(change: str) -> str:
    """A result file's text with one thing wrong."""
    table = json.loads(result.dumped(made()))
    first = table["measurements"][0]
    match change:
        case "no rounds":
            del first["rounds"]
        case "a sample is text":
            first["rounds"][0][0] = "4"
        case "a sample is not a number":
            return json.dumps(table).replace("[4.0, 5.0, 6.0]", "[NaN, 5.0, 6.0]")
        case "a sample is huge":
            return json.dumps(table).replace("[4.0, 5.0, 6.0]", "[1e999, 5.0, 6.0]")
        case "an unknown figure":
            first["figure"] = "beauty"
        case "a nested subject":
            first["subject"] = {"model": {"a": 1}}
        case "measurements are no list":
            table["measurements"] = 7
        case "simulated is no truth value":
            table["simulated"] = "no"
        case "columns differ in length":
            table["series"][0]["columns"]["time_s"] = [1.0]
        case "another schema":
            table["schema"] = 2
        case "machine is text":
            table["machine"] = "big"
        case "another program's":
            table = {"benchmark": "engines"}
        case "no JSON":
            return "{"
        case "a list":
            return "[]"
    return json.dumps(table)


@pytest.mark.parametrize(
    "change",
    [
        "no rounds", "a sample is text", "a sample is not a number", "a sample is huge", "an unknown figure",
        "a nested subject", "measurements are no list", "simulated is no truth value",
        "columns differ in length", "another schema", "machine is text", "another program's", "no JSON",
        "a list",
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused_in_one_line_that_names_it(change: str, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(damaged(change))
    with pytest.raises(InputError) as refused:
        result.read(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert "\n" not in str(refused.value)


def test_result_files_that_come_with_mandible_agree_with_the_schema() -> None:
    files = sorted(Path(result.__file__).with_name("results").glob("*.json"))
    ours = [path for path in files if json.loads(path.read_text())["benchmark"] == result.BENCHMARK]
    assert ours
    for path in ours:
        jsonschema.validate(json.loads(path.read_text()), SCHEMA)
        result.read(path)
