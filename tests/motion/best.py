"""The best trajectory the limits allow: a least-squares fit to what is wanted, with all of time known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve_banded, cholesky_banded

Series = NDArray[np.float64]

_WEIGHT = 0.6  # of the constraints against the distance; decides how quickly it converges, not to what
_OVER_RELAXED = 1.7
_ROUNDS = 6000
_CLOSE_US = 0.2


def best_trajectory(wanted: Series, low: Series, high: Series, step: float, change: float) -> Series:
    """Return the (n, channels) trajectory nearest to ``wanted``, pulse by pulse.

    It minimises the sum of squared distances subject to low <= x <= high, |x[k] - x[k-1]| <= step and
    |x[k+1] - 2 x[k] + x[k-1]| <= change, all in µs, by the alternating direction method of multipliers
    (Boyd et al. 2011, section 5.2), to 0.2 µs.

    Raises:
        RuntimeError: it does not converge.
    """
    length = len(wanted)
    factor = (cholesky_banded(_normal_matrix(length), lower=True), True)
    bounds: list[tuple[Series | float, Series | float]] = [(low, high), (-step, step), (-change, change)]
    kept = [_clipped(np.diff(wanted, order, axis=0), bounds[order]) for order in range(3)]
    dual = [np.zeros_like(part) for part in kept]
    for _ in range(_ROUNDS):
        pull = np.zeros_like(wanted)
        for order in range(3):
            pull += _transposed(kept[order] - dual[order], order)
        found = cho_solve_banded(factor, wanted + _WEIGHT * pull)
        moved = missed = 0.0
        for order in range(3):
            real = np.diff(found, order, axis=0)
            relaxed = _OVER_RELAXED * real + (1 - _OVER_RELAXED) * kept[order]
            allowed = _clipped(relaxed + dual[order], bounds[order])
            dual[order] += relaxed - allowed
            moved = max(moved, float(np.abs(allowed - kept[order]).max()))
            missed = max(missed, float(np.abs(real - allowed).max()))
            kept[order] = allowed
        if max(moved, missed) < _CLOSE_US:
            return np.asarray(found)
    raise RuntimeError(f"no trajectory after {_ROUNDS} rounds: {moved:.3f} and {missed:.3f} µs off")


def _normal_matrix(length: int) -> Series:
    """Return I + weight (I + D1'D1 + D2'D2), of first and second differences, in lower banded form."""
    bands = np.zeros((3, length))
    for order, stencil in enumerate(([1.0], [-1.0, 1.0], [1.0, -2.0, 1.0])):
        rows = length - order
        for i, left in enumerate(stencil):
            for j, right in enumerate(stencil[: i + 1]):
                bands[i - j, j : j + rows] += _WEIGHT * left * right
    bands[0] += 1
    return bands


def _transposed(part: Series, order: int) -> Series:
    """Return D' part, the transposed differences."""
    for _ in range(order):
        part = -np.diff(part, axis=0, prepend=0, append=0)
    return part


def _clipped(values: Series, bounds: tuple[Series | float, Series | float]) -> Series:
    return np.minimum(np.maximum(values, bounds[0]), bounds[1])
