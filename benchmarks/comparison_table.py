"""What a comparison found, as a table for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

_MARKS = {"worse": "bold red", "better": "green"}


def comparison_table(comparison: Mapping[str, Any]) -> Table:
    """Return a row for every figure that was held against the baseline: ratio, interval, verdict and why."""
    holds = "holds" if comparison["holds"] else "does not hold"
    made = Table(
        title=f"against {comparison['against']}: {holds}", box=None, padding=(0, 2, 0, 0), pad_edge=False
    )
    made.title_justify = "left"
    for head in ("of", "figure", "baseline", "now", "ratio", "95 %", "limit", "verdict"):
        made.add_column(head, justify="left" if head in ("of", "figure", "verdict") else "right")
    for row in comparison["rows"]:
        verdict = row["verdict"] + (f": {row['why']}" if row["why"] else "")
        between = "" if row.get("low") is None else f"{row['low']:.3f} to {row['high']:.3f}"
        made.add_row(
            " ".join(map(str, row["subject"].values())),
            row["figure"],
            *(_number(row.get(name)) for name in ("baseline", "now", "ratio")),
            between,
            _number(row.get("limit")),
            verdict,
            style=_MARKS.get(row["verdict"], ""),
        )
    return made


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.4g}"
