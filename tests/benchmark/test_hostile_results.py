"""A result file of anybody's: shown as it is written, refused in one line, never a traceback or a colour."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mandible.benchmarks import result
from mandible.benchmarks.compare import verdicts
from mandible.benchmarks.measurement import exact
from mandible.cli.main import main
from mandible.own_python import own_environment, own_python
from tests.benchmark.test_result import made

MARKUP = ("[red]", "[/red]", "[link=http://x]y", ":smile:", "\x1b[2Jx", "a\nb", "\u202ex")
PRINTED = ("[red]", "[/red]", "[link=http://x]y", ":smile:", r"\x1b[2Jx", r"a\nb", r"\u202ex")


def with_comparison() -> dict[str, Any]:
    """A result's table, compared with a file."""
    found = made()
    row = verdicts.exact_row("size", "model_bytes", {"model": "nano"}, 10, 11, 0.01)
    found.comparison = {"against": "old.json", "kind": "file", "holds": False, "rows": [row]}
    table: dict[str, Any] = json.loads(result.dumped(found))
    return table


def kept(folder: Path, table: dict[str, Any]) -> str:
    """Write a table to a file; return its name."""
    path = folder / "r.json"
    path.write_text(json.dumps(table))
    return str(path)


@pytest.mark.parametrize(("text", "printed"), list(zip(MARKUP, PRINTED, strict=True)))
def test_text_that_looks_like_markup_or_commands_is_printed_as_it_is(
    text: str, printed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = with_comparison()
    table["machine"]["board"] = text
    table["measurements"][2]["subject"] = {text: text}
    table["not_measured"] = {text: text}
    table["comparison"]["against"] = text
    table["comparison"]["rows"][0].update(figure=text, why=text, subject={"model": text})
    assert main(["benchmark", "--from", kept(tmp_path, table)]) == 1
    shown = capsys.readouterr().out
    # The board, a subject's key and value, two words of what was not measured, four of the comparison.
    assert shown.count(printed) == 9
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("measurements", 1, "interval"), [0.5]),
        (("measurements", 0, "conditions", "hops"), float("nan")),
        (("measurements", 0, "rounds", 0, 0), 1e308),
        (("duration_s",), float("nan")),
        (("machine", "cores"), float("inf")),
        (("models", "nano", "bytes"), [float("nan")]),
        (("comparison", "rows", 0, "finds"), float("nan")),
        (("comparison", "rows", 0, "ratio"), 1e308),
    ],
)
def test_what_could_not_be_shown_or_written_again_is_refused_in_one_line(
    place: tuple[str | int, ...], value: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = with_comparison()
    within: Any = table
    for name in place[:-1]:
        within = within[name]
    within[place[-1]] = value
    assert main(["benchmark", "--from", kept(tmp_path, table), "--json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "damaged or of another version" in err
    assert err.count("\n") == 1


def test_an_interval_with_one_end_is_left_out_of_the_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = with_comparison()
    table["comparison"]["rows"][0]["high"] = None
    assert main(["benchmark", "--from", kept(tmp_path, table)]) == 1
    assert "worse: +1" in capsys.readouterr().out


def test_a_ratio_that_is_no_number_is_left_out() -> None:
    row = verdicts.exact_row("size", "model_bytes", {"model": "nano"}, 5e-324, 1e30, 0.01)
    assert row["ratio"] is None
    assert row["verdict"] == "worse"


def test_the_table_says_how_many_figures_were_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    now, baseline = made(), made()
    baseline.measurements.append(exact("size", "model_bytes", {"model": "small"}, 5))
    for name, found in (("now.json", now), ("old.json", baseline)):
        result.write(tmp_path / name, found)
    words = ["--from", str(tmp_path / "now.json"), "--compare", str(tmp_path / "old.json")]
    assert main(["benchmark", *words]) == 0
    assert "holds; 2 of 3 figures compared" in " ".join(capsys.readouterr().out.split())


def test_a_result_with_nothing_to_compare_is_kept_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    baseline = made()
    baseline.measurements = [exact("size", "model_bytes", {"model": "small"}, 5)]
    for name, found in (("now.json", made()), ("old.json", baseline)):
        result.write(tmp_path / name, found)
    copy = tmp_path / "copy.json"
    words = ["--from", str(tmp_path / "now.json"), "--compare", str(tmp_path / "old.json"), "-o", str(copy)]
    assert main(["benchmark", *words]) == 2
    assert "nothing in it can be compared" in capsys.readouterr().err
    assert result.read(copy) == made()


@pytest.mark.parametrize("json_too", [(), ("--json",)])
def test_a_reader_that_goes_away_changes_no_verdict(json_too: tuple[str, ...], tmp_path: Path) -> None:
    for holds, code in ((True, 0), (False, 1)):
        table = with_comparison()
        table["comparison"]["holds"] = holds
        reading, writing = os.pipe()
        os.close(reading)
        try:
            ended = subprocess.run(
                own_python("mandible.cli.main", "benchmark", "--from", kept(tmp_path, table), *json_too),
                stdout=writing, stderr=subprocess.PIPE, env=own_environment(), timeout=60,
            )  # fmt: skip
        finally:
            os.close(writing)
        assert ended.returncode == code
        assert ended.stderr == b""
