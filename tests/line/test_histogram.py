"""Durations counted in classes: percentiles without keeping every one."""

from __future__ import annotations

import numpy as np
import pytest

from mandible.device.histogram import Histogram

# The width of a class: a hundred a decade.
CLASS_WIDTH = 10**0.01 - 1


def test_percentiles_are_right_to_the_width_of_a_class() -> None:
    durations_ns = np.random.default_rng(3).lognormal(np.log(60_000), 1.0, 20_000).astype(int)
    histogram = Histogram()
    for duration_ns in durations_ns:
        histogram.add(int(duration_ns))
    for share in (0.01, 0.5, 0.99, 0.999):
        exact_ms = np.quantile(durations_ns, share, method="inverted_cdf") / 1e6
        assert exact_ms <= histogram.quantile_ms(share) <= exact_ms * (1 + CLASS_WIDTH)
    assert histogram.max_ms == durations_ns.max() / 1e6
    assert histogram.count == len(durations_ns) == sum(histogram.counts)
    assert histogram.sum_ns == durations_ns.sum()


def test_nothing_counted_has_no_percentile() -> None:
    assert Histogram().quantile_ms(0.5) is None
    assert Histogram().max_ms is None
    assert Histogram().summary_ms() is None


@pytest.mark.parametrize(("duration_ns", "counted_ms"), [(-5, 0.0), (0, 0.0), (60_000_000_000, 60_000.0)])
def test_what_lies_beyond_the_classes_is_counted_at_the_ends(duration_ns: int, counted_ms: float) -> None:
    histogram = Histogram()
    histogram.add(duration_ns)
    assert histogram.max_ms == counted_ms
    assert histogram.quantile_ms(0.5) == counted_ms
