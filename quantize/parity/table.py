"""A parity report as a table for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.table import Table
from rich.text import Text

from mandible.quantize.parity.engine import INSTRUCTIONS
from mandible.quantize.parity.hops import LEVELS_DB, SPEECH
from mandible.wording import one_line

NOTHING = "–"
STYLES = {
    "ok": "green", "broken": "bold red", "failed": "bold red", "missing": "dim", "too large": "yellow",
}  # fmt: skip
HEADINGS = (
    "engine",
    "",
    "bytes\ndiffer",
    "max\nLSB",
    "argmax\nagrees",
    "argmax\nin noise",
    "price of a hop",
    "accuracy",
)


def cells(row: dict[str, Any]) -> tuple[str, ...]:
    """Return an engine's cells, those of ``HEADINGS``."""
    found, accuracy = row["comparison"], row["accuracy"]
    if found is None:
        return (row["name"], row["status"], *[NOTHING] * 6)
    largest = [value for value in (found["max_lsb"], found["max_lsb_noise"]) if value is not None]
    return (
        row["name"],
        row["status"],
        f"{found['bytes_differing']:,}",
        str(max(largest, default=NOTHING, key=int)),
        _share(found["argmax_agreement"]),
        _share(found["argmax_agreement_noise"]),
        price(row),
        NOTHING if accuracy is None else f"{accuracy['decoded']:.2%} of {accuracy['recordings']}",
    )


def _share(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2%}"


def price(row: dict[str, Any]) -> str:
    """Return the price of a hop with its unit."""
    if row["cost"] is None:
        return NOTHING
    if row["unit"] == INSTRUCTIONS:
        return f"{row['cost']:,.0f} instr."
    return f"{row['cost']:.1f} µs"


def heading(document: dict[str, Any]) -> str:
    """Return what was compared on, in words."""
    hops = dict.fromkeys(("speech", "random", "extreme"), 0)
    for one in document["segments"]:
        hops[one["kind"]] += one["hops"]
    told = ", ".join(f"{count:,} hops of {what}" for count, what in zip(
        hops.values(), ("speech", "random int8", "extremes"), strict=True) if count)  # fmt: skip
    return f"{document['model']} against {document['yardstick']}: {told}"


def table(document: dict[str, Any]) -> Table:
    """Return the table of engines."""
    result = Table(title=Text(one_line(heading(document))), title_justify="left", box=None, pad_edge=False,
                   header_style="bold")  # fmt: skip
    for number, name in enumerate(HEADINGS):
        result.add_column(name, justify="left" if number < 2 else "right", no_wrap=True)
    for row in document["engines"]:
        name, status, *rest = cells(row)
        result.add_row(Text(name), Text(status, STYLES[row["status"]]), *map(Text, rest))
    return result


def remarks(document: dict[str, Any]) -> Iterator[str]:
    """Yield a line for each thing that a reader must know beside the table."""
    for row in document["engines"]:
        for reason in row["reasons"]:
            yield f"{row['status']}: {row['name']}: {reason.removeprefix('engine ' + row['name'] + ': ')}"
    speech_hops = sum(one["hops"] for one in document["segments"] if one["kind"] == SPEECH)
    asked = document["speech_hops_asked"]
    if not speech_hops:
        yield "no speech was compared: give some with --speech or --corpus"
    elif speech_hops < asked:
        yield (
            f"{speech_hops:,} hops of speech were compared, not {asked:,}: that is all of the recordings at "
            f"{len(LEVELS_DB)} levels; give more with --speech or --corpus"
        )
    whole = max((row["accuracy"]["recordings"] for row in document["engines"] if row["accuracy"]), default=0)
    fewer = [
        row["name"]
        for row in document["engines"]
        if row["accuracy"] and row["accuracy"]["recordings"] < whole
    ]
    if fewer:
        yield f"accuracy of {', '.join(fewer)} is of fewer recordings than the others', as the table says"
