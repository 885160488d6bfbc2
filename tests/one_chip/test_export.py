"""``mandible export firmware``: what it writes, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mandible.benchmarks import one_chip
from mandible.cli.main import main
from mandible.errors import InputError
from mandible.firmware_bridge import _board
from mandible.firmware_bridge.limits import limits_crc
from mandible.firmware_bridge.rig import Rig
from mandible.quantize.boards import tools
from mandible.quantize.one_chip import baked
from tests.firmware.wire import Wire

ARGUMENTS = ["export", "firmware", "--board", "cortex-m4", "--rig", "skull"]


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error


def test_it_builds_and_says_what_it_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*ARGUMENTS, "-o", str(tmp_path), "--build", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert Path(told["image"]).read_bytes()[:4] == b"\x7fELF"
    # docs/one-chip.md shows the result that is kept.
    kept = next(
        row for row in json.loads(one_chip.RESULT.read_text("utf-8"))["rows"] if row["board"] == "cortex-m4"
    )
    assert told["flash_bytes"] == pytest.approx(kept["flash_bytes"], rel=0.02)
    assert told["ram_bytes"] == pytest.approx(kept["ram_bytes"], rel=0.05)
    assert {"Makefile", "README.md", "NOTICE", "core/core.c", "one_chip/one_chip.c"} <= set(told["files"])
    assert all((tmp_path / name).is_file() for name in told["files"])
    # Where things lie on this computer is nobody's business.
    assert str(Path(Rig.load("skull").file).parent) not in (tmp_path / "README.md").read_text(
        encoding="utf-8"
    )


def test_without_build_it_says_how(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*ARGUMENTS, "-o", str(tmp_path / "new")]) == 0
    assert f"make -C {tmp_path / 'new'}" in capsys.readouterr().out


def test_servos_that_the_c_does_not_move_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*ARGUMENTS[:-1], "owl", "-o", str(tmp_path)]) == 0
    assert "idle life and expression are not exported" in one_line(capsys)
    assert "eyelids" in (tmp_path / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--board", "uno"], "use cortex-m4, pico"),
        (["--model", "base"], "instructions in 10 ms, and there are 320,000"),
        (["--board", "pico", "--model", "base"], "bytes of RAM, and there are 270,336"),
        (["--board", "pico", "--microphone", "tape"], "use i2s, pdm, adc"),
        (["--model", "nothing"], "nothing"),
        (["--rig", "nobody"], "nobody"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_and_writes_nothing(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*ARGUMENTS, *arguments, "-o", str(tmp_path / "new")]) == 2
    assert said in one_line(capsys)
    assert not (tmp_path / "new").exists()


def test_a_file_in_the_way_stops_it_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "core").write_text("mine", encoding="utf-8")
    assert main([*ARGUMENTS, "-o", str(tmp_path)]) == 2
    assert "cannot be made a folder" in one_line(capsys)
    assert (tmp_path / "core").read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "Makefile").exists()


def test_a_folder_of_something_else_keeps_its_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("mine")
    words = ("export", "firmware", "--board", "cortex-m4", "--rig", "skull", "-o", str(tmp_path))
    assert main(words) == 2
    assert "README.md: is there already" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["README.md"]
    readme.unlink()
    # Files beside it are nobody's business, and one's own export is written anew.
    (tmp_path / "notes.txt").write_text("mine")
    assert main(words) == 0
    assert main(words) == 0
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("missing", ["make", "arm-none-eabi-gcc"])
def test_a_missing_program_is_named_with_its_package(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = tools.shutil.which  # type: ignore[attr-defined]
    monkeypatch.setattr(tools.shutil, "which", lambda name: None if name == missing else real(name))  # type: ignore[attr-defined]
    assert main([*ARGUMENTS, "-o", str(tmp_path), "--build"]) == 3
    assert f"{missing} is missing; run: apt-get install {tools.APT[missing]}" in one_line(capsys)


def test_a_program_that_does_not_compile_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hook = tmp_path / "broken"
    hook.mkdir()
    assert main([*ARGUMENTS, "-o", str(hook)]) == 0
    capsys.readouterr()
    (hook / "GNUmakefile").write_text("all:\n\t@echo 'error: no' >&2; false\n", encoding="utf-8")
    assert main([*ARGUMENTS, "-o", str(hook), "--build"]) == 2
    assert "does not build: error: no" in one_line(capsys)


def test_names_of_any_kind_reach_no_code(tmp_path: Path) -> None:
    name = '*/ int x; /* " \\ $(touch pwned) ` #'
    rig = tmp_path / "a $(touch pwned) rig.toml"
    channel = "output = 3\nmin_us = 1000\nmax_us = 2000\nneutral_us = 1500\n"
    rig.write_text(
        f"schema = 1\n[channels.'{name}']\n{channel}[poses]\nsil = {{ '{name}' = 0.0 }}\n", "utf-8"
    )
    out = tmp_path / "out"
    assert (
        main(["export", "firmware", "--board", "cortex-m4", "--rig", str(rig), "-o", str(out), "--build"])
        == 0
    )
    assert not list(tmp_path.rglob("pwned"))
    assert "int x" not in (out / "one_chip" / "one_chip_rig.h").read_text(encoding="utf-8")
    assert "touch" not in (out / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["skull", "parrot", "owl"])
def test_the_limits_in_the_image_are_those_that_a_board_would_store(name: str) -> None:
    rig = Rig.load(name)
    image = baked.stored_image(rig, 3000)
    wire = Wire()
    core = _board.Board(image, 12, 3000)
    core.receive(wire.frame("hello", major=2, minor=0), 0)
    (welcome,) = wire.messages(core.transmit())
    assert welcome.number("limits_crc") == limits_crc(rig.limits)
    assert welcome.number("watchdog_ms") == rig.link.watchdog_ms
    assert welcome.number("period_us") == rig.link.period_us


def test_a_board_that_is_too_slow_for_the_rig_says_so() -> None:
    text = Path(Rig.load("skull").file).read_text(encoding="utf-8")
    rig = Rig.parse("fast.toml", text.replace("[poses]", "[link]\npulse_hz = 333\n[poses]"))
    with pytest.raises(InputError, match=r"fast\.toml: the board does not take its limits: .*pulse_hz = 285"):
        baked.stored_image(rig, 3500)
