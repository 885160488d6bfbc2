"""Per-layer error: it finds the layer that was spoilt, and says what helps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mandible.errors import InputError
from mandible.models import network, released
from mandible.models.network import Network
from mandible.quantize import ai_edge, float_model, layer_error, ranges
from mandible.quantize.float_model import FloatModel
from mandible.quantize.layer_error import LayerError, layer_errors
from mandible.quantize.ranges import Ranges
from mandible.quantize.streaming import streaming_bytes
from tests.engines.hops import speech_hops
from tests.quantize import networks

SPOILT = "block3_point"
MELS = speech_hops()[:400]


@pytest.fixture(scope="module")
def nano() -> FloatModel:
    return float_model.load("nano")


@pytest.fixture(scope="module")
def found(nano: FloatModel) -> Ranges:
    return ranges.observed(nano, networks.pieces())


def made(model: FloatModel, known: Ranges) -> Network:
    name = Path("made.tflite")
    return network.parse(streaming_bytes(ai_edge.int8(model, known), name), name)


def of(errors: list[LayerError], name: str) -> LayerError:
    return next(error for error in errors if error.name == name)


def test_a_released_model_is_compared_layer_by_layer_with_its_float_network(nano: FloatModel) -> None:
    errors = layer_errors(nano, network.load(released.resolve("nano").path), MELS)
    assert [error.name for error in errors] == [layer.name for layer in nano.layers]
    assert sum(error.logits_share for error in errors) == pytest.approx(1)
    assert of(errors, "logits").suggestion.startswith("fine")


def test_with_ranges_of_all_values_no_layer_loses_much(nano: FloatModel, found: Ranges) -> None:
    errors = layer_errors(nano, made(nano, found), MELS)
    assert [error.name for error in errors] == [layer.name for layer in nano.layers]
    assert sum(error.logits_share for error in errors) == pytest.approx(1)
    for error in errors:
        assert error.sqnr_db > 22
        assert error.own_sqnr_db > 30
        assert error.saturated_share < 0.001
        assert 0 <= error.rounding_share <= error.logits_share
        assert error.float_low >= error.int8_low - 3
    assert of(errors, "stem").weight_range_use == 1
    assert of(errors, "block0_add").weight_range_use is None
    assert of(errors, "logits").suggestion.startswith("fine")


def test_a_range_that_cuts_values_off_is_found_and_to_be_widened(nano: FloatModel, found: Ranges) -> None:
    errors = layer_errors(nano, made(nano, {**found, SPOILT: (-1.5, 1.5)}), MELS)
    spoilt = of(errors, SPOILT)
    assert layer_error.worst(errors) == spoilt
    assert spoilt.saturated_share > 0.01
    assert spoilt.suggestion.startswith(f"widen the range of {SPOILT}: ")
    assert spoilt.int8_high == pytest.approx(1.5, abs=0.02)
    assert spoilt.float_high > 3


def test_a_range_far_too_wide_is_to_become_int16_and_its_own_error_is_told_apart(
    nano: FloatModel, found: Ranges
) -> None:
    errors = layer_errors(nano, made(nano, {**found, SPOILT: (-90, 90)}), MELS)
    spoilt, after = of(errors, SPOILT), of(errors, "block3_add")
    assert layer_error.worst(errors) == spoilt
    assert spoilt.suggestion.startswith(f"keep {SPOILT} in int16: its steps are ")
    assert spoilt.own_sqnr_db < 15
    # What follows suffers, but not through a fault of its own.
    assert after.sqnr_db < 22
    assert after.own_sqnr_db > 40


def test_int16_does_what_the_suggestion_promises(nano: FloatModel, found: Ranges) -> None:
    from mandible.quantize.tflite_runner import TfliteRunner

    wide = {**found, SPOILT: (-90.0, 90.0)}
    mels = MELS
    exact = nano.run(mels)
    before = of(layer_errors(nano, made(nano, wide), mels), "logits").sqnr_db
    mixed = TfliteRunner(ai_edge.mixed(nano, wide, [SPOILT]), exact=True).run(mels)
    assert layer_error.sqnr_db(exact, mixed - exact) > before + 6


def test_a_wide_range_that_hurts_little_is_to_be_narrowed(nano: FloatModel, found: Ranges) -> None:
    errors = layer_errors(nano, made(nano, {**found, "block5_add": (0, 20)}), MELS)
    assert of(errors, "block5_add").suggestion.startswith("narrow the range of block5_add: ")


def test_another_float_model_is_refused(nano: FloatModel) -> None:
    mels = speech_hops()[:10]
    with pytest.raises(InputError, match="it has 20 layers, the other 26"):
        layer_errors(nano, network.load(released.resolve("small").path), mels)
    other = networks.family(48, (1, 2, 4, 8, 1, 8))
    with pytest.raises(InputError, match="layer block5_depth has another kernel"):
        layer_errors(other, network.load(released.resolve("nano").path), mels)


def test_the_figures_become_plain_data(nano: FloatModel, found: Ranges) -> None:
    (first, *_) = layer_errors(nano, made(nano, found), speech_hops()[:100])
    told = first.described()
    assert (told["name"], type(told["sqnr_db"])) == ("stem", float)
    assert set(told) == set(LayerError.__dataclass_fields__)


def test_no_error_at_all_is_a_number_too() -> None:
    some = np.ones((3, 2), np.float32)
    assert layer_error.sqnr_db(some, some * 0) == 200
    assert layer_error.sqnr_db(some * 0, some) == -200
