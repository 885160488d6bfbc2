"""``python -m mandible.models.reproduce --corpus DIR -o OUT``: train the released models again.

``released/recipes.toml`` says how; what others begin with comes first. Every training can be cut off and
goes on when the command is given again; what is finished is left alone. The float networks lie in OUT/NAME,
the quantised ones in OUT/NAME.tflite with their cards.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mandible.errors import InputError, MandibleError
from mandible.models import float_weights
from mandible.models import train as training
from mandible.models.settings import TEACHER, Settings, from_record

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

RECIPES = float_weights.RELEASED / "recipes.toml"


def recipes(path: Path = RECIPES) -> dict[str, dict[str, Any]]:
    """Return model name -> its recipe, in the order of training."""
    with path.open("rb") as stream:
        return tomllib.load(stream)


def settings_of(name: str, recipe: dict[str, Any]) -> Settings:
    """Return the training settings of a recipe; raises InputError for one that makes no sense."""
    told = {key: value for key, value in recipe.items() if key not in ("teacher", "start", "release")}
    return from_record(told, f"{RECIPES.name}: {name}")


def reproduce(corpora: tuple[Path, ...], out: Path, wanted: list[str], cache: Path | None) -> None:
    """Train and release the wanted models, after those that they need."""
    known = recipes()
    for name in wanted:
        if name not in known:
            raise InputError(f"model {name!r} is unknown: use {', '.join(known)}")
    needed = set(wanted)
    for name in reversed(known):
        if name in needed:
            needed |= {known[name][key] for key in ("teacher", "start") if key in known[name]}
    selection = training.Selection(corpora)
    for name, recipe in known.items():
        if name not in needed:
            continue
        print(f"== {name}", flush=True)
        settings = settings_of(name, recipe)
        before = {
            key: out / recipe[key] / float_weights.FILE for key in ("teacher", "start") if key in recipe
        }
        training.train(
            selection, settings, out / name, Plain(), before.get("teacher"), before.get("start"), cache
        )
        target = out / f"{name}.tflite"
        if settings.size == TEACHER or not recipe.get("release", True):
            continue
        from mandible.quantize import release

        if not release.is_whole(target):
            release.release(out / name, corpora, target)


class Plain(training.Show):
    """Progress as plain lines, for a log that somebody reads the next morning."""

    def __init__(self) -> None:
        super().__init__(self._work, lambda line: print(line, flush=True))

    @staticmethod
    def _work(name: str, steps: int) -> Callable[[], None]:
        print(f"{name}: {steps} steps", flush=True)
        return lambda: None


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m mandible.models.reproduce", description=__doc__)
    parser.add_argument("models", nargs="*", help="names; all where none is given")
    parser.add_argument("--corpus", type=Path, nargs="+", required=True, help="corpus directories")
    parser.add_argument("-o", dest="out", type=Path, required=True, help="folder for all of them")
    parser.add_argument("--cache", type=Path, help="where computed features are kept")
    args = parser.parse_args(arguments)
    try:
        reproduce(tuple(args.corpus), args.out, args.models or list(recipes()), args.cache)
    except MandibleError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
