"""``mandible train``: train a viseme network on recordings with phone times."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mandible.errors import InputError
from mandible.models.released import MOST_CARD_BYTES
from mandible.models.settings import Settings, from_record
from mandible.small_file import read_object

_FORM = {"lookahead_ms": "MS", "epochs": "N", "seed": "N", "copies": "N"}


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; a training setting left out keeps the card's or the default value."""
    parser.add_argument(
        "--corpus", type=Path, nargs="+", required=True, metavar="DIR",
        help="corpus directories, or folders of recordings with label files",
    )  # fmt: skip
    parser.add_argument(
        "-o", dest="out", type=Path, required=True, metavar="DIR", help="folder of the result"
    )
    parser.add_argument("--card", type=Path, metavar="FILE", help="train as a released model's card records")
    parser.add_argument("--teacher", metavar="T", help="learn also from the teacher in this training folder")
    parser.add_argument("--start", metavar="M", help="begin with the weights of a released model or a folder")
    parser.add_argument("--languages", type=_names, metavar="A,B", help="only these languages")
    parser.add_argument("--hold-out-language", type=_names, metavar="A,B", help="all but these languages")
    parser.add_argument("--licences", type=_names, metavar="A,B", help="licences that may be learned from")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="where computed features are kept")
    defaults = Settings()
    for field in fields(Settings):
        value = getattr(defaults, field.name)
        parser.add_argument(
            f"--{field.name.replace('_', '-')}", type=type(value), metavar=_FORM.get(field.name, "X"),
            default=None, help=f"{value} if not given",
        )  # fmt: skip


def _settings(args: argparse.Namespace, card: dict[str, Any]) -> Settings:
    told = dict(card.get("training", {}).get("settings", {}))
    told.update(
        (field.name, given) for field in fields(Settings) if (given := getattr(args, field.name)) is not None
    )
    return from_record(told, str(args.card) if args.card else "options")


def _card(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    card = read_object(path, MOST_CARD_BYTES)
    told = card.get("training")
    if not isinstance(told, dict) or not isinstance(told.get("settings"), dict):
        raise InputError(f"{path}: no training.settings in it; name a released *.card.json")
    for role in ("teacher", "start"):
        if not isinstance(told.get(f"{role}_sha256"), str | None):
            raise InputError(f"{path}: training.{role}_sha256 must be a checksum or null")
    return card


def _weights(named: str | None, card: dict[str, Any], role: str) -> Path | None:
    """Return the weights of the ``teacher`` or the ``start``: those asked for, or those the card names."""
    from mandible.models import float_weights

    asked = card.get("training", {}).get(f"{role}_sha256")
    if named is None:
        return float_weights.released_with(asked) if asked else None
    found = float_weights.find(named)
    if asked and float_weights.sha256_of(found) != asked:
        raise InputError(f"{found}: not the --{role} that the card names ({asked[:12]}…)")
    return found


def main(args: argparse.Namespace) -> int:
    """Train; 0 when the last epoch is done."""
    from mandible.models import corpus
    from mandible.models import train as training

    card = _card(args.card)
    settings = _settings(args, card)
    teacher = _weights(args.teacher, card, "teacher")
    start = _weights(args.start, card, "start")
    corpus.check_languages(args.corpus, [*(args.languages or ()), *(args.hold_out_language or ())])
    selection = training.Selection(tuple(args.corpus), args.languages, args.hold_out_language, args.licences)
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:

        def work(name: str, steps: int) -> Callable[[], None]:
            task = progress.add_task(name, total=steps)
            return lambda: progress.advance(task)

        def say(line: str) -> None:
            progress.console.print(line, highlight=False)

        record = training.train(
            selection, settings, args.out, training.Show(work, say), teacher, start, args.cache
        )
    if args.json:
        json.dump(record, sys.stdout, indent=1)
        print()
    else:
        best = max(row["dev_accuracy"] for row in record["history"])
        print(f"{args.out}: best dev accuracy {best:.4f}; see {args.out / 'report.html'}")
    return 0
