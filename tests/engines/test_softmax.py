"""Softmax in integers: weights are bytes, sum to 255, and follow the logits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mandible.device.engines.softmax import Softmax, exponentials, in_proportion
from mandible.models.visemes import VISEME_COUNT

logits_lists = st.lists(st.integers(-128, 127), min_size=VISEME_COUNT, max_size=VISEME_COUNT)
scales = st.floats(1e-4, 4.0)

# Worked by hand from the definition; a microcontroller's softmax is held to the same rows.
GOLDEN = [
    (0.1, [0] * 15, [17] * 15),
    (0.1, [127] + [-128] * 14, [255] + [0] * 14),
    (0.1, [-128] * 14 + [127], [0] * 14 + [255]),
    (0.1, [20, 20] + [-60] * 13, [128, 127] + [0] * 13),
    (0.05, list(range(-70, 80, 10)), [0, 0, 0, 0, 1, 1, 2, 3, 5, 8, 14, 22, 37, 61, 101]),
]


@pytest.mark.parametrize(("scale", "logits", "weights"), GOLDEN)
def test_golden_vectors(scale: float, logits: list[int], weights: list[int]) -> None:
    assert Softmax(scale).shares(logits) == weights


def test_table_is_the_exponential() -> None:
    table = exponentials(0.1)
    assert table[:4].tolist() == [65535, 59299, 53656, 48550]
    assert table[255] == 0
    assert np.all(np.diff(table) <= 0)


@given(logits_lists, scales)
def test_weights_sum_to_255_and_the_largest_logit_weighs_most(logits: list[int], scale: float) -> None:
    weights = Softmax(scale).shares(logits)
    assert min(weights) >= 0
    assert sum(weights) == 255
    real = np.exp(scale * (np.array(logits, float) - max(logits)))
    # Each weight is rounded by at most half a step; the first of the largest carries all roundings.
    assert np.abs(np.array(weights) - 255 * real / real.sum()).max() <= 0.5 * VISEME_COUNT


@given(
    st.lists(st.integers(-100, 100), min_size=VISEME_COUNT, max_size=VISEME_COUNT),
    scales,
    st.integers(-28, 27),
)
def test_only_differences_of_logits_count(logits: list[int], scale: float, shift: int) -> None:
    softmax = Softmax(scale)
    assert softmax.shares([logit + shift for logit in logits]) == softmax.shares(logits)


@given(st.lists(st.integers(0, 2**20), min_size=1, max_size=15).filter(any))
def test_proportions_are_kept(values: list[int]) -> None:
    weights = np.array(in_proportion(values))
    assert int(weights.sum()) == 255
    exact = 255 * np.array(values) / sum(values)
    others = np.arange(len(values)) != int(np.argmax(values))
    assert np.all(np.abs(weights - exact)[others] <= 0.5)
