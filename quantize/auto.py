"""``auto``: try recipes in order of cost, and take the smallest file that loses little enough.

A model for every engine goes before one that needs LiteRT, whatever their sizes: only the first can also
become C or ONNX. Training is tried when nothing cheaper is good enough, since it makes no file smaller.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mandible.quantize import recipes
from mandible.quantize.recipes import EVERY_ENGINE, Made, Request


@dataclass(frozen=True)
class Choice:
    """What ``auto`` found: the best, or None where nothing is inside the loss; and all that was tried."""

    best: Made | None
    tried: tuple[Made, ...]
    most_points: float


def choose(
    request: Request,
    most_points: float | None = None,
    make: Callable[[recipes.Recipe, Request, float], Made] = recipes.make,
) -> Choice:
    """Try recipes until one for every engine loses at most ``most_points``.

    Args:
        request: what to shrink; with ``corpora``, training may be tried too.
        most_points: of accuracy, or of agreement with the float network where the speech has no labels;
            None for the default of ``recipes.toml``.
        make: carries a recipe out.
    """
    most = recipes.auto_loss(bool(request.speech.labelled)) if most_points is None else most_points
    exact = recipes.measured_float(request)
    tried: list[Made] = []
    for recipe in recipes.all_affordable(request):
        if recipe.trains and any(_is_good(one, most) and one.runs_on == EVERY_ENGINE for one in tried):
            break
        tried.append(make(recipe, request, exact))
    good = [one for one in tried if _is_good(one, most)]
    best = min(good, key=lambda one: (one.runs_on != EVERY_ENGINE, len(one.data)), default=None)
    return Choice(best, tuple(tried), most)


def _is_good(made: Made, most_points: float) -> bool:
    return made.loss_points <= most_points
