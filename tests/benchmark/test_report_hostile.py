"""The page about a result that comes from anywhere: no text, number or size of it can break the page."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mandible.benchmarks import result as results
from mandible.benchmarks.measurement import Measurement, Series
from mandible.benchmarks.report import page
from mandible.benchmarks.report.axis import over
from mandible.errors import InputError
from tests.benchmark.made_result import made_result
from tests.benchmark.page_shape import check_shape, empty, written

FINITE = st.floats(allow_nan=False, allow_infinity=False)
HOSTILE = (
    "</title></style></svg><script>alert(1)</script><img src=http://x/ onerror=alert(2)>\"'&\x00\u202e\ud800"
)


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    def poisoned(value: Any) -> Any:
        if isinstance(value, str):
            return HOSTILE
        if isinstance(value, dict):
            return {f"{HOSTILE}{name}": poisoned(one) for name, one in value.items()}
        return [poisoned(one) for one in value] if isinstance(value, list) else value

    table = made_result().as_json()
    for name in ("device", "suite", "begun", "warm_up"):
        table[name] = HOSTILE
    for name in ("machine", "versions", "models", "settings", "not_measured"):
        table[name] = poisoned(table[name])
    for row in table["measurements"]:
        row["subject"], row["conditions"] = poisoned(row["subject"]), poisoned(row["conditions"])
        row["probe"] = HOSTILE + row["probe"]
    for row in table["series"]:
        row["columns"] = {name if "_" in name else HOSTILE: v for name, v in row["columns"].items()}
        row["subject"] = {**poisoned(row["subject"]), "phone": HOSTILE, "viseme": HOSTILE}
    table["comparison"]["against"] = HOSTILE
    for row in table["comparison"]["rows"]:
        row.update(figure=HOSTILE, unit=HOSTILE, why=HOSTILE, subject={"x": HOSTILE})
    (tmp_path / "r.json").write_text(json.dumps(table))
    text = written(tmp_path, results.read(tmp_path / "r.json"))
    check_shape(text)
    assert "<script" not in text
    assert "\x00" not in text


@pytest.mark.parametrize(
    "wrong",
    [[], "x", 7, {}, {"rows": 3}, {"rows": [1, None, {}]}, {"rows": [{"ratio": 10**400, "verdict": "worse"}]},
     {"rows": [{"ratio": -1, "low": 0, "high": 1e308, "verdict": "same", "subject": [1]}], "holds": "yes"}],
)  # fmt: skip
def test_a_comparison_of_any_shape_leaves_a_page(tmp_path: Path, wrong: Any) -> None:
    check_shape(written(tmp_path, replace(made_result(), comparison=wrong)))


def test_machine_models_and_settings_of_any_shape_leave_a_page(tmp_path: Path) -> None:
    found = empty()
    found.machine = {"cores": [1] * 9999, "board": {"a": "b" * 99_999}, "memory_mb": 10**5000}
    found.models = {"x": 3, "y": {"sha256": 1, "bytes": 10**5000}, "z": None}
    found.settings = {str(number): list(range(999)) for number in range(999)}
    text = written(tmp_path, found)
    check_shape(text)
    assert len(text) < 100_000


def test_an_empty_result_says_so(tmp_path: Path) -> None:
    text = written(tmp_path, empty())
    check_shape(text)
    assert "Nothing was measured." in text
    assert "<svg" not in text


def test_a_number_that_is_none_is_refused_before_it_is_drawn(tmp_path: Path) -> None:
    for bad in ("NaN", "Infinity", "1e999"):
        text = results.dumped(made_result()).replace("0.618", bad, 1)
        (tmp_path / "r.json").write_text(text)
        with pytest.raises(InputError):
            results.read(tmp_path / "r.json")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(FINITE, min_size=1, max_size=30), min_size=1, max_size=4))
def test_any_finite_numbers_can_be_drawn(rounds: list[list[float]]) -> None:
    found = empty()
    samples = tuple(map(tuple, rounds))
    for name in ("a", "b"):
        for figure in ("line_us", "cpu_s_per_audio_s", "accuracy", "rss_mb"):
            found.measurements.append(Measurement("p", figure, {"engine": name}, samples))
    values = [value for one in rounds for value in one]
    found.series.append(
        Series("p", "endurance", {}, {"time_s": values, "power_mw": values, "throttled": values})
    )
    found.series.append(Series("p", "syllable-sound", {}, {"time_ms": values, "level": values}))
    with np.errstate(all="ignore"):
        check_shape(f"<html>{page.body(found)}</html>")


def test_a_thousand_subjects_and_a_hundred_thousand_samples_stay_a_small_page(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    found = empty()
    for index in range(1000):
        subject = {"model": f"a model with a long name, number {index}", "engine": "c"}
        cost, score = float(random.lognormal(-5, 1)), float(random.uniform(0.2, 0.7))
        found.measurements += [
            Measurement("engines", "cpu_s_per_audio_s", subject, ((cost,), (cost * 1.01,))),
            Measurement("engines", "accuracy", subject, ((score,),), {}, (score - 0.01, score + 0.01)),
            Measurement("engines", "line_us", subject, (tuple(random.lognormal(3, 0.2, 50)),)),
        ]
    found.measurements.append(
        Measurement("x", "line_us", {"model": "m"}, (tuple(random.lognormal(3, 1, 100_000)),))
    )
    time_s = [float(t) for t in range(100_000)]
    found.series.append(
        Series("x", "endurance", {}, {"time_s": time_s, "power_mw": random.normal(9, 1, 100_000).tolist()})
    )
    began_s = time.thread_time()
    text = written(tmp_path, found)
    assert time.thread_time() - began_s < 10
    check_shape(text)
    assert len(text) < 4_000_000
    assert "The plot shows 40 of 1000 subjects; the table has all." in text
    assert text.count("number 999") >= 2


def test_axes_hold_their_values_and_say_some_of_them() -> None:
    for values in ([1.0, 1.0], [0.0, 0.0], [-3.0, 5.0], [1e-9, 1e9], [2.0, 2.3], [1e-300, 1e300], [5e-324]):
        for log in (False, True):
            axis = over(values, 10, 900, log=log)
            places = [axis.at(value) for value in sorted(values)]
            assert all(10 <= place <= 900 for place in places)
            assert all(one <= other for one, other in pairwise(places))
            assert 1 <= len(axis.ticks()) <= 40
