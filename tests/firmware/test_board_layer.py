"""What a board layer does to the core and no host sees, in C and under sanitizers; the cases: calls.c."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from mandible.firmware_bridge.firmware import generate

_CORE = generate.HEADER.parent
_CALLS = Path(__file__).parent / "calls" / "calls.c"


def test_slow_and_failing_memory_a_line_that_is_blocked_and_a_clock_out_of_order(tmp_path: Path) -> None:
    assert shutil.which("gcc"), "gcc is missing; run: apt-get install gcc"
    program = tmp_path / "calls"
    files = [str(_CALLS), *(str(path) for path in sorted(_CORE.glob("*.c")))]
    options = ("-std=c99", "-g", "-O1", "-Wall", "-Wextra", "-Werror", f"-I{_CORE}")
    checked = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    subprocess.run(["gcc", *options, *checked, *files, "-o", str(program)], check=True)
    done = subprocess.run([str(program)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
