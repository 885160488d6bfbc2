"""``mandible flash`` with the real avrdude against an STK500v1 boot loader on a pty.

How it tries one rate after another, and what it makes of a missing tool, is shown with a stand-in for avrdude
that records its command: a pty has no rate.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from mandible.firmware_bridge.board_report import VERSION
from mandible.firmware_bridge.flashing.boards import BOARDS
from mandible.firmware_bridge.flashing.image import shipped_path
from tests.cli.command import complaint, mandible
from tests.flashing.stk500 import FLASH_BYTES, BootLoader

IMAGE = shipped_path(BOARDS["uno"], 115_200)


def binary(hex_file: Path) -> bytes:
    """Return the flash that an Intel HEX file (of data below 64 KiB) describes."""
    flash = bytearray(b"\xff" * FLASH_BYTES)
    for line in hex_file.read_text().split():
        record = bytes.fromhex(line[1:])
        if record[3] == 0:
            at = int.from_bytes(record[1:3], "big")
            flash[at : at + record[0]] = record[4:-1]
    return bytes(flash)


def stand_in(folder: Path, *, answers_at: str) -> dict[str, str]:
    """Put an ``avrdude`` into ``folder`` that records its words; return the environment that finds it."""
    log = folder / "words"
    program = folder / "avrdude"
    program.write_text(
        f'#!/bin/sh\ncat > {folder}/image\necho "$*" >> {log}\n'
        f'case "$*" in *"-b {answers_at} "*) exit 0;; esac\n'
        "echo 'avrdude error: programmer is not responding' >&2\nexit 1\n"
    )
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}


def test_the_real_avrdude_writes_every_byte_and_the_board_is_greeted() -> None:
    assert shutil.which("avrdude"), "avrdude is missing; run: apt-get install avrdude"
    with BootLoader() as board:
        done = mandible("flash", "--board", "uno", "--port", board.path, "--yes")
        assert done.returncode == 0, done.stderr.decode()
        assert bytes(board.flash) == binary(IMAGE)
    assert f"The board answers: atmega328p, protocol {VERSION}." in done.stdout.decode()


def test_json_says_what_was_written_and_what_answers() -> None:
    with BootLoader() as board:
        done = mandible("flash", "--board", "uno", "--port", board.path, "--yes", "--json")
        report = json.loads(done.stdout)
        assert report["written"] is True
        assert 128 * (board.pages - 1) < report["bytes"] <= 128 * board.pages
        assert report["answer"]["kind"] == "atmega328p"


def test_a_flash_that_does_not_keep_what_is_written_is_noticed() -> None:
    with BootLoader(bad_byte=100) as board:
        done = mandible("flash", "--board", "uno", "--port", board.path, "--yes")
    text = complaint(done, 3)
    assert "could not write" in text
    assert "flash it again" in text


def test_a_dry_run_touches_nothing() -> None:
    with BootLoader() as board:
        done = mandible("flash", "--board", "uno", "--port", board.path, "--dry-run")
        assert done.returncode == 0, done.stderr.decode()
        assert board.pages == 0
    assert f"-P {board.path}" in done.stdout.decode()


def test_nothing_is_written_without_a_yes() -> None:
    with BootLoader() as board:
        done = mandible("flash", "--board", "uno", "--port", board.path)
        assert "add --yes" in complaint(done, 2)
        assert board.pages == 0


def test_a_wrong_image_never_reaches_the_tool(tmp_path: Path) -> None:
    text = IMAGE.read_bytes()
    wrong = tmp_path / "wrong.hex"
    wrong.write_bytes(text[: len(text) // 2])
    environment = stand_in(tmp_path, answers_at="115200")
    words = ("flash", "--board", "uno", "--port", "/dev/ttyACM0", "--image", wrong, "--yes")
    assert "wrong.hex: not an image" in complaint(mandible(*words, environment=environment), 2)
    assert not (tmp_path / "words").exists()


def test_a_nano_is_also_tried_at_its_old_boot_loaders_rate(tmp_path: Path) -> None:
    environment = stand_in(tmp_path, answers_at="57600")
    with BootLoader() as board:
        board.start_program()
        words = ("flash", "--board", "nano", "--port", board.path, "--yes")
        done = mandible(*words, environment=environment)
    assert done.returncode == 0, done.stderr.decode()
    tried = (tmp_path / "words").read_text().splitlines()
    assert [line.partition("-b ")[2].split()[0] for line in tried] == ["115200", "57600"]
    assert (tmp_path / "image").read_bytes() == IMAGE.read_bytes()
    assert "old boot loader" in done.stdout.decode()


def test_a_rate_on_the_port_picks_the_image_that_talks_at_it(tmp_path: Path) -> None:
    port = "serial:///dev/ttyACM0?baud=250000"
    done = mandible("flash", "--board", "uno", "--port", port, "--dry-run", "--json")
    assert json.loads(done.stdout)["image"].endswith("mandible-atmega328p-250000.hex")
    done = mandible("flash", "--board", "uno", "--port", "serial:///dev/ttyACM0?baud=1000000", "--dry-run")
    assert "no image for 1000000 baud, only for 57600, 115200, 250000" in complaint(done, 2)


def test_without_avrdude_one_line_names_the_package(tmp_path: Path) -> None:
    words = ("flash", "--board", "uno", "--port", "/dev/ttyACM0", "--yes")
    done = mandible(*words, environment={**os.environ, "PATH": str(tmp_path)})
    assert "sudo apt-get install avrdude" in complaint(done, 3)


def test_a_board_that_does_not_answer_is_told_from_one_that_is_half_written(tmp_path: Path) -> None:
    environment = stand_in(tmp_path, answers_at="none")
    words = ("flash", "--board", "uno", "--port", "/dev/ttyACM0", "--yes")
    text = complaint(mandible(*words, environment=environment), 3)
    assert "no boot loader answers at 115200 baud" in text
    assert "Nothing was written" in text


@pytest.mark.parametrize("port", ["/dev/no-such-port", "/etc/passwd", "/dev"])
def test_the_real_avrdude_at_no_port_is_not_said_to_have_written_half(port: str) -> None:
    text = complaint(mandible("flash", "--board", "nano", "--port", port, "--yes"), 3)
    assert f"{port}: cannot be opened" in text
    assert "Nothing was written" in text
    assert "half" not in text


@pytest.mark.parametrize("baud", ["0", "-5", "99999999999"])
def test_a_rate_that_is_none_never_reaches_the_tool(baud: str, tmp_path: Path) -> None:
    environment = stand_in(tmp_path, answers_at="115200")
    words = ("flash", "--board", "uno", "--port", "/dev/ttyACM0", "--programmer-baud", baud, "--yes")
    assert f"--programmer-baud {baud}" in complaint(mandible(*words, environment=environment), 2)
    assert not (tmp_path / "words").exists()


@pytest.mark.full
def test_a_board_that_dies_half_way_is_said_to_be_half_written() -> None:
    # The real avrdude gives up only after minutes, if at all; then it is ended.
    with BootLoader(dies_after_pages=20) as board:
        done = mandible("flash", "--board", "uno", "--port", board.path, "--yes", limit_s=300)
    assert "may hold half an image" in complaint(done, 3)
