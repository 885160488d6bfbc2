"""No bytes whatever can hurt a servo: the core under sanitizers, a million bytes, every flipped bit."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from mandible.firmware_bridge.firmware import generate

_CORE = generate.HEADER.parent
_DRIVER = Path(__file__).parent / "fuzz"
_SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
_BYTES = 1_000_000


def _build(program: Path) -> None:
    assert shutil.which("gcc"), "gcc is missing; run: apt-get install gcc"
    sources = [str(path) for folder in (_DRIVER, _CORE) for path in sorted(folder.glob("*.c"))]
    options = ("-std=c99", "-g", "-O1", "-Wall", "-Wextra", "-Werror", f"-I{_CORE}")
    subprocess.run(["gcc", *options, *_SANITIZERS, *sources, "-o", str(program)], check=True)


@pytest.mark.full
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_ten_million_bytes(tmp_path: Path, seed: int) -> None:
    program = tmp_path / "fuzz"
    _build(program)
    done = subprocess.run(
        [str(program), str(seed), str(10 * _BYTES)], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["bytes"] >= 10 * _BYTES


def test_a_million_random_and_damaged_bytes_and_every_flipped_bit(tmp_path: Path) -> None:
    program = tmp_path / "fuzz"
    _build(program)
    done = subprocess.run([str(program), "1", str(_BYTES)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    seen = json.loads(done.stdout)
    assert seen["bytes"] >= _BYTES
    # All nine host messages, each bit of each, on an attached board and in a calibration session.
    assert seen["flips"] > 9 * 2 * 8 * 6
    # The frames carry their own opening delimiter, so even the first after garbage gets through.
    assert seen["pings"] > 1000
    assert seen["first_pings"] == seen["pings"]
    # It was no idle board: it moved, attached again and again, and got new limits.
    assert seen["moved"] > 50_000
    assert seen["soft_starts"] > 5_000
    assert seen["stores"] > 20
    assert min(seen[status] for status in ("ok", "clamped", "no_limits", "late")) > 100
