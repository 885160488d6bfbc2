"""``mandible flash --board pico``: a UF2 file copied onto the boot ROM's drive, and what can go wrong.

A folder with the boot ROM's ``INFO_UF2.TXT`` stands in for the drive; like the boot ROM, its keeper takes the
drive away once every block is there. No simulator runs that ROM's USB drive.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mandible.errors import DeviceError
from mandible.firmware_bridge.flashing import uf2_drive
from mandible.firmware_bridge.flashing.boards import BOARDS
from mandible.firmware_bridge.flashing.image import load_image
from tests.cli.command import complaint, mandible
from tests.flashing.test_image_files import uf2

PICO = BOARDS["pico"]
# As the RP2040's boot ROM (version 3) writes it.
INFO = "UF2 Bootloader v3.0\nModel: Raspberry Pi RP2\nBoard-ID: RPI-RP2\n"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """Return a UF2 file of 40 pages."""
    path = tmp_path / "puppet.uf2"
    path.write_bytes(uf2(40))
    return path


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    """Return a mounted drive."""
    place = tmp_path / "RPI-RP2"
    place.mkdir()
    (place / uf2_drive.INFO).write_text(INFO)
    return place


@contextmanager
def boot_rom(drive: Path, blocks: int) -> Iterator[list[bytes]]:
    """Take the drive away once so many blocks lie on it; the list then holds what came."""
    taken: list[bytes] = []
    over = threading.Event()

    def keep() -> None:
        target = drive / uf2_drive.NAME
        while not over.wait(0.01):
            if target.exists() and target.stat().st_size == 512 * blocks:
                taken.append(target.read_bytes())
                (drive / uf2_drive.INFO).unlink()
                return

    keeper = threading.Thread(target=keep)
    keeper.start()
    try:
        yield taken
    finally:
        over.set()
        keeper.join()


def test_the_image_is_copied_and_the_board_takes_it(image: Path, drive: Path) -> None:
    with boot_rom(drive, 40) as taken:
        uf2_drive.copy(PICO, load_image(PICO, image), drive)
    assert taken == [image.read_bytes()]


def test_a_board_that_does_not_take_the_image_is_reported_and_nothing_half_stays(
    image: Path, drive: Path
) -> None:
    with pytest.raises(DeviceError, match="did not take the image; the board holds no whole image"):
        uf2_drive.copy(PICO, load_image(PICO, image), drive, gone_s=0.1)
    assert [path.name for path in drive.iterdir()] == [uf2_drive.INFO]


def test_a_full_drive_is_reported_and_nothing_half_stays(
    image: Path, drive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uf2_drive.os, "fsync", _no_space)
    with pytest.raises(DeviceError, match="No space left on device; the board holds no whole image"):
        uf2_drive.copy(PICO, load_image(PICO, image), drive)
    assert [path.name for path in drive.iterdir()] == [uf2_drive.INFO]


def _no_space(_descriptor: int) -> None:
    raise OSError(28, os.strerror(28))


def test_a_drive_that_goes_with_the_last_block_is_success(
    image: Path, drive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_descriptor: int) -> None:
        (drive / uf2_drive.INFO).unlink()
        raise OSError(5, os.strerror(5))

    monkeypatch.setattr(uf2_drive.os, "fsync", gone)
    uf2_drive.copy(PICO, load_image(PICO, image), drive)


def test_a_drive_pulled_half_way_is_reported(
    image: Path, drive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uf2_drive, "_CHUNK_BYTES", 512)
    left = [3]

    def pulled(place: Path, _board: object) -> bool:
        return place.exists()

    real_open = Path.open

    def short_lived(path: Path, *words: object, **options: object) -> object:
        file = real_open(path, *words, **options)  # type: ignore[call-overload]
        if path.name != uf2_drive.NAME:
            return file
        return _Pulled(file, left)

    monkeypatch.setattr(uf2_drive, "is_drive", pulled)
    monkeypatch.setattr(Path, "open", short_lived)
    with pytest.raises(DeviceError, match="Input/output error; the board holds no whole image"):
        uf2_drive.copy(PICO, load_image(PICO, image), drive)


class _Pulled:
    """A file on a drive that is pulled out after a few writes."""

    def __init__(self, file: object, left: list[int]) -> None:
        self._file, self._left = file, left

    def __enter__(self) -> _Pulled:
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()  # type: ignore[attr-defined]

    def write(self, data: bytes) -> int:
        self._left[0] -= 1
        if self._left[0] < 0:
            raise OSError(5, os.strerror(5))
        return int(self._file.write(data))  # type: ignore[attr-defined]


def test_mounted_drives_are_found_by_what_they_say(drive: Path, tmp_path: Path) -> None:
    other = tmp_path / "RPI RP2"
    other.mkdir()
    (other / uf2_drive.INFO).write_text(INFO.replace("RPI-RP2", "RP2350"))
    mounts = tmp_path / "mounts"
    foreign = tmp_path / "Жанна é" / "RPI-RP2"
    foreign.mkdir(parents=True)
    (foreign / uf2_drive.INFO).write_text(INFO)
    escaped, foreign_escaped = (str(place).replace(" ", "\\040") for place in (other, foreign))
    mounts.write_text(
        f"proc /proc proc rw 0 0\n/dev/sda1 {drive} vfat rw 0 0\n/dev/sdb1 {escaped} vfat rw 0 0\n"
        f"/dev/sdc1 {tmp_path} ext4 rw 0 0\n/dev/sdd1 {foreign_escaped} vfat rw 0 0\n"
    )
    assert uf2_drive.mounted_drives(PICO, mounts) == (drive, foreign)
    spaced = other / uf2_drive.INFO
    spaced.write_text(INFO)
    assert uf2_drive.mounted_drives(PICO, mounts) == (drive, other, foreign)


def test_the_verb_copies_onto_a_named_drive(image: Path, drive: Path) -> None:
    words = ("flash", "--board", "pico", "--image", image, "--drive", drive)
    report = json.loads(mandible(*words, "--dry-run", "--json").stdout)
    assert report["steps"] == [f"copy {image} to {drive / uf2_drive.NAME}"]
    assert report["written"] is False
    assert [path.name for path in drive.iterdir()] == [uf2_drive.INFO]


def test_a_folder_that_is_no_drive_of_the_board_is_refused(image: Path, tmp_path: Path) -> None:
    done = mandible("flash", "--board", "pico", "--image", image, "--drive", tmp_path, "--yes")
    assert "no RPI-RP2 drive" in complaint(done, 2)
    assert not (tmp_path / uf2_drive.NAME).exists()


def test_without_a_drive_and_picotool_one_line_says_what_to_do(image: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": str(tmp_path)}
    done = mandible("flash", "--board", "pico", "--image", image, "--yes", environment=environment)
    assert "hold the board's BOOTSEL button while plugging it in" in complaint(done, 3)


def test_picotool_is_used_where_no_drive_is_mounted(image: Path, tmp_path: Path) -> None:
    tool = tmp_path / "picotool"
    tool.write_text(f'#!/bin/sh\necho "$*" > {tmp_path}/words\necho "ERROR: no board" >&2\nexit 248\n')
    tool.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = mandible("flash", "--board", "pico", "--image", image, "--yes", environment=environment)
    assert "picotool could not write (ERROR: no board)" in complaint(done, 3)
    assert (tmp_path / "words").read_text() == f"load -v -x -t uf2 {image}\n"
