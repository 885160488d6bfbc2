"""``mandible doctor``: each check tells what is wrong and how to mend it, and the verb says it plainly."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mandible.cli.main import main
from mandible.device.doctor import FAIL, OK, WARN, Check, engines, examination, installed, sound
from mandible.device.telemetry import Telemetry


def fine(*_: object) -> Iterator[Check]:
    yield Check("anything", OK, "fine")


@pytest.fixture
def healthy(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine on which every check holds; a test breaks one."""
    for _, module, function, _ in examination.LOOKS:
        monkeypatch.setattr(f"mandible.device.doctor.{module}.{function}", fine)
    monkeypatch.setattr(sound, "start", lambda quick: None)
    monkeypatch.setattr(engines, "start", lambda: None)
    return monkeypatch


def test_a_healthy_machine(healthy: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(examination.LOOKS)
    assert all(line.strip() == "ok anything: fine" for line in lines)


def test_a_required_part_missing_fails_and_says_how_to_mend_it(
    healthy: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = Check("numpy", FAIL, "not there", "pip install numpy")
    healthy.setattr(installed, "numpy", lambda: [missing])
    assert main(["doctor"]) == 1
    assert "mend it: pip install numpy" in capsys.readouterr().out
    assert main(["doctor", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    expected = {"name": "numpy", "result": "fail", "finding": "not there", "remedy": "pip install numpy"}
    assert expected in told["checks"]


def test_a_warning_does_not_fail(healthy: pytest.MonkeyPatch) -> None:
    healthy.setattr(sound, "microphones", lambda *_: [Check("microphone", WARN, "none", "plug one in")])
    assert main(["doctor", "--json"]) == 0


def test_a_check_that_breaks_is_a_finding_and_the_rest_goes_on(
    healthy: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def pieces(*_: object) -> Iterator[Check]:
        yield Check("engines", OK, "c")
        raise RuntimeError("registry in pieces")

    healthy.setattr(engines, "engines", pieces)
    assert main(["doctor"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "fail engines: the check itself failed: RuntimeError: registry in pieces" in lines
    assert len(lines) == len(examination.LOOKS) + 2


def test_telemetry_that_breaks_is_a_finding_too(
    healthy: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: object) -> None:
        raise OSError("no such thing")

    healthy.setattr(Telemetry, "read", broken)
    assert main(["doctor"]) == 1
    assert "fail throttling: the check itself failed: OSError" in capsys.readouterr().out


def test_what_comes_from_devices_stays_on_its_line(
    healthy: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = Check("microphone", WARN, "mic [red]\x1b[2J\nok all: fine", "say\r\nyes")
    healthy.setattr(sound, "microphones", lambda *_: [evil])
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert r"warn microphone: mic [red]\x1b[2J\nok all: fine" in lines
    assert r"       mend it: say\r\nyes" in lines


def test_on_a_terminal_lines_break_between_words_and_commands_not_at_all(
    healthy: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    finding, remedy = "a microphone that is far away " * 5, "pactl set-source-mute @DEFAULT_SOURCE@ 0; " * 3
    healthy.setattr(sound, "microphones", lambda *_: [Check("microphone", WARN, finding, remedy.strip())])
    healthy.setattr("sys.stdout.isatty", lambda: True)
    healthy.setenv("COLUMNS", "50")
    assert main(["doctor"]) == 0
    lines = re.sub("\x1b\\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    begin = next(at for at, line in enumerate(lines) if line.startswith("warn microphone"))
    end = lines.index(f"       mend it: {remedy.strip()}")
    assert " ".join(" ".join(lines[begin:end]).split()) == f"warn microphone: {finding.strip()}"
    assert end - begin > 2
    assert all(len(line) <= 50 for line in lines[begin:end])


def test_this_computer_is_examined_quickly(capsys: pytest.CaptureFixture[str]) -> None:
    main(["doctor", "--quick", "--json"])
    told = json.loads(capsys.readouterr().out)
    names = [check["name"] for check in told["checks"]]
    assert {"python", "numpy", "models", "engines", "telemetry", "throttling", "disk space"} <= set(names)
    assert "engine times" not in names
    assert not any(name.startswith("level of") for name in names)
    assert all(check["remedy"] for check in told["checks"] if check["result"] != OK)


@pytest.mark.parametrize("folder", ["src/mandible", "docs"])
def test_nobody_is_sent_to_a_registry_that_does_not_have_mandible(folder: str) -> None:
    root = Path(__file__).parents[2]
    pages = [
        Path(at, name)
        for at, _, names in os.walk(root / folder, followlinks=True)
        for name in names
        if name.endswith((".py", ".md"))
    ]
    assert len(pages) > 5
    asked = re.compile(r"pip install [^\n]*\bmandible\b(?!'s)|mandible\[")
    assert [page.name for page in pages if asked.search(page.read_text("utf-8"))] == []
