"""Holding a result against a file: what is the same everywhere is gated, the rest says why it is not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mandible.benchmarks import result
from mandible.benchmarks.compare import files
from mandible.benchmarks.measurement import Measurement, exact
from mandible.benchmarks.result import Result
from mandible.cli import main as cli
from mandible.errors import InputError

SPEECH = {"speech": "sample", "speech_sha256": "0123456789abcdef", "hops": 1059}
SIZE = ("size", "model_bytes", {"model": "small"})
HEARD = ("engines", "accuracy", {"model": "small", "engine": "c"})


def accuracy(value: float, **conditions: str | int) -> Measurement:
    return exact(*HEARD, value, {**SPEECH, **conditions})


def size(value: float) -> Measurement:
    return exact(*SIZE, value)


def speed(value: float) -> Measurement:
    return Measurement("stages", "line_us", {"model": "small"}, ((value, value),))


def a_result(*found: Measurement, simulated: bool = False) -> Result:
    return Result(
        device="host", simulated=simulated, suite="quick", begun="2026-01-01T00:00:00+00:00",
        machine={}, measurements=list(found),
    )  # fmt: skip


def rows(comparison: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["figure"]: row for row in comparison["rows"]}


def test_equal_results_hold_and_speed_is_not_looked_at() -> None:
    baseline, now = (
        a_result(size(1000), accuracy(0.6), speed(10)),
        a_result(size(1000), accuracy(0.6), speed(99)),
    )
    found = files.compared(now, baseline, "old.json")
    assert found["holds"]
    assert found["against"] == "old.json"
    assert found["kind"] == "file"
    assert {row["figure"]: row["verdict"] for row in found["rows"]} == {
        "model_bytes": "same",
        "accuracy": "same",
    }


@pytest.mark.parametrize(
    ("before", "after", "verdict", "told"),
    [
        (size(1000), size(1010), "same", ""),  # exactly the tolerance of 1 %
        (size(1000), size(1011), "worse", "+11, +1.10 %; 1 % passes"),
        (size(1000), size(900), "better", ""),
        (accuracy(0.6), accuracy(0.597), "same", ""),  # exactly the tolerance of 0.5 %
        (accuracy(0.6), accuracy(0.5969), "worse", "-0.0031, -0.52 %; 0.5 % passes"),
        (accuracy(0.6), accuracy(0.7), "better", ""),
        (accuracy(0.0), accuracy(0.1), "better", ""),
        (size(0), size(5), "worse", "+5 where the baseline has none"),
    ],
)
def test_worse_is_what_exceeds_the_tolerance_in_the_bad_direction_and_says_by_how_much(
    before: Measurement, after: Measurement, verdict: str, told: str
) -> None:
    found = files.compared(a_result(after), a_result(before), "old.json")
    (row,) = found["rows"]
    assert (row["verdict"], row["why"]) == (verdict, told)
    assert found["holds"] == (verdict != "worse")
    assert (row["baseline"], row["now"]) == (before.value, after.value)
    assert row["low"] == row["high"] == row["ratio"]


def test_an_interval_over_speakers_does_not_excuse_a_loss_on_the_same_speech() -> None:
    before = replace(accuracy(0.6), interval=(0.5, 0.7))
    after = replace(accuracy(0.55), interval=(0.45, 0.65))
    assert not files.compared(a_result(after), a_result(before), "old.json")["holds"]


def test_other_speech_is_not_compared_and_says_what_differs() -> None:
    now = a_result(size(1000), accuracy(0.1, speech_sha256="fedcba9876543210"))
    found = files.compared(now, a_result(size(1000), accuracy(0.6)), "old.json")
    row = rows(found)["accuracy"]
    assert found["holds"]
    assert row["verdict"] == "not compared"
    assert row["why"] == "speech_sha256: 0123456789abcdef in the baseline, fedcba9876543210 now"
    assert row["ratio"] is None


def test_of_two_speeches_each_is_held_against_its_own() -> None:
    other = {"speech_sha256": "fedcba9876543210"}
    both = a_result(accuracy(0.6), accuracy(0.9, **other))
    found = files.compared(a_result(accuracy(0.9, **other), accuracy(0.6)), both, "old.json")
    assert [row["verdict"] for row in found["rows"]] == ["same", "same"]


def test_what_is_missing_now_and_what_is_new_are_both_listed() -> None:
    small, nano = size(1000), exact("size", "model_bytes", {"model": "nano"}, 500)
    found = files.compared(a_result(small, nano), a_result(small, accuracy(0.6)), "old.json")
    told = {(row["figure"], row["subject"]["model"]): (row["verdict"], row["why"]) for row in found["rows"]}
    assert told == {
        ("model_bytes", "small"): ("same", ""),
        ("accuracy", "small"): ("not compared", "not measured now"),
        ("model_bytes", "nano"): ("not compared", "not in the baseline"),
    }


@pytest.mark.parametrize("who", ["baseline", "now"])
def test_simulated_results_are_refused_in_one_line(who: str) -> None:
    baseline = a_result(size(1), simulated=who == "baseline")
    now = a_result(size(1), simulated=who == "now")
    with pytest.raises(InputError, match="simulated, which are never compared"):
        files.compared(now, baseline, "old.json")


def test_a_simulated_figure_among_others_is_not_compared() -> None:
    now = a_result(size(1000), replace(accuracy(0.1), simulated=True))
    found = files.compared(now, a_result(size(1000), accuracy(0.6)), "old.json")
    assert found["holds"]
    assert rows(found)["accuracy"]["why"] == "simulated now"


@pytest.mark.parametrize(
    ("baseline", "now", "told"),
    [
        (a_result(speed(1)), a_result(size(1)), "old.json: holds no size, count or accuracy"),
        (a_result(), a_result(size(1)), "old.json: holds no size, count or accuracy"),
        (a_result(size(1)), a_result(speed(1)), "this result: holds no size"),
        (a_result(size(1)), a_result(accuracy(0.5)), "nothing in it can be compared.*not measured now"),
        (a_result(accuracy(0.5)), a_result(accuracy(0.5, hops=7)), "hops: 1059 in the baseline, 7 now"),
        (a_result(size(1), size(2)), a_result(size(1)), "size small model_bytes: there twice"),
    ],
)
def test_nothing_in_common_is_an_error_and_no_pass(baseline: Result, now: Result, told: str) -> None:
    with pytest.raises(InputError, match=told):
        files.compared(now, baseline, "old.json")


def compared_on_the_command_line(before: Path, after: Path, *words: str) -> int:
    return cli.main(["benchmark", "--from", str(after), "--compare", str(before), *words])


def test_exit_codes_and_the_comparison_in_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after, out = tmp_path / "before.json", tmp_path / "after.json", tmp_path / "out.json"
    result.write(before, a_result(size(1000)))
    result.write(after, a_result(size(2000)))
    assert compared_on_the_command_line(before, before) == 0
    assert compared_on_the_command_line(before, after, "--json", "-o", str(out)) == 1
    told = json.loads(out.read_text(encoding="utf-8"))["comparison"]
    assert told["rows"][0]["why"] == "+1,000, +100.00 %; 1 % passes"
    assert result.read(out).comparison == told
    capsys.readouterr()


KINDS = (
    "half a file", "no text", "a list", "deep", "another schema", "another figure", "no number", "no rounds",
    "huge number",
)  # fmt: skip


def damaged(path: Path) -> dict[str, bytes]:
    result.write(path, a_result(size(1000)))
    whole = path.read_bytes()
    return {
        "half a file": whole[: len(whole) // 2],
        "no text": b"\x00\xff" * 50,
        "a list": b"[]",
        "deep": b"[" * 100_000,
        "another schema": whole.replace(b'"schema": 1', b'"schema": 99'),
        "another figure": whole.replace(b'"model_bytes"', b'"no_such_figure"'),
        "no number": whole.replace(b"[[1000.0]]", b"[[NaN]]"),
        "no rounds": whole.replace(b"[[1000.0]]", b"[]"),
        "huge number": whole.replace(b"[[1000.0]]", b"[[1e999]]"),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_baseline_is_one_line_and_exit_2(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    content = damaged(good)[kind]
    assert content != good.read_bytes()
    bad.write_bytes(content)
    assert compared_on_the_command_line(bad, good) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"mandible: {bad}: ")
    assert told.count("\n") == 1


def test_a_baseline_of_a_gigabyte_is_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    result.write(good, a_result(size(1000)))
    with bad.open("wb") as file:
        file.truncate(1 << 30)
    assert compared_on_the_command_line(bad, good) == 2
    assert "larger than" in capsys.readouterr().err
