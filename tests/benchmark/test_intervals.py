"""Where another run is expected: against numbers worked out by hand, and against drawn ones."""

from __future__ import annotations

import numpy as np
import pytest

from mandible.benchmarks.intervals import expected_again, mean_reach, percentile


def test_five_rounds_worked_by_hand() -> None:
    # Median 0, standard deviation 2.5 ** 0.5, t(4) = 2.776: 2.776 * 1.58114 * (6 / 5) ** 0.5 = 4.80817.
    assert expected_again([-2, -1, 0, 1, 2], 0.0) == pytest.approx((-4.80817, 4.80817), abs=1e-5)


def test_of_numbers_above_zero_the_logarithms_are_taken() -> None:
    # Logarithms -2, -1, 0, 1, 2: the same reach, as a factor.
    rounds = np.exp([-2, -1, 0, 1, 2]).tolist()
    assert expected_again(rounds, 0.0) == pytest.approx((np.exp(-4.80817), np.exp(4.80817)), rel=1e-4)


def test_two_rounds_tell_little() -> None:
    # t(1) = 12.706, standard deviation 2 ** 0.5: 12.706 * 1.41421 * 1.5 ** 0.5 = 22.00744.
    assert expected_again([-1, 1], 0.0) == pytest.approx((-22.00744, 22.00744), abs=1e-4)


def test_the_middle_is_the_median_so_that_one_wild_round_moves_only_the_width() -> None:
    low, high = expected_again([10, 10, 10, 10, 100], 0.0)
    assert (low * high) ** 0.5 == pytest.approx(10)
    assert high > 10 * low


@pytest.mark.parametrize("rounds", [[0.0, 0.0], [0.0, 5.0], [1e-9, 1.0], [0.01, 0.02, 90.0]])
def test_what_was_never_below_zero_is_not_expected_there(rounds: list[float]) -> None:
    low, high = expected_again(rounds, 0.03, 2.0)
    assert 0 <= low <= high < float("inf")


@pytest.mark.parametrize(
    ("rounds", "floor", "floor_abs", "reach"),
    [
        ([200.0], 0.03, 0.0, 6.0),
        ([200.0], 0.03, 8.0, 8.0),
        ([200.0, 200.0, 200.0], 0.1, 1.0, 20.0),
        ([-200.0], 0.03, 0.0, 6.0),
        ([0.0, 0.0], 0.5, 0.0, 0.0),
    ],
)
def test_it_is_never_narrower_than_its_floors(
    rounds: list[float], floor: float, floor_abs: float, reach: float
) -> None:
    assert expected_again(rounds, floor, floor_abs) == pytest.approx((rounds[0] - reach, rounds[0] + reach))


def test_more_rounds_than_the_table_of_t_has_take_its_last_row() -> None:
    rounds = [-1.0, 1.0] * 50
    reach = 2.042 * float(np.std(rounds, ddof=1)) * 1.01**0.5
    assert expected_again(rounds, 0.0) == pytest.approx((-reach, reach))


@pytest.mark.parametrize("rounds", [3, 5, 10])
def test_another_round_falls_into_it_in_95_of_100_cases_and_another_run_more_often(rounds: int) -> None:
    random = np.random.default_rng(7)
    again, run_again = 0, 0
    for _ in range(4000):
        low, high = expected_again(random.normal(100, 3, rounds).tolist(), 0.0)
        again += low <= random.normal(100, 3) <= high
        run_again += low <= float(np.median(random.normal(100, 3, rounds))) <= high
    assert 0.93 <= again / 4000 <= 0.97
    assert run_again > again


def test_the_mean_of_two_worked_by_hand() -> None:
    # t(1) * (2 ** 0.5) / (2 ** 0.5)
    assert mean_reach([1, 3]) == pytest.approx(12.706)


def test_percentiles_lie_between_neighbours() -> None:
    assert percentile([1, 2, 3, 4], 50) == 2.5
    assert percentile([5], 99) == 5
    assert percentile([0, 10], 95) == pytest.approx(9.5)
