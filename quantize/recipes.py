"""The recipes, read from ``recipes.toml``, and how one is carried out.

    float network + speech -> (training) -> ranges -> quantiser -> streaming form

``int8`` recipes give a model for every engine. ``dynamic``, ``float16`` and int8 with single layers in int16
run in LiteRT's interpreter alone.
"""

from __future__ import annotations

import gzip
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mandible.errors import InputError
from mandible.models import network
from mandible.quantize import ai_edge, calibration, int8_values, layer_error, ranges
from mandible.quantize.calibration import Speech
from mandible.quantize.float_model import FloatModel
from mandible.quantize.streaming import streaming_bytes
from mandible.quantize.tflite_runner import TfliteRunner

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

AUTO = "auto"
# What a model runs on.
EVERY_ENGINE, LITERT_ALONE = "every", "litert"
# Speech on which logits are compared.
MEASURED_HOPS = 3000
Work = Callable[[str, int], Callable[[], None]]


@dataclass(frozen=True)
class Recipe:
    """One entry of ``recipes.toml``; see there."""

    name: str
    summary: str
    method: str
    runs_on: str
    range_share: float = 1.0
    epochs: int = 0
    learning_rate: float = 0.0
    sparsity: float | None = None

    @property
    def trains(self) -> bool:
        """Whether it needs labelled speech and TensorFlow."""
        return self.method == "training"


@dataclass(frozen=True)
class Request:
    """What to shrink, and with what.

    Attributes:
        model: the float network.
        speech: to calibrate with and to measure on.
        corpora: labelled speech to train with; empty for recipes that do not.
        epochs: instead of the recipe's; None for those.
        sparsity: instead of the recipe's.
        int16: names of layers whose values stay int16.
        range_share: of the values that a range covers, instead of the recipe's.
        work: called with a name and a number of steps, returns what to call after each.
        say: called with a line on how training goes.
    """

    model: FloatModel
    speech: Speech
    corpora: tuple[Path, ...] = ()
    epochs: int | None = None
    sparsity: float | None = None
    int16: tuple[str, ...] = ()
    range_share: float | None = None
    work: Work = lambda name, steps: lambda: None
    say: Callable[[str], None] = lambda line: None


@dataclass(frozen=True)
class Made:
    """A quantised network.

    Attributes:
        recipe: how it was made.
        data: the streaming ``.tflite``.
        runs_on: ``every`` engine, or ``litert`` alone.
        accuracy, float_accuracy: in percent, on the speech kept apart; see ``calibration.accuracy``.
        logits_sqnr_db: of its logits against those of ``model`` on that speech.
        seconds: what making it took, without measuring.
        told: what a card says of the making.
        model: the float network it was made of, after training.
    """

    recipe: Recipe
    data: bytes
    runs_on: str
    accuracy: float
    float_accuracy: float
    logits_sqnr_db: float
    seconds: float
    told: dict[str, Any]
    model: FloatModel

    @property
    def loss_points(self) -> float:
        """How much worse than the float network, in points; negative where better."""
        return self.float_accuracy - self.accuracy

    @property
    def download_bytes(self) -> int:
        """Size when compressed with gzip."""
        return len(gzip.compress(self.data, 9, mtime=0))

    def network(self) -> Callable[[NDArray[np.int8]], NDArray[np.generic]]:
        """Return the function (n, 40) features -> (n, 15) logits."""
        return running(self.data, self.runs_on)


@cache
def recipes() -> dict[str, Recipe]:
    """Return name -> recipe, in order of cost."""
    return {name: Recipe(name, **told) for name, told in _table().items() if name != AUTO}


def auto_loss(labelled: bool) -> float:
    """Return the points that ``auto`` may lose where nobody says."""
    return float(_table()[AUTO]["loss_labelled" if labelled else "loss_unlabelled"])


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("recipes.toml").read_text(encoding="utf-8"))


def named(name: str) -> Recipe:
    """Return a recipe; raises InputError for an unknown one."""
    found = recipes().get(name)
    if found is None:
        raise InputError(f"recipe {name!r} does not exist; choose one of {', '.join((*recipes(), AUTO))}")
    return found


def make(recipe: Recipe, request: Request, float_accuracy: float | None = None) -> Made:
    """Carry out one recipe.

    Args:
        recipe: which.
        request: on what.
        float_accuracy: where it is known already.

    Raises:
        InputError: the recipe does not fit the request; one line with the fix.
        DeviceError: a package is not installed.
    """
    _check(recipe, request)
    exact = measured_float(request) if float_accuracy is None else float_accuracy
    began = time.monotonic()
    model = request.model
    told: dict[str, Any] = {"recipe": recipe.name, "quantisation": recipe.summary}
    if recipe.method == "dynamic":
        data = ai_edge.dynamic(model)
    elif recipe.method == "float16":
        data = ai_edge.float16(model)
    else:
        model, data, more = _int8(recipe, request)
        told |= more
    seconds = time.monotonic() - began
    runs_on = LITERT_ALONE if request.int16 else recipe.runs_on
    quantised = running(data, runs_on)
    accuracy = calibration.accuracy(request.model, quantised, request.speech)
    heard = np.concatenate(request.speech.held)[:MEASURED_HOPS]
    exact_logits = model.run(heard)
    sqnr_db = layer_error.sqnr_db(exact_logits, np.asarray(quantised(heard), np.float32) - exact_logits)
    told["calibration"] = request.speech.described
    told["loss"] = {
        "measure": "accuracy" if request.speech.labelled else "agreement with float",
        "float": round(exact, 2),
        "quantised": round(accuracy, 2),
        "logits_sqnr_db": round(sqnr_db, 1),
    }
    return Made(recipe, data, runs_on, accuracy, exact, sqnr_db, seconds, told, model)


def measured_float(request: Request) -> float:
    """Return the float network's own figure in percent; 100 where speech without labels tells agreement."""
    return calibration.accuracy(request.model, request.model.run, request.speech)


def running(data: bytes, runs_on: str) -> Callable[[NDArray[np.int8]], NDArray[np.generic]]:
    """Return the function (n, 40) features -> (n, 15) logits of a streaming ``.tflite``."""
    if runs_on != EVERY_ENGINE:
        return TfliteRunner(data).run
    checked = network.parse(data, Path("quantised.tflite"))

    def run(mels: NDArray[np.int8]) -> NDArray[np.generic]:
        scale, zero_point = checked.output_scale, checked.output_zero_point
        steps = int8_values.values(checked, mels)[checked.logits_value]
        return np.asarray((steps - zero_point) * scale, np.float32)

    return run


def _check(recipe: Recipe, request: Request) -> None:
    is_int8 = recipe.method in ("ranges", "training")
    if request.int16 and not is_int8:
        raise InputError(f"--int16 needs an int8 recipe; {recipe.name} keeps all values in float anyway")
    if recipe.trains and not request.corpora:
        raise InputError(f"recipe {recipe.name} trains: give labelled speech with --corpus DIR")
    ai_edge.check_names(request.model, request.int16)


def _int8(recipe: Recipe, request: Request) -> tuple[FloatModel, bytes, dict[str, Any]]:
    pieces, model = request.speech.pieces, request.model
    step = request.work("ranges", len(pieces))
    share = recipe.range_share if request.range_share is None else request.range_share
    found = ranges.observed(model, pieces, share, step)
    told: dict[str, Any] = {}
    if recipe.trains:
        model, found, told = _trained(recipe, request, found)
    if request.int16:
        told["int16"] = list(request.int16)
        return model, ai_edge.mixed(model, found, request.int16), told
    names = [head.name for head in model.heads]
    data = streaming_bytes(ai_edge.int8(model, found), Path(f"{model.name}.tflite"), names)
    return model, data, told


def _trained(
    recipe: Recipe, request: Request, found: ranges.Ranges
) -> tuple[FloatModel, ranges.Ranges, dict[str, Any]]:
    from mandible.models.train import Show
    from mandible.quantize import aware

    sparsity = recipe.sparsity if request.sparsity is None or recipe.sparsity is None else request.sparsity
    plan = aware.Plan(request.epochs or recipe.epochs, recipe.learning_rate, sparsity)
    learned = aware.train(request.model, found, request.corpora, plan, Show(request.work, request.say))
    told = {
        "quantisation_training": {
            "epochs": plan.epochs,
            "learning_rate": plan.learning_rate,
            "history": learned.history,
        }
    }
    if sparsity is not None:
        told["quantisation_training"]["sparsity"] = round(aware.sparsity_of(learned.model), 4)
    return learned.model, learned.ranges, told


def all_affordable(request: Request) -> Sequence[Recipe]:
    """Return the recipes that ``auto`` may try with this request, cheapest first."""
    fitting = [one for one in recipes().values() if not one.trains or request.corpora]
    if request.int16:
        fitting = [one for one in fitting if one.method in ("ranges", "training")]
    return fitting
