"""Images are checked to the last byte before anything is written."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from mandible.errors import InputError
from mandible.firmware_bridge.flashing.boards import BOARDS
from mandible.firmware_bridge.flashing.image import load_image, shipped_path
from mandible.firmware_bridge.flashing.intel_hex import Extent, read_hex
from mandible.firmware_bridge.flashing.uf2_file import BLOCK_BYTES, read_uf2

UNO_IMAGE = shipped_path(BOARDS["uno"], 115_200)
FAMILY = BOARDS["pico"].uf2_family


def record(address: int, data: bytes, kind: int = 0) -> bytes:
    """Return a line of Intel HEX."""
    content = bytes([len(data), address >> 8, address & 0xFF, kind]) + data
    return b":" + (content + bytes([-sum(content) & 0xFF])).hex().upper().encode() + b"\n"


END = record(0, b"", 1)


def block(number: int, count: int, address: int, *, flags: int = 0x2000, family: int = FAMILY) -> bytes:
    """Return a block of UF2."""
    head = struct.pack("<8I", 0x0A324655, 0x9E5D5157, flags, address, 256, number, count, family)
    return head + bytes(476) + struct.pack("<I", 0x0AB16F30)


def uf2(pages: int, first: int = 0x10000000) -> bytes:
    """Return an image of so many pages."""
    return b"".join(block(i, pages, first + 256 * i) for i in range(pages))


def test_the_images_that_come_with_the_package_are_right() -> None:
    for board in (BOARDS["uno"], BOARDS["nano"]):
        for baud in board.bauds:
            image = load_image(board, shipped_path(board, baud))
            assert image.extent.first == 0
            assert image.extent.count > 8000


def test_the_example_of_the_specification_is_read() -> None:
    # Intel's own: sixteen bytes at 0x0100 under a segment base of 0x1000.
    text = b":020000021000EC\n:10010000214601360121470136007EFE09D2190140\n:00000001FF\n"
    assert read_hex(text) == Extent(0x10100, 0x10110, 16)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (b"", "end record"),
        (END, "no bytes"),
        (record(0, b"abc"), "end record"),
        (record(0, b"abc")[:-2] + b"0\n" + END, "line 1: its checksum"),
        (record(0, b"abc")[:-3] + b"\n" + END, "line 1: its length"),
        (record(0, b"abc") + record(2, b"d") + END, "line 2: address 0x0002 is there twice"),
        (record(0, b"abc") + END + record(9, b"d"), "line 3: something follows"),
        (record(0, b"abc", 7) + END, "line 1: record type 7"),
        (b"S00600004844521B\n", "line 1: not an Intel HEX record"),
        (b"\x7fELF\x01\x01", "line 1: not an Intel HEX record"),
        (b":" + b"F" * 4000, "line 1: not an Intel HEX record"),
    ],
)
def test_a_hex_file_that_is_not_right_is_refused_by_its_line(text: bytes, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_hex(text)


def test_no_single_wrong_digit_of_a_hex_file_goes_unnoticed() -> None:
    text = UNO_IMAGE.read_bytes()
    chance = random.Random(1)
    for _ in range(40):
        at = chance.randrange(len(text))
        digit = chance.choice(b"0123456789ABCDEF")
        if text[at] in b"\r\n" or text[at] == digit:
            continue
        with pytest.raises(ValueError, match="line"):
            read_hex(text[:at] + bytes([digit]) + text[at + 1 :])


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "multiple of 512"),
        (uf2(3)[:-1], "multiple of 512"),
        (uf2(3)[BLOCK_BYTES:], "block 0: it says it is block 1 of 3"),
        (uf2(3)[:-BLOCK_BYTES], "block 0: it says it is block 0 of 3"),
        (bytes(512), "block 0: not a UF2 block"),
        (block(0, 1, 0x10000000, family=0xE48BFF59), "another chip"),
        (block(0, 1, 0x10000000, flags=0), "another chip"),
        (block(0, 1, 0x10000000, flags=0x2001), "not meant for the flash"),
        (block(0, 1, 0x10000080), "not one whole page"),
        (block(0, 2, 0x10000000) + block(1, 2, 0x10000000), "there twice"),
    ],
)
def test_a_uf2_file_that_is_not_right_is_refused(content: bytes, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_uf2(content, FAMILY)


@pytest.mark.parametrize("board", BOARDS)
def test_a_file_far_larger_than_the_flash_is_not_even_read(board: str, tmp_path: Path) -> None:
    path = tmp_path / "image"
    with path.open("wb") as file:
        file.truncate(BOARDS[board].flash_bytes * 16 + 1)
    with pytest.raises(InputError, match=r"larger than [1-9]\d* [KM]iB"):
        load_image(BOARDS[board], path)


@pytest.mark.parametrize(
    ("board", "content", "complaint"),
    [
        ("uno", record(0x7DF0, bytes(17)) + record(0, b"x") + END, "ends at 0x7e01, beyond the 0x7e00"),
        ("nano", record(0x77F0, bytes(17)) + record(0, b"x") + END, "ends at 0x7801, beyond the 0x7800"),
        ("uno", record(0x100, b"abc") + END, "begins at 0x100"),
        ("uno", uf2(1), "not an image for the Arduino Uno"),
        ("pico", record(0, b"abc") + END, "not an image for the Raspberry Pi Pico"),
        ("pico", uf2(1, 0x20000000), "begins at 0x20000000"),
        ("pico", uf2(1, 0x10000000 + 0x200000), "begins at"),
    ],
)
def test_an_image_that_does_not_fit_the_board_is_refused(
    board: str, content: bytes, complaint: str, tmp_path: Path
) -> None:
    path = tmp_path / "image"
    path.write_bytes(content)
    with pytest.raises(InputError, match=complaint):
        load_image(BOARDS[board], path)
