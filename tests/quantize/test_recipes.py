"""The recipes as data, and how ``auto`` chooses among them."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mandible.errors import InputError
from mandible.quantize import auto, float_model, recipes
from mandible.quantize.calibration import Speech
from mandible.quantize.float_model import FloatModel
from mandible.quantize.recipes import Made, Recipe, Request
from tests.engines.hops import speech_hops
from tests.quantize import networks

METHODS = {"ranges", "training", "dynamic", "float16"}


@pytest.fixture(scope="module")
def nano() -> FloatModel:
    return float_model.load("nano")


@pytest.fixture
def request_(nano: FloatModel) -> Request:
    """Speech without labels."""
    told = {"folder": "some", "recordings": 1, "seconds": 9.6, "seed": 1}
    return Request(nano, Speech(networks.pieces(), (speech_hops()[:400],), (), told))


def test_every_recipe_of_the_table_can_be_carried_out() -> None:
    table = recipes.recipes()
    assert next(iter(table)) == "int8-ptq"
    assert {"int8-ptq", "int8-qat", "int8-pqat", "float16", "dynamic"} == set(table)
    for recipe in table.values():
        assert recipe.method in METHODS
        assert recipe.runs_on in {recipes.EVERY_ENGINE, recipes.LITERT_ALONE}
        assert recipe.trains == (recipe.epochs > 0)
    trained = [recipe.trains for recipe in table.values()]
    assert trained == sorted(trained), "what trains costs most and comes last"
    with pytest.raises(InputError, match=r"recipe 'int4' does not exist; choose one of int8-ptq, .*, auto"):
        recipes.named("int4")


def test_a_recipe_tells_what_it_made(request_: Request) -> None:
    made = recipes.make(recipes.named("int8-ptq"), request_)
    assert made.float_accuracy == 100
    assert made.loss_points == pytest.approx(100 - made.accuracy)
    assert made.told["loss"]["measure"] == "agreement with float"
    assert made.told["calibration"] == request_.speech.described
    assert made.download_bytes == len(gzip.compress(made.data, 9, mtime=0)) < len(made.data)
    mels = speech_hops()[:50]
    assert np.isfinite(made.network()(mels)).all()


def test_the_exact_numpy_and_litert_reference_kernels_measure_the_same(request_: Request) -> None:
    from mandible.quantize.tflite_runner import TfliteRunner

    made = recipes.make(recipes.named("int8-ptq"), request_)
    mels = speech_hops()[:200]
    assert np.array_equal(made.network()(mels), TfliteRunner(made.data, exact=True).run(mels))


def test_what_does_not_fit_a_recipe_is_said_at_once(request_: Request) -> None:
    with pytest.raises(InputError, match="int8-qat trains: give labelled speech with --corpus DIR"):
        recipes.make(recipes.named("int8-qat"), request_)
    with pytest.raises(InputError, match="--int16 needs an int8 recipe; float16 keeps all values in float"):
        recipes.make(recipes.named("float16"), replace(request_, int16=("stem",)))


class Making:
    """Stands for making: recipe -> (points lost, bytes)."""

    def __init__(self, **outcomes: tuple[float, int]) -> None:
        self.outcomes = {name.replace("_", "-"): outcome for name, outcome in outcomes.items()}
        self.tried: list[str] = []

    def __call__(self, recipe: Recipe, request: Request, exact: float) -> Made:
        self.tried.append(recipe.name)
        loss, size = self.outcomes[recipe.name]
        data = bytes(size)
        return Made(recipe, data, recipe.runs_on, exact - loss, exact, 30.0, 1.0, {}, request.model)


CHEAP = {"dynamic": (0.2, 41), "float16": (0.0, 56)}


def test_the_cheap_int8_model_is_taken_where_it_is_good_enough(request_: Request) -> None:
    making = Making(int8_ptq=(0.4, 51), **CHEAP)
    choice = auto.choose(replace(request_, corpora=(Path("corpus"),)), 0.5, making)
    assert choice.best is not None
    assert choice.best.recipe.name == "int8-ptq"
    assert making.tried == ["int8-ptq", "dynamic", "float16"]
    assert choice.most_points == 0.5


def test_training_is_tried_when_nothing_cheaper_does(request_: Request) -> None:
    making = Making(int8_ptq=(0.7, 51), **CHEAP, int8_qat=(0.1, 51), int8_pqat=(0.6, 51))
    choice = auto.choose(replace(request_, corpora=(Path("corpus"),)), 0.5, making)
    assert choice.best is not None
    assert choice.best.recipe.name == "int8-qat"
    assert making.tried == ["int8-ptq", "dynamic", "float16", "int8-qat"]


def test_without_a_corpus_the_smallest_that_needs_litert_is_next(request_: Request) -> None:
    choice = auto.choose(request_, 0.5, Making(int8_ptq=(0.7, 51), **CHEAP))
    assert choice.best is not None
    assert choice.best.recipe.name == "dynamic"


def test_nothing_good_enough_is_nothing(request_: Request) -> None:
    choice = auto.choose(request_, -1.0, Making(int8_ptq=(0.7, 51), **CHEAP))
    assert choice.best is None
    assert len(choice.tried) == 3


def test_int16_layers_leave_only_int8_recipes(request_: Request) -> None:
    making = Making(int8_ptq=(0.1, 51), **CHEAP)
    auto.choose(replace(request_, int16=("stem",)), None, making)
    assert making.tried == ["int8-ptq"]
