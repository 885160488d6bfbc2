"""The verb: what it prints, writes and refuses."""

from __future__ import annotations

import errno
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from mandible.benchmarks import result, table
from mandible.benchmarks.measurement import Measurement, exact
from mandible.benchmarks.plain_console import PlainConsole
from mandible.benchmarks.probes import size
from mandible.cli.main import main
from mandible.own_python import own_environment
from tests.benchmark.test_result import SCHEMA, made

SIZES = """\
schema = 1
summary = "sizes alone"
[probes.size]
devices = ["host", "rpi", "jetson"]
models = ["nano", "small"]
"""


@pytest.fixture
def sizes(tmp_path: Path) -> str:
    """A suite that takes no time."""
    path = tmp_path / "sizes.toml"
    path.write_text(SIZES)
    return str(path)


def test_json_is_the_result_file_and_agrees_with_the_schema(
    sizes: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "r.json"
    assert main(["benchmark", "--device", "host", "--suite", sizes, "--json", "-o", str(kept)]) == 0
    told = json.loads(capsys.readouterr().out)
    jsonschema.validate(told, SCHEMA)
    assert told == json.loads(kept.read_text())
    assert [row["subject"]["model"] for row in told["measurements"]] == ["nano", "small"]
    assert set(told["models"]) == {"nano", "small"}


def test_a_result_can_be_shown_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "r.json"
    result.write(kept, made())
    assert main(["benchmark", "--from", str(kept)]) == 0
    shown = capsys.readouterr().out
    assert "energy: not measured: no meter" in shown
    # The median of the rounds' medians, how far another run may be off, and the spread of all samples.
    assert "5.25" in shown
    assert "/ 9" in shown


def test_what_libraries_print_is_kept_out_of_the_json(sizes: str, tmp_path: Path) -> None:
    chatty = tmp_path / "chatty.py"
    chatty.write_text(
        "import os, sys\n"
        "from mandible.benchmarks.probes import size\n"
        "from mandible.cli.main import main\n"
        "before = size.measure\n"
        "def measure(*words):\n"
        "    print('by Python')\n"
        "    os.write(1, b'by C\\n')\n"
        "    yield from before(*words)\n"
        "size.measure = measure\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    words = [sys.executable, str(chatty), "benchmark", "--device", "host", "--suite", sizes, "--json"]
    ended = subprocess.run(words, capture_output=True, env=own_environment(), timeout=60)
    assert ended.returncode == 0
    assert len(json.loads(ended.stdout)["measurements"]) == 2
    assert b"by Python" in ended.stderr
    assert b"by C" in ended.stderr


def test_only_may_be_said_twice(sizes: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--device", "host", "--suite", sizes, "--only", "sise", "--only", "size"]
    assert main(["benchmark", *words]) == 2
    assert "--only sise: not in suite sizes" in capsys.readouterr().err


def test_the_first_of_several_numbers_is_named_where_it_is_no_median() -> None:
    one = Measurement("avr", "interrupt_us", {"board": "uno"}, ((1.0, 2.0),))
    (shown,) = table.tables(replace(made(), measurements=[one]))
    assert str(shown.columns[1].header) == "interrupt us worst / p95 / p99 / max"


def test_a_full_disk_ends_one_probe_and_is_noted(
    sizes: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The full disk is made: a real one would need a file system of its own, so root."""

    def full(*_: object) -> Iterator[Measurement]:
        yield exact("size", "model_bytes", {"model": "nano"}, 5)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/tmp/x")

    monkeypatch.setattr(size, "measure", full)
    assert main(["benchmark", "--device", "host", "--suite", sizes, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["not_measured"] == {"size": "/tmp/x: No space left on device"}
    assert [row["value"] for row in told["measurements"]] == [5]


@pytest.mark.parametrize(
    ("figure", "unit"),
    [("link_bytes_per_s", ""), ("start_ms", ""), ("line_load_percent", ""), ("temperature_c", ""),
     ("energy_j_per_audio_s", ""), ("set_points_refused", ""), ("times_realtime", " x"), ("slowdown", " x")],
)  # fmt: skip
def test_a_head_tells_its_unit_once(figure: str, unit: str) -> None:
    one = exact("p", figure, {"model": "nano"}, 1.0)
    found = replace(made(), measurements=[one])
    heads = [str(column.header) for shown in table.tables(found) for column in shown.columns]
    assert heads == ["model", figure.replace("_", " ") + unit]


def test_on_a_narrow_terminal_no_number_is_cut_off() -> None:
    console = PlainConsole(width=30, file=io.StringIO())
    for shown in table.tables(made()):
        console.print(shown)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "…" not in text


def test_speed_never_stands_without_accuracy() -> None:
    heads = [
        [str(column.header) for column in one.columns]
        for one in table.tables(made())
        if any("engine us" in str(column.header) for column in one.columns)
    ]
    assert heads
    assert all("accuracy" in head for head in heads)


def test_a_simulated_figure_says_so_wherever_it_is_shown(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "proc/device-tree").mkdir(parents=True)
    (tmp_path / "proc/device-tree/model").write_text("Raspberry Pi 4 Model B\0")
    suite = tmp_path / "sizes.toml"
    suite.write_text(SIZES)
    assert main(["benchmark", "--device", "rpi", "--root", str(tmp_path), "--suite", str(suite)]) == 0
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith(("nano", "small"))]
    assert len(rows) == 2
    assert all("simulated" in row for row in rows)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--suite", "quik"], "--suite quik: choose one of full, quick, or name a .toml file"),
        (["--suite", "none.toml"], "none.toml: no such file"),
        (["--only", "sise"], "--only sise: not in suite quick"),
        (["--set", "en_x"], "--set: needs --corpus DIR"),
        (["--speech", "60"], "--speech: needs --corpus DIR"),
        (["--corpus", ".", "--speech", "nan"], "--speech nan: give more than 0 and at most 86400 seconds"),
        (["--corpus", ".", "--speech", "-5"], "--speech -5: give more than 0"),
        (["--from", "none.json"], "none.json: no such file"),
        (["-o", "nowhere/r.json"], "nowhere/r.json: cannot be written: there is no folder nowhere"),
        (["--html", "nowhere/r.html"], "nowhere/r.html: cannot be written: there is no folder nowhere"),
        (["--root", "nowhere"], "--root nowhere: no such folder"),
        (["--corpus", "nowhere"], "nowhere"),
    ],
)
def test_bad_usage_is_refused_in_one_line_before_anything_is_measured(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["benchmark", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


def test_a_probe_that_cannot_work_here_is_noted_and_the_others_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suite = tmp_path / "s.toml"
    suite.write_text(SIZES.replace('"small"', '"tiny"'))
    assert main(["benchmark", "--device", "host", "--suite", str(suite)]) == 0
    out = capsys.readouterr().out
    assert "size: not measured: " in out
    assert "51,104" in out


def test_a_run_that_measured_nothing_at_all_says_why_and_ends_with_exit_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suite = tmp_path / "s.toml"
    suite.write_text(SIZES.replace('"nano", "small"', '"tiny"'))
    assert main(["benchmark", "--device", "host", "--suite", str(suite)]) == 3
    assert "size: not measured: " in capsys.readouterr().out
