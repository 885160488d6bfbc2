"""A hostile computer at the Pico's cable: its USB files under sanitizers, on a strict controller."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from mandible.firmware_bridge import firmware

_BOARD = Path(firmware.__path__[0]) / "boards" / "rp2040"
_BENCH = Path(__file__).parent / "usb"
_SOURCES = ("usb.c", "usb_requests.c", "usb_controller.c", "usb_descriptors.c")
_ACTIONS = 300_000


def test_no_request_reads_beyond_an_answer_or_loses_count_of_the_packets(tmp_path: Path) -> None:
    # Side by side, so that the bench's header is found in the place of the chip's.
    for name in (*_SOURCES, "usb.h", "usb_requests.h", "usb_controller.h", "usb_descriptors.h", "ring.h"):
        shutil.copy(_BOARD / name, tmp_path)
    for name in ("rp2040.h", "hostile.c"):
        shutil.copy(_BENCH / name, tmp_path)
    program = tmp_path / "hostile"
    options = ("-std=c99", "-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    files = [str(tmp_path / name) for name in ("hostile.c", *_SOURCES)]
    subprocess.run(["gcc", *options, *files, "-o", str(program)], check=True)
    done = subprocess.run([program, "1", str(_ACTIONS)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert min(map(int, re.findall(r"\d+", done.stdout))) > _ACTIONS // 100, done.stdout
