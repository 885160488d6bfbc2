"""What the statistics of turns promise, on noise whose size is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mandible.benchmarks.compare import verdicts
from mandible.benchmarks.compare.design import design
from mandible.benchmarks.compare.ratios import of_pair, of_pairs

RUNS = 2000
LIMIT = 0.05
# Of the logarithm of a pair's ratio; on a busy computer.
NOISE = 0.04


def runs(slower: float, noise: float = NOISE) -> np.ndarray:
    pairs = design().pairs
    return np.random.default_rng(7).normal(math.log(slower), noise, (RUNS, pairs))


def verdict(pairs: np.ndarray) -> str:
    ratio = of_pairs(list(pairs))
    interval = ratio.middle, ratio.low, ratio.high
    finds = ratio.finds(LIMIT)
    row = verdicts.ratio_row("trees", "live_cpu_us", {}, 1.0, ratio.middle, interval, LIMIT, finds, 1.25)
    return str(row["verdict"])


def test_a_block_that_was_disturbed_does_not_move_its_pair() -> None:
    calm = [(10.0, 11.0, 11.0, 10.0)] * 4
    assert of_pair([*calm, (10.0, 90.0, 11.0, 10.0)]) == pytest.approx(math.log(1.1))


def test_drift_cancels_within_a_quad() -> None:
    assert of_pair([(10.0, 11.0, 12.0, 13.0)]) == pytest.approx(0.0)


def test_the_interval_holds_the_truth_in_95_of_100_runs() -> None:
    held = [ratio.low <= 1.1 <= ratio.high for ratio in map(of_pairs, map(list, runs(1.1)))]
    assert 0.935 < np.mean(held) < 0.965


def test_an_unchanged_tree_is_called_slower_in_less_than_one_of_a_thousand_runs() -> None:
    found = [verdict(pairs) for pairs in runs(1.0)]
    assert found.count("worse") <= RUNS / 1000


def test_a_quarter_more_is_found_even_where_pairs_differ_by_a_tenth() -> None:
    found = [verdict(pairs) for pairs in runs(1.22, noise=0.1)]
    assert found.count("worse") >= 0.97 * RUNS


def test_the_slow_down_that_is_said_to_be_found_is_found_in_95_of_100_runs() -> None:
    said = float(np.median([of_pairs(list(pairs)).finds(LIMIT) for pairs in runs(1.0)]))
    found = [verdict(pairs) for pairs in runs(said)]
    assert found.count("worse") >= 0.95 * RUNS


def test_noise_that_hides_a_quarter_does_not_pass() -> None:
    found = [verdict(pairs) for pairs in runs(1.0, noise=0.3)]
    assert found.count("not compared") >= 0.95 * RUNS
    assert found.count("same") <= 0.01 * RUNS
