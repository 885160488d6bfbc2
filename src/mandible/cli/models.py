"""``mandible models``: the models that come with mandible, what they weigh and what they are good for."""

from __future__ import annotations

import argparse
import json
from typing import Any

from rich.console import Console
from rich.table import Table

from mandible.models import network, released
from mandible.quantize import budget

# Where standard output is no terminal, the table keeps its columns whole.
WIDE_COLUMNS = 150
SETS = {"librispeech_test": "English, read", "speechocean762_test": "second language", "emodb": "German"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the options of the verb."""
    parser.add_argument("--core", default="m4", metavar="C", help="core to estimate for (default: m4)")


def main(args: argparse.Namespace) -> int:
    """Print the table, or JSON."""
    core = budget.core_named(args.core, "--core")
    rows = [described(name, core) for name in released.names()]
    if args.json:
        print(json.dumps({"models": rows}))
        return 0
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDE_COLUMNS)
    console.print(_table(rows, core))
    console.print(
        "Accuracy in percent of hops, int8, speakers never heard; intervals and more in docs/models.md. "
        "Instructions of a 10 ms hop are estimated, samples to visemes; a model fits where they are at most "
        "half of the clock.",
        highlight=False,
    )
    return 0


def described(name: str, core: str) -> dict[str, Any]:
    """Return what there is to know of a released model, with its needs on a core."""
    model = released.resolve(name)
    metrics = model.card.get("metrics", {}).get("int8", {})
    checked = network.load(model.path)
    needs = budget.estimate(checked, core)
    return {
        "name": model.name,
        "parameters": model.card["parameters"],
        "file_bytes": model.card["bytes"],
        "lookahead_ms": model.lookahead_ms,
        "accuracy": {
            said: metrics[key]["argmax"]["figures"]["accuracy"]
            for key, said in SETS.items()
            if key in metrics
        },
        "core": core,
        "flash_bytes": needs.flash_bytes,
        "ram_bytes": needs.ram_bytes,
        "instructions": needs.instructions,
        "fits": budget.fitting(checked),
        "sha256": model.sha256,
    }


def _table(rows: list[dict[str, Any]], core: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("model")
    heads = [
        "parameters",
        "file kB",
        "ahead ms",
        *SETS.values(),
        f"{core}: flash kB",
        "RAM kB",
        "instructions",
    ]
    for head in heads:
        table.add_column(head, justify="right")
    table.add_column("fits into")
    for row in rows:
        accuracy = [row["accuracy"].get(said) for said in SETS.values()]
        table.add_row(
            row["name"],
            f"{row['parameters']:,}",
            f"{row['file_bytes'] / 1000:.0f}",
            str(row["lookahead_ms"]),
            *("" if one is None else f"{one * 100:.1f}" for one in accuracy),
            f"{row['flash_bytes'] / 1000:.0f}",
            f"{row['ram_bytes'] / 1000:.1f}",
            f"{row['instructions']:,}",
            ", ".join(row["fits"]),
        )
    return table
