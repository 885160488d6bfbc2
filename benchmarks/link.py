"""What twelve channels cost on the serial line to an Arduino: ``python -m mandible.benchmarks.link``.

Prints the table of the last measurement, ``results/link.json``. The measurement itself runs the firmware in a
simulator: ``python -m tests.measure.link`` in a source folder.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULT = Path(__file__).resolve().parent / "results" / "link.json"
BAUDS = (57_600, 115_200, 250_000, 500_000, 1_000_000)
# At the usual rate a run's set-points leave room for everything else.
USUAL_BAUD = 115_200
LINE_PER_CENT = 60
WIDTH_OFF_US = 0.5


def table(result: dict[str, Any]) -> str:
    """Return a result as a table in Markdown."""
    heads = (
        "baud",
        "line %",
        "ACK p50 ms",
        "ACK p99 ms",
        "processor %",
        "bytes lost",
        "lost on a full line",
        "off µs",
    )
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for baud, one in result["bauds"].items():
        off_us = max(one["width_off_us"], one["flooded_width_off_us"])
        cells = (
            baud,
            f"{one['line_per_cent']:.1f}",
            f"{one['ack_p50_ms']:.2f}",
            f"{one['ack_p99_ms']:.2f}",
            f"{one['processor_per_cent']:.0f}",
            one["overruns"],
            one["flooded_overruns"],
            f"{off_us:.2f}",
        )
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def main() -> None:
    """Print the last result."""
    print(table(json.loads(RESULT.read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main()
