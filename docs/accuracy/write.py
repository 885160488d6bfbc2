"""Fills tables of the documentation from the cards of the released models and from result files.

``python docs/accuracy/write.py`` rewrites what stands between ``<!-- table: NAME -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mandible.benchmarks import result
from mandible.benchmarks.peers import page_rows
from mandible.models import released
from mandible.models.visemes import VISEME_NAMES

DOCS = Path(__file__).parent.parent
PAGES = (
    DOCS / "models.md",
    DOCS / "microcontroller.md",
    DOCS / "one-chip.md",
    DOCS / "peers.md",
    DOCS.parent / "README.md",
)
COUNTED = DOCS.parent / "benchmarks" / "results" / "mcu.json"
ONE_CHIP = DOCS.parent / "benchmarks" / "results" / "one-chip.json"
PEERS = DOCS.parent / "benchmarks" / "results" / "peers-x86_64.json"
ORDER = ("nano", "small", "base", "small-0ms", "small-50ms")
SETS = {
    "librispeech_test": "LibriSpeech",
    "speechocean762_test": "speechocean762",
    "emodb": "EMO-DB",
    "flite_voices": "flite voices",
}
_TABLE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = tuple(head)
    lines = [names, ("---",) * len(names), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _cards() -> dict[str, dict[str, Any]]:
    return {name: released.resolve(name).card for name in ORDER if name in released.names()}


def _read(card: dict[str, Any], group: str, reading: str) -> dict[str, Any]:
    found: dict[str, Any] = card["metrics"]["int8"][group][reading]
    return found


def _with_interval(row: dict[str, Any], figure: str) -> str:
    low, high = row["intervals"][figure]
    return f"{row['figures'][figure]:.3f} [{low:.3f}, {high:.3f}]"


def models() -> str:
    """Return size and delay of each model."""
    rows = (
        (
            f"`{name}`",
            f"{card['parameters']:,}",
            f"{card['bytes']:,}",
            f"{card['lookahead_ms']} ms",
            f"{card['metrics']['int8']['librispeech_test']['lateness_ms']['decoded']:.0f} ms",
        )
        for name, card in _cards().items()
    )
    return _table(("model", "parameters", "bytes", "lookahead", "late by"), rows)


def accuracy() -> str:
    """Return accuracy and F1 of the largest logit, with 95 % intervals over speakers."""
    rows = (
        (
            f"`{name}`",
            title,
            _with_interval(_read(card, group, "argmax"), "accuracy"),
            f"{_read(card, group, 'argmax')['figures']['accuracy_forgiving']:.3f}",
            _with_interval(_read(card, group, "argmax"), "macro_f1"),
        )
        for name, card in _cards().items()
        for group, title in SETS.items()
    )
    return _table(("model", "set", "accuracy", "±20 ms", "F1"), rows)


def mouth() -> str:
    """Return what an eye sees, after the decoder: closures, jaw, rhythm."""

    def ratio(figures: dict[str, Any]) -> str:
        return f"{figures['changes_per_s'] / figures['reference_changes_per_s']:.2f}"

    rows = (
        (
            f"`{name}`",
            title,
            _with_interval(row, "bilabial_recall"),
            _with_interval(row, "bilabial_precision"),
            _with_interval(row, "jaw_correlation"),
            ratio(row["figures"]),
            f"{row['figures']['short_share']:.0%}",
        )
        for name, card in _cards().items()
        for group, title in SETS.items()
        for row in [_read(card, group, "decoded")]
    )
    head = ("model", "set", "p b m closed", "closures right", "jaw", "changes", "under 50 ms")
    return _table(head, rows)


def noise() -> str:
    """Return accuracy on LibriSpeech test speakers as noise rises."""
    first = next(iter(_cards().values()))["metrics"]["int8"]["librispeech_test"]["noise"]
    rows = (
        (
            f"`{name}`",
            f"{_read(card, 'librispeech_test', 'argmax')['figures']['accuracy']:.3f}",
            *(
                f"{row['argmax']['figures']['accuracy']:.3f}"
                for row in card["metrics"]["int8"]["librispeech_test"]["noise"].values()
            ),
        )
        for name, card in _cards().items()
    )
    return _table(("model", "clean", *(f"{snr_db} dB" for snr_db in first)), rows)


def recall() -> str:
    """Return the share of each viseme's hops that is heard as it, on LibriSpeech test speakers."""
    rows = (
        (
            f"`{name}`",
            *(
                f"{_read(card, 'librispeech_test', 'argmax')['recall'][viseme] * 100:.0f}"
                for viseme in VISEME_NAMES
            ),
        )
        for name, card in _cards().items()
    )
    return _table(("%", *VISEME_NAMES), rows)


def rounding() -> str:
    """Return accuracy of the float network and what int8 costs, in points."""
    rows = []
    for name, card in _cards().items():
        row = [f"`{name}`"]
        for group in SETS:
            exact, coarse = (
                card["metrics"][kind][group]["argmax"]["figures"]["accuracy"] for kind in ("float", "int8")
            )
            row.append(f"{exact:.3f} ({(coarse - exact) * 100:+.2f})")
        rows.append(row)
    return _table(("float (int8, points)", *SETS.values()), rows)


def data() -> str:
    """Return what the models learned from."""
    rows = (
        (row["source"], f"{row['hours']:.2f}", str(row["speakers"]), row["licence"])
        for row in _cards()["small"]["data"]["train"]
    )
    return _table(("source", "hours", "speakers", "licence"), rows)


def summary() -> str:
    """Return the few figures that a reader of the README wants."""
    rows = []
    for name in ("nano", "small", "base"):
        card = _cards()[name]
        plain = {group: _read(card, group, "argmax")["figures"] for group in SETS}
        seen = _read(card, "librispeech_test", "decoded")["figures"]
        rows.append(
            (
                f"`{name}`, {card['parameters'] / 1000:.0f} k parameters",
                *(
                    f"{plain[group]['accuracy'] * 100:.1f} % / {plain[group]['macro_f1']:.3f}"
                    for group in ("librispeech_test", "speechocean762_test")
                ),
                f"{plain['emodb']['accuracy'] * 100:.1f} %",
                f"{seen['bilabial_recall']:.2f} / {seen['bilabial_precision']:.2f}",
            )
        )
    head = (
        "model",
        "native English, read",
        "children, second language",
        "German actors",
        "p b m closed / closures right",
    )
    return _table(head, rows)


def cores() -> str:
    """Return what the exported line of each model takes on each core."""
    counted = json.loads(COUNTED.read_text(encoding="utf-8"))
    rows = []
    for row in counted["rows"]:
        if row["stage"] != "line":
            continue
        core = row["core"].replace("cortex-m", "Cortex-M").replace("0plus", "0+")
        alone = next(
            other["instructions_per_hop"]
            for other in counted["rows"]
            if (other["model"], other["core"], other["stage"]) == (row["model"], row["core"], "network")
        )
        rows.append(
            (
                f"`{row['model']}`",
                core,
                f"{row['instructions_per_hop']:,.0f}",
                f"{alone:,.0f}",
                f"{row['flash_bytes'] / 1000:.1f} kB",
                f"{(row['ram_bytes'] + row['stack_bytes']) / 1000:.1f} kB",
            )
        )
    return _table(("model", "core", "instructions", "the network of them", "flash", "RAM"), rows)


def one_chip() -> str:
    """Return what a puppet on one chip takes, and how its bytes and pulses compare with the computer's."""
    told = json.loads(ONE_CHIP.read_text(encoding="utf-8"))
    head = (
        "board",
        "flash",
        "RAM before the stack",
        "instructions of the worst hop",
        f"of a hop, at {told['settings']['cycles_per_instruction']:.0f} cycles each",
        "viseme bytes that differ",
        "pulses apart",
    )
    rows = (
        (
            f"`{row['board']}`, {row['clock_mhz']} MHz",
            f"{row['flash_bytes'] / 1000:.1f} kB",
            f"{row['ram_bytes'] / 1000:.1f} kB",
            f"{row['most_instructions']:,}",
            f"{row['share_of_a_hop']:.0%}",
            str(row["differing_viseme_bytes"]),
            f"{row['most_us_from_host_pulses']} µs",
        )
        for row in told["rows"]
    )
    return _table(head, rows)


def peers() -> str:
    """Return our models and other programs on the same recordings, of one run."""
    return _table(page_rows.COLUMNS, page_rows.systems(result.read(PEERS)))


def rivals() -> str:
    """Return the accuracy of `small` in each other program's classes beside that program's own."""
    head = ("program", "in its own classes", "`small` in those classes")
    return _table(head, page_rows.in_their_classes(result.read(PEERS), "mandible small"))


TABLES = {
    function.__name__: function
    for function in (
        models,
        accuracy,
        mouth,
        noise,
        recall,
        rounding,
        data,
        summary,
        cores,
        one_chip,
        peers,
        rivals,
    )
}


def filled(text: str) -> str:
    """Return a page with its tables made anew."""
    return _TABLE.sub(lambda found: f"{found[1]}{TABLES[found[2]]()}{found[3]}", text)


def main() -> None:
    """Rewrite the tables of the pages."""
    for page in PAGES:
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
