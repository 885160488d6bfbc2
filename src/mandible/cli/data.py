"""``mandible data``: check a corpus, or see and hear what training makes of it."""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Column, Table
from rich.text import Text

from mandible.errors import InputError
from mandible.models.corpus_check import Report, Row, check
from mandible.models.utterance import SPLITS
from mandible.wording import one_line

MOST_SHOWN = 40
MANY_LANGUAGES = 4
# Where nobody watches, a table is not squeezed into a terminal's 80 columns.
PLAIN_COLUMNS = 120


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare ``data check`` and ``data preview``."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    checked = actions.add_parser("check", help="say what a corpus holds, and what is wrong with it")
    preview = actions.add_parser("preview", help="write a page of utterances as training changes them")
    for action in (checked, preview):
        action.add_argument(
            "corpus", type=Path, metavar="CORPUS", help="corpus directory, or a folder of labelled recordings"
        )
        # Also understood after the action; SUPPRESS keeps what was given before it.
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="machine-readable")
        action.add_argument("-v", "--verbose", action="store_true", default=argparse.SUPPRESS)
    preview.add_argument("-o", dest="out", type=Path, required=True, metavar="FILE", help="the page, .html")
    preview.add_argument("--seed", type=int, default=0, metavar="N", help="another choice (default: 0)")
    preview.add_argument("--count", type=int, default=4, metavar="N", help="utterances (default: 4)")


def main(args: argparse.Namespace) -> int:
    """Run the action that was asked for; 1 where a check found problems."""
    if args.action == "preview":
        return _preview(args)
    report = _checked(args.corpus)
    if args.json:
        print(json.dumps(report.as_data(), indent=1))
    else:
        _show(report)
    return 1 if report.problems else 0


def _checked(corpus: Path) -> Report:
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("opening recordings", total=None)
        return check(
            corpus, lambda total: progress.update(bar, total=total), lambda: progress.update(bar, advance=1)
        )


def _preview(args: argparse.Namespace) -> int:
    from mandible.models import page, preview, preview_page

    if not 1 <= args.count <= MOST_SHOWN:
        raise InputError(f"--count {args.count}: must be from 1 to {MOST_SHOWN}")
    if args.seed < 0:
        raise InputError(f"--seed {args.seed}: must not be below 0")
    # Before the half minute that the noise takes, not after it.
    if args.out.is_dir() or not args.out.parent.is_dir():
        raise InputError(f"{args.out}: must be a file in a folder that exists, such as preview.html")
    if args.out.suffix.lower() != ".html":
        raise InputError(f"{args.out}: must end in .html; it is a page for a browser")
    page.check(args.out)
    shown = preview.preview(args.corpus, args.count, args.seed)
    preview_page.write(args.out, args.corpus, shown, args.seed)
    names = [f"{utterance.source}/{utterance.name}" for utterance, _ in shown.utterances]
    if args.json:
        print(json.dumps({"page": str(args.out), "seed": args.seed, "utterances": names}, indent=1))
    else:
        print(one_line(f"{args.out}: {', '.join(names)}"))
    return 0


def _show(report: Report) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=PLAIN_COLUMNS)
    console.print(_table(report))
    minutes: dict[str, float] = defaultdict(float)
    for row in report.rows:
        minutes[row.language] += 60 * row.hours
    ranked = sorted(minutes.items(), key=lambda entry: -entry[1])
    named = [f"{code} {_figure(spoken)}" for code, spoken in ranked if spoken >= 1]
    if len(minutes) > len(named):
        named.append(f"{len(minutes) - len(named)} more under a minute")
    console.print(f"\nminutes by language: {escape(one_line(', '.join(named)))}")
    for kind, (usable, present) in report.sounds.items():
        console.print(f"{kind}: {usable} of {present} may shape a released model")
    for word, lines in (("problem", report.problems), ("warning", report.warnings), ("note", report.notes)):
        for line in lines:
            console.print(f"[bold]{word}[/]: {escape(one_line(line))}", soft_wrap=True)


def _text(name: str) -> Text:
    """Return a name that somebody else chose: neither markup nor a terminal's codes."""
    return Text(one_line(name))


def _table(report: Report) -> Table:
    by_source: dict[str, list[Row]] = defaultdict(list)
    for row in report.rows:
        by_source[row.source].append(row)
    table = Table(
        Column("source", no_wrap=True), "language", "phones",
        *(Column(f"{name} min", justify="right") for name in SPLITS),
        Column("utterances", justify="right"), Column("speakers", justify="right"), "licence", "trains",
        box=None,
    )  # fmt: skip
    for source, rows in by_source.items():
        languages = sorted({row.language for row in rows})
        spoken = " ".join(languages) if len(languages) <= MANY_LANGUAGES else f"{len(languages)} languages"
        phones = " ".join(sorted({word for row in rows for word in row.phones.split()}))
        utterances, trains = sum(row.utterances for row in rows), "yes" if rows[0].trains else "no"
        table.add_row(
            _text(source), _text(spoken), phones, *_minutes(rows), str(utterances),
            str(report.speakers[source]), _text(rows[0].licence), trains,
        )  # fmt: skip
    usable = [row for row in report.rows if row.trains]
    for name, rows in (("may be learned from", usable), ("all", report.rows)):
        table.add_row(f"[bold]{name}[/]", "", "", *_minutes(rows), str(sum(row.utterances for row in rows)))
    return table


def _minutes(rows: Sequence[Row]) -> list[str]:
    return [_figure(60 * sum(row.hours for row in rows if row.split == split)) for split in SPLITS]


def _figure(minutes: float) -> str:
    return "-" if not minutes else f"{minutes:.1f}" if minutes < 10 else f"{minutes:.0f}"
