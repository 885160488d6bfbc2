"""What needs no LiteRT works where its package is missing, as on 32-bit boards."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BLOCKED = "import sys\nfor name in ('flatbuffers', 'ai_edge_litert'): sys.modules[name] = None\n"
RUN = BLOCKED + "from mandible.cli.main import main\nsys.exit(main(sys.argv[1:]))\n"


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", RUN, *map(str, words)], capture_output=True, text=True)


def test_models_are_listed_budgeted_exported_and_compared(tmp_path: Path) -> None:
    commands: list[tuple[str | Path, ...]] = [
        ("models",),
        ("quantize", "nano", "--budget", "core=m4"),
        ("export", "c", "-o", tmp_path / "c"),
        ("parity", "nano", "--against", "reference,c", "--hops", "5", "--random-hops", "5"),
    ]
    for words in commands:
        done = run(*words)
        assert (done.returncode, done.stderr) == (0, ""), words


@pytest.mark.parametrize("words", [("parity", "nano", "--against", "sequence", "--hops", "5")])
def test_what_needs_it_says_so(words: tuple[str, ...]) -> None:
    done = run(*words)
    assert done.returncode == 3
    assert "pip install ai-edge-litert" in done.stdout
