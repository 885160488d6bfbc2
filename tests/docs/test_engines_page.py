"""docs/engines.md names every engine, with the figures of the result file beside it."""

from __future__ import annotations

import json
from pathlib import Path

from mandible.device import engines

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "engines.md").read_text(encoding="utf-8")
RESULT = json.loads((ROOT / "benchmarks" / "results" / "engines-small-x86_64.json").read_text())


def rows() -> dict[str, list[str]]:
    """Return the cells of the first table by the engine's name."""
    found = {}
    for line in PAGE.split("## Which one")[0].splitlines():
        if line.startswith("| `"):
            name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
            found[name.strip("` ")] = cells
    return found


def test_every_engine_has_a_row_in_the_order_of_preference() -> None:
    assert tuple(rows()) == engines.NAMES


def test_the_figures_are_those_of_the_result_file() -> None:
    for name, (_, exact, _, *figures) in rows().items():
        measured = RESULT["engines"].get(name)
        if measured is None:
            assert set(figures) == {"–"}
            continue
        assert exact == ("yes" if measured["exact"] else "no")
        assert figures == [
            f"{measured['p50_us']:.0f}",
            f"{measured['p99_us']:.0f}",
            f"{measured['start_ms']:.0f} ms",
            f"{measured['memory_mb']:.0f} MB",
        ]


def test_most_engines_were_measured() -> None:
    assert {"c", "litert", "tflite", "onnx", "reference"} <= set(RESULT["engines"])
