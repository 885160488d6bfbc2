"""No bytes whatever can hurt a servo: the core under sanitizers, by chance, led by coverage, bit by bit."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mandible.firmware_bridge.firmware import generate
from mandible.firmware_bridge.protocol import MESSAGES
from tests.firmware.wire import JAW, calibration

_CORE = generate.HEADER.parent
_DRIVER = Path(__file__).parent / "fuzz"
_COMMON = ("bench.c", "oracle.c")
_SANITIZERS = "address,undefined"
_BYTES = 1_000_000
# Actions of libfuzzer.c.
_FRAME, _MOVE_SOON, _LONG_PASS, _UNLOCK = 0, 1, 4, 7


def _build(compiler: str, package: str, program: Path, sources: Sequence[str], sanitizers: str) -> None:
    assert shutil.which(compiler), f"{compiler} is missing; run: apt-get install {package}"
    files = [str(_DRIVER / name) for name in sources] + [str(path) for path in sorted(_CORE.glob("*.c"))]
    options = ("-std=c99", "-g", "-O1", "-Wall", "-Wextra", "-Werror", f"-I{_CORE}")
    checked = (f"-fsanitize={sanitizers}", "-fno-sanitize-recover=all")
    subprocess.run([compiler, *options, *checked, *files, "-o", str(program)], check=True)


def _seen(*command: str, folder: Path, timeout_s: float) -> dict[str, Any]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    record: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return record


def _by_chance(folder: Path, seed: int, count: int) -> dict[str, Any]:
    program = folder / "fuzz"
    _build("gcc", "gcc", program, ("main.c", "traffic.c", *_COMMON), _SANITIZERS)
    return _seen(str(program), str(seed), str(count), folder=folder, timeout_s=600)


def _led_by_coverage(folder: Path, runs: int) -> dict[str, Any]:
    program, corpus = folder / "covering", folder / "corpus"
    _build("clang", "clang libclang-rt-dev", program, ("libfuzzer.c", *_COMMON), f"fuzzer,{_SANITIZERS}")
    corpus.mkdir()
    (corpus / "spoken_to").write_bytes(bytes([0]) + (bytes([_MOVE_SOON, *[90] * 14, _LONG_PASS, 1]) * 8))
    (corpus / "calibrated").write_bytes(_calibrated())
    options = ("-seed=1", "-len_control=0", "-max_len=512", f"-runs={runs}", "-verbosity=0")
    return _seen(str(program), *options, str(corpus), folder=folder, timeout_s=1200)


def _calibrated() -> bytes:
    """Return a script that stores limits on a new board, jogs one channel, and moves it."""
    script = bytearray([1, _UNLOCK])
    for name, values in list(calibration({0: JAW}, watchdog_ms=500))[1:]:
        body = b"".join(
            int(value).to_bytes(field.size, "little")  # type: ignore[arg-type]
            for field, value in zip(MESSAGES[name].fields, values.values(), strict=True)
        )
        if name == "store":
            script += bytes([_FRAME, MESSAGES["jog"].type, 1, 3, 0, 0xDC, 5, _LONG_PASS, 2])
        script += bytes([_FRAME, MESSAGES[name].type, 1, len(body)]) + body
    return bytes(script) + bytes([_MOVE_SOON, 1, 60, 120, _LONG_PASS, 3])


@pytest.mark.full
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_a_hundred_million_bytes_by_chance(tmp_path: Path, seed: int) -> None:
    assert _by_chance(tmp_path, seed, 100 * _BYTES)["bytes"] >= 100 * _BYTES


@pytest.mark.full
def test_ten_million_bytes_led_by_coverage(tmp_path: Path) -> None:
    seen = _led_by_coverage(tmp_path, 60_000)
    assert seen["bytes"] >= 10 * _BYTES
    assert min(seen[what] for what in ("moved", "jogged", "parked")) > 1000
    assert seen["stores"] > 100


def test_a_million_bytes_led_by_coverage(tmp_path: Path) -> None:
    seen = _led_by_coverage(tmp_path, 4000)
    assert seen["bytes"] >= _BYTES
    # It was no idle board: it moved, was calibrated and jogged, and its host left it.
    assert min(seen[what] for what in ("moved", "jogged", "parked")) > 100
    assert seen["stores"] > 5


def test_ten_million_random_and_damaged_bytes_and_every_flipped_bit(tmp_path: Path) -> None:
    seen = _by_chance(tmp_path, 1, 10 * _BYTES)
    assert seen["bytes"] >= 10 * _BYTES
    # All ten host messages, each bit of each, on an attached board and in a calibration session.
    assert seen["flips"] > 10 * 2 * 8 * 6
    # The frames carry their own opening delimiter, so even the first after garbage gets through.
    assert seen["pings"] > 1000
    assert seen["first_pings"] == seen["pings"]
    # It was no idle board: it moved, attached again and again, and got new limits.
    assert seen["moved"] > 500_000
    assert min(seen[what] for what in ("soft_starts", "jogged", "parked")) > 20_000
    assert seen["stores"] > 200
    assert (
        min(seen[status] for status in ("ok", "clamped", "no_limits", "late", "alarm", "store_failed")) > 100
    )
