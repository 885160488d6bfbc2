"""The page about a result: what it shows, and how it says it."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from mandible.benchmarks import result as results
from mandible.benchmarks.figures import figure_named
from mandible.benchmarks.measurement import Series, exact
from mandible.benchmarks.report import comparison, costs, distributions, endurance, over_time, spread
from mandible.benchmarks.report.labels import overlap, placed
from mandible.benchmarks.report.style import LINES, PALETTE
from mandible.benchmarks.report.told import heading, number, subjects, told
from mandible.cli.main import main
from tests.benchmark.colours import contrast, difference, of_hex
from tests.benchmark.made_result import made_result
from tests.benchmark.page_shape import check_shape, empty, written


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(tmp_path_factory.mktemp("page"), made_result())


def test_every_kind_of_content_has_its_section_and_table(made: str) -> None:
    check_shape(made)
    for title in (
        "Against v0.0.9", "Accuracy and cost", "How latency spreads",
        "One syllable, from microphone to pulse",
        "Endurance", "Microcontroller cores in a simulator", "Not measured", "Measured on",
        "How to read it",
    ):  # fmt: skip
        section = made[made.index(f">{title}</h2>") :].split("</section>")[0]
        assert "<table>" in section, title
    for words in ("connect an INA219", "1" * 64, "numpy 2.4.6", "performance"):
        assert words in made
    assert made.count("<svg") > 20
    assert all('role="img" aria-label="' in svg for svg in re.findall(r"<svg[^>]*>", made))


def test_every_figure_stands_in_a_table_with_its_interval_and_meaning(made: str) -> None:
    for one in made_result().measurements:
        low, high = one.expected
        assert f">{number(one.value)}" in made or f" {number(one.value)} " in made, one
        assert low == high or f"{number(low, 3)} to {number(high, 3)}" in made, one
        assert escape(figure_named(one.figure).meaning) in made


def test_speed_stands_beside_accuracy_wherever_it_stands(made: str) -> None:
    tables = [
        table for table in re.findall(r"<table>.*?</table>", made) if "cpu s per audio s" in table.lower()
    ]
    tables += [
        table for table in re.findall(r"<table>.*?</table>", made) if ">CPU s per s of speech<" in table
    ]
    measured = [table for table in tables if ">accuracy<" in table.split("</tr>")[0]]
    # The last of them only tells what figures mean.
    assert len(measured) == len(tables) - 1 >= 3
    assert "not scored" in made
    assert "not timed" in made


def test_a_simulated_result_says_so_at_every_figure(tmp_path: Path) -> None:
    text = written(tmp_path, replace(made_result(simulated=True), comparison=None))
    assert "<h1>mandible on a Jetson (simulated)</h1>" in text
    assert "Every figure here was measured on something that stands for the device" in text
    sections = text[: text.index('<section id="missing">')].split("<section ")[1:]
    for section in sections:
        for table in re.findall(r"<table>(.*?)</table>", section):
            for row in table.split("<tr>")[2:]:
                assert "simulated" in row, row
        for svg in re.findall(r"<svg.*?</svg>", section):
            assert "simulated" in svg or "simulated)</h" in section, svg[:300]
    assert "simulated" not in written(tmp_path, empty())


def test_a_real_figure_is_not_called_simulated(made: str) -> None:
    assert "Figures marked “simulated” were measured" in made
    rows = [row for row in re.findall(r"<tr>.*?</tr>", made) if "simulated" in row]
    assert rows
    assert all("int8" in row or "fp16" in row or "fp32" in row for row in rows)


def test_a_plot_names_median_p95_p99_and_maximum_of_the_raw_samples() -> None:
    samples = list(np.random.default_rng(1).lognormal(2, 0.3, 1000))
    drawn = spread.draw([spread.spread("small", samples)], "µs", "label", 960)
    for rank, value in zip(("p50", "p95", "p99"), np.percentile(samples, (50, 95, 99)), strict=True):
        assert f"small: {rank} {number(float(value))} µs, 1000 samples" in drawn
    assert f"small: max {number(max(samples))} µs" in drawn


def test_only_the_worse_is_marked_by_shape_and_word_and_comes_first() -> None:
    found = made_result()
    assert isinstance(found.comparison, dict)
    rows = comparison.held(found.comparison)
    assert [row.verdict for row in rows] == ["worse", "better", "same", "same", "not compared"]
    drawn = comparison.forest([row for row in rows if row.drawable], "label", 960)
    assert drawn.count("WORSE") == 3  # beside it, and when its bar or its mark is hovered
    assert drawn.count('stroke="var(--worse)" stroke-width="3"') == 1
    assert drawn.count("<title>limit 1.1</title>") == 4
    text = comparison.section(found)
    assert "Does not hold." in text
    assert "Holds." in comparison.section(replace(found, comparison={"holds": True, "rows": []}))


def test_an_offline_peer_has_another_mark_and_a_peer_without_score_no_point() -> None:
    entries = {one.name: one for one in costs.entries(made_result())}
    assert entries["Rhubarb"].kind == costs.OFFLINE
    assert entries["HeadAudio"].kind == costs.LIVE
    assert entries["small c"].kind == costs.OURS
    assert not entries["timed only"].has(costs.ACCURACY)
    assert not entries["scored only"].has(costs.ACCURACY)
    best = [one.name for one in costs.best_for_its_cost(list(entries.values()), costs.ACCURACY)]
    assert best == ["amplitude jaw", "nano c", "small c", "base c"]


def test_programs_scored_in_other_classes_are_not_ranked_by_accuracy(tmp_path: Path) -> None:
    found = made_result()
    found.measurements = [
        replace(one, conditions={**one.conditions, "classes": "wlipsync"})
        if one.subject.get("system") == "wLipSync" else one
        for one in found.measurements
    ]  # fmt: skip
    assert not costs.comparable(costs.entries(found), costs.ACCURACY)
    assert costs.comparable(costs.entries(found), "lip_shapes")
    assert "fewer classes are easier to tell apart" in written(tmp_path, found)


def test_throttled_stretches_are_those_of_the_series() -> None:
    columns = {"time_s": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0], "throttled": [0.0, 1.0, 1.0, 0.0, None, 1.0]}
    assert endurance.throttled(Series("p", "endurance", {}, columns)) == [(1.0, 3.0), (5.0, 5.0)]


def test_never_throttled_is_said_only_of_a_computer_that_tells() -> None:
    times: dict[str, list[float | None]] = {"time_s": [0.0, 1.0]}
    for throttled, words in (([0.0, 0.0], "never throttled"), ([None, None], "does not tell")):
        one = Series("p", "endurance", {}, {**times, "throttled": throttled})
        assert words in endurance.how_throttled(one)
    assert "does not tell" in endurance.how_throttled(Series("p", "endurance", {}, times))
    held = Series("p", "endurance", {}, {"time_s": [0.0, 1.0], "throttled": [1.0, 1.0]})
    assert endurance.how_throttled(held) == "Throttled: 0 to 1 s."


def test_a_long_series_keeps_its_extremes_but_not_all_its_points() -> None:
    values = [0.0] * 50_000
    values[31_234] = 9.0
    row = over_time.Row("x", "", [over_time.Line("x", [float(t) for t in range(50_000)], values)])
    drawn = over_time.draw([row], "s", "label", 960)
    heights = {point.split(",")[1] for point in re.findall(r'polyline points="([^"]*)"', drawn)[0].split()}
    assert len(heights) == 2
    assert len(drawn) < 60_000


def test_labels_lie_neither_on_each_other_nor_on_points() -> None:
    random = np.random.default_rng(3)
    spots = [(float(x), float(y)) for x, y in random.uniform((60, 60), (900, 400), (60, 2))]
    marks = [(x - 5, y - 5, x + 5, y + 5) for x, y in spots]
    found = placed([(x, y, "a name") for x, y in spots], (40, 40, 950, 440), marks)
    assert len(found) == len(spots)
    assert not any(overlap(one.box, other.box) for one, other in combinations(found, 2))
    assert not any(overlap(one.box, mark) for one in found for mark in marks)


def test_colours_can_be_read_on_either_paper_and_told_apart_by_the_colour_blind() -> None:
    for side in (0, 1):
        colours = {name: of_hex(pair[side]) for name, pair in PALETTE.items()}
        assert min(contrast(colours[name], colours["paper"]) for name in colours if name != "paper") >= 4.5
        for one, other in combinations(LINES, 2):
            for eye in (None, "protanopia", "deuteranopia"):
                assert difference(colours[one], colours[other], eye) > 15, (one, other, eye)


def test_names_tell_only_what_differs() -> None:
    both = [{"model": "nano", "engine": "c", "threads": 1}, {"model": "nano", "engine": "c", "threads": 2}]
    assert subjects(both) == ["1 thread", "2 threads"]
    assert subjects(both[:1]) == ["nano c 1 thread"]
    assert heading("link_messages_per_s") == "link messages per s, /s"
    assert told(exact("p", "model_bytes", {}, 143_360)) == "143\N{NARROW NO-BREAK SPACE}360"


def test_what_figures_were_measured_with_is_told(tmp_path: Path) -> None:
    found = empty()
    for speech in ("sample", "a corpus"):
        found.measurements.append(
            exact("size", "model_bytes", {"model": speech}, 1, {"speech": speech, "hops": 9})
        )
    assert "<td>speech sample / a corpus; hops 9</td>" in written(tmp_path, found)


def test_the_program_writes_the_page_of_a_result_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = replace(made_result(), comparison=None)
    results.write(tmp_path / "r.json", found)
    target = tmp_path / "page.html"
    assert main(["benchmark", "--from", str(tmp_path / "r.json"), "--html", str(target)]) == 0
    assert target.read_text(encoding="utf-8") == written(tmp_path, results.read(tmp_path / "r.json"))
    assert main(["benchmark", "--from", str(tmp_path / "r.json"), "--html", str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err


def test_distributions_hold_only_figures_whose_samples_spread() -> None:
    shown = {one.figure for one in distributions.shown(made_result())}
    assert {"stage_us", "line_us", "engine_us", "sound_to_pose_ms", "sound_to_pulse_ms"} <= shown
    assert "accuracy" not in shown
