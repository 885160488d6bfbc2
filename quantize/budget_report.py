"""What a model needs of a microcontroller beside what there is, as a table and as plain data."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from mandible.models.network import Network
from mandible.quantize import budget
from mandible.quantize.budget import Budget

_LABELS = {
    "flash_bytes": "flash, bytes",
    "ram_bytes": "RAM with stack, bytes",
    "instructions": "instructions a hop",
}


def document(network: Network, wanted: Budget) -> dict[str, Any]:
    """Return the needs of the whole line, each limit, and whether all are kept."""
    verdicts = budget.compare(budget.estimate(network, wanted.core), wanted)
    return {
        "core": wanted.core,
        "fits": all(one.fits for one in verdicts),
        "estimate": True,
        "instructions_within_percent": budget.instructions_off_percent(wanted.core),
        **{one.name: {"needs": one.needs, "limit": one.limit, "fits": one.fits} for one in verdicts},
    }


def table(told: dict[str, Any]) -> Table:
    """Return the table of a document."""
    result = Table(title=f"on {told['core']}, samples to visemes, estimated", box=None, pad_edge=False)
    result.add_column("")
    for head in ("needs", "there is", ""):
        result.add_column(head, justify="right")
    for name, label in _LABELS.items():
        row = told[name]
        limit = "any" if row["limit"] is None else f"{row['limit']:,}"
        result.add_row(label, f"{row['needs']:,}", limit, "fits" if row["fits"] else "too much")
    return result


def verdict(told: dict[str, Any]) -> str:
    """Return the one line that a person reads last."""
    if told["fits"]:
        return f"fits {told['core']}"
    over = ", ".join(label.split(",")[0] for name, label in _LABELS.items() if not told[name]["fits"])
    return f"does not fit {told['core']}: too much {over}; take a smaller model or a larger chip"
