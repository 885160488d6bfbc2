"""``mandible quantize``: from a float model to the smallest one that does as well."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress

from mandible.cli.eval import WIDE_COLUMNS, progress_bar
from mandible.errors import InputError
from mandible.models import network
from mandible.models.settings import MAX_LOOKAHEAD_MS
from mandible.quantize import (
    ai_edge,
    auto,
    budget,
    budget_report,
    calibration,
    float_model,
    layer_error,
    outcome,
    recipes,
    shape,
)
from mandible.quantize.budget import Budget
from mandible.quantize.layer_error import LayerError
from mandible.quantize.recipes import AUTO, EVERY_ENGINE, Made, Request


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the options of the verb."""
    known = recipes.recipes().values()
    litert = " and ".join(one.name for one in known if one.runs_on != EVERY_ENGINE)
    parser.description = (
        f"Make a float model small. int8 recipes give a model for every engine, C and ONNX; {litert}, and "
        "int8 with --int16, run only in LiteRT's interpreter: the exact engines refuse them."
    )
    parser.add_argument(
        "model",
        metavar="FLOAT",
        help="released name, .keras, .h5, .float.npz, float .tflite, training folder",
    )
    parser.add_argument(
        "--recipe", default=AUTO, metavar="R",
        help=f"{', '.join(one.name for one in known)}, or {AUTO} (default): the smallest good enough",
    )  # fmt: skip
    parser.add_argument(
        "--calibration", type=Path, metavar="DIR", help="corpus directory or folder of recordings"
    )
    parser.add_argument("-o", dest="target", type=Path, metavar="FILE", help="the .tflite file to write")
    parser.add_argument(
        "--corpus", type=Path, nargs="+", default=[], metavar="DIR", help="labelled speech to train with"
    )
    parser.add_argument("--epochs", type=int, metavar="N", help="of training, instead of the recipe's")
    parser.add_argument(
        "--sparsity", type=float, metavar="S", help="share of weights to remove in int8-pqat, 0.1 to 0.9"
    )
    parser.add_argument(
        "--max-loss", type=float, metavar="POINTS", help="write nothing that loses more than this"
    )
    parser.add_argument(
        "--int16", type=_names, default=(), metavar="LAYER,...", help="layers whose values stay int16"
    )
    parser.add_argument(
        "--layers", action="store_true", help="show what each layer loses, and what would help"
    )
    parser.add_argument(
        "--range-share", type=float, metavar="S",
        help="share of the values that a layer's range covers, 0.99 to 1, instead of the recipe's",
    )  # fmt: skip
    parser.add_argument(
        "--budget", metavar="B",
        help=f"what a microcontroller has, as in {budget.EXAMPLE}; where the model does not fit, nothing is "
        "written and the exit code is 1. Without speech and -o it only says whether a model fits",
    )  # fmt: skip
    parser.add_argument("--lookahead-ms", type=int, metavar="MS", help="of a model that no card describes")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the speech that is taken")


def main(args: argparse.Namespace) -> int:
    """Quantise; 0 when written, 1 when nothing is inside the loss or the budget."""
    wanted = None if args.budget is None else budget.parse(args.budget)
    if wanted is not None and args.calibration is None and not args.corpus and args.target is None:
        return _only_fits(args, wanted)
    _check(args)
    model = float_model.load(args.model)
    if args.lookahead_ms is not None:
        model = replace(model, lookahead_ms=args.lookahead_ms)
    if args.target is not None:
        outcome.check(args.target, Path(args.model))
    # Before minutes go into features.
    ai_edge.check_names(model, args.int16)
    with progress_bar() as bar:
        task = bar.add_task("listening", total=None)
        speech = calibration.gather(args.calibration or args.corpus[0], args.seed, lambda: bar.advance(task))
        request = Request(
            model, speech, tuple(args.corpus), args.epochs, args.sparsity, args.int16, args.range_share,
            _work(bar), lambda line: bar.console.print(line, highlight=False),
        )  # fmt: skip
        tried, best = _made(args, request)
        errors = _layers(tried, best, request) if args.layers else []
    needs = None if wanted is None or best is None else _needs(best, wanted)
    is_good = best is not None and (needs is None or bool(needs["fits"]))
    if best is not None and is_good and args.target is not None:
        outcome.write(best, args.target)
    _show(args, tried, best, errors, needs, args.target if is_good else None)
    return 0 if is_good else 1


def _only_fits(args: argparse.Namespace, wanted: Budget) -> int:
    """Say whether a model, float or int8, fits; nothing is quantised."""
    told = budget_report.document(shape.network_named(args.model), wanted)
    if args.json:
        print(json.dumps({"model": args.model, "budget": told}, allow_nan=False))
    else:
        _show_budget(_console(), told)
    return 0 if told["fits"] else 1


def _needs(made: Made, wanted: Budget) -> dict[str, Any]:
    if made.runs_on != EVERY_ENGINE:
        raise InputError(f"--budget is for models that become C; the best is {made.recipe.name}, for LiteRT")
    return budget_report.document(network.parse(made.data, Path("quantised.tflite")), wanted)


def _made(args: argparse.Namespace, request: Request) -> tuple[tuple[Made, ...], Made | None]:
    if args.recipe == AUTO:
        choice = auto.choose(request, args.max_loss)
        return choice.tried, choice.best
    made = recipes.make(recipes.named(args.recipe), request)
    is_good = args.max_loss is None or made.loss_points <= args.max_loss
    return (made,), made if is_good else None


def _layers(tried: tuple[Made, ...], best: Made | None, request: Request) -> list[LayerError]:
    """Look inside the best model if it is int8, else the first that is; ``auto`` always tries one."""
    looked_at = [one for one in (best, *tried) if one is not None and one.runs_on == EVERY_ENGINE]
    made = looked_at[0]
    mels = np.concatenate(request.speech.held)
    return layer_error.layer_errors(made.model, network.parse(made.data, Path("quantised.tflite")), mels)


def _work(bar: Progress) -> Callable[[str, int], Callable[[], None]]:
    def work(name: str, steps: int) -> Callable[[], None]:
        task = bar.add_task(name, total=steps)
        return lambda: bar.advance(task)

    return work


def _check(args: argparse.Namespace) -> None:
    """Raise InputError for options that make no sense, before anything is read."""
    if args.recipe != AUTO:
        recipes.named(args.recipe)
    if args.calibration is None and not args.corpus:
        raise InputError("give speech to calibrate with: --calibration DIR, any folder of recordings")
    bounds: dict[str, tuple[Any, float, float]] = {
        "--epochs": (args.epochs, 1, 1000),
        "--sparsity": (args.sparsity, 0.1, 0.9),
        "--max-loss": (args.max_loss, -100, 100),
        "--range-share": (args.range_share, 0.99, 1),
        "--lookahead-ms": (args.lookahead_ms, 0, MAX_LOOKAHEAD_MS),
        "--seed": (args.seed, 0, 2**31 - 1),
    }
    for option, (value, low, high) in bounds.items():
        if value is not None and (math.isnan(value) or not low <= value <= high):
            raise InputError(f"{option} {value}: give a number from {low:g} to {high:.10g}")
    if args.recipe != AUTO and recipes.named(args.recipe).runs_on != EVERY_ENGINE and args.layers:
        raise InputError(f"--layers looks inside int8 models; {args.recipe} keeps values in float")
    only_litert = args.int16 or (args.recipe != AUTO and recipes.named(args.recipe).runs_on != EVERY_ENGINE)
    if args.budget is not None and only_litert:
        raise InputError("--budget is for models that become C; --int16, dynamic and float16 are for LiteRT")
    if args.layers and args.int16:
        raise InputError("--layers looks inside int8 models; leave --int16 out to see which layers need it")


def _show(
    args: argparse.Namespace,
    tried: tuple[Made, ...],
    best: Made | None,
    errors: list[LayerError],
    needs: dict[str, Any] | None,
    target: Path | None,
) -> None:
    """Say what was tried; ``target`` is what was written, if anything."""
    written = None if target is None else str(target)
    if args.json:
        told: dict[str, Any] = {
            "model": args.model,
            "file": written,
            "chosen": best.recipe.name if best is not None else None,
            "tried": [outcome.document(made) for made in tried],
        }
        if args.layers:
            told["layers"] = [error.described() for error in errors]
            told["worst_layer"] = layer_error.worst(errors).name
        if needs is not None:
            told["budget"] = needs
        print(json.dumps(told, allow_nan=False))
        return
    console = _console()
    console.print(outcome.table(tried, best))
    if errors:
        console.print(outcome.layer_table(errors))
        worst = layer_error.worst(errors)
        print(f"{worst.name} hurts the logits most: {worst.logits_share:.0%} of their error")
    if needs is not None:
        _show_budget(console, needs)
    if written:
        print(f"wrote {written} and its card")
    elif needs is not None and not needs["fits"]:
        print("nothing written")
    if best is None:
        print("nothing written: none loses little enough; try --corpus DIR to train, or a larger --max-loss")


def _show_budget(console: Console, told: dict[str, Any]) -> None:
    console.print(budget_report.table(told))
    print(budget_report.verdict(told))


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=WIDE_COLUMNS)
