"""Takes DC and rumble out of 16 kHz hops: a fourth-order Butterworth high-pass, a hop at a time.

Two second-order sections by the bilinear transform, in the form of R. Bristow-Johnson's "Cookbook formulae
for audio EQ biquad filter coefficients" (W3C Note, 2021), with the Q of the Butterworth pole pairs, 1 / (2
cos(pi/8)) and 1 / (2 cos(3 pi/8)). Of order four, because at 80 Hz the second order takes 17 dB off 30 Hz and
9 dB off mains hum, and this one 34 dB and 16 dB, and leaves speech above 120 Hz alone just as well.

A recursive filter wants a loop over samples, which Python is too slow for. Each section is put into
state-space form (Oppenheim and Schafer, "Discrete-Time Signal Processing", ch. 6), and the hop into rows of
16 samples: what a row gives by itself, what it leaves in the state, and what each row's state adds, are three
small matrix products.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import HOP_SAMPLES, SAMPLE_RATE_HZ

Samples = NDArray[np.float64]

ORDER = 4
_ROW = 16
_ROWS = HOP_SAMPLES // _ROW
_Q = (1 / (2 * math.cos(math.pi / 8)), 1 / (2 * math.cos(3 * math.pi / 8)))
_Matrix = NDArray[np.float64]


class HighPass:
    """The filter: four numbers of state, -3 dB at ``cutoff_hz``, 0 dB well above; deterministic.

    Args:
        cutoff_hz: 1 to 1000.
    """

    def __init__(self, cutoff_hz: float) -> None:
        if not 1 <= cutoff_hz <= 1000:
            raise ValueError(f"cutoff_hz is 1 to 1000, not {cutoff_hz}")
        a, b, c, d = _cascade(*(_section(cutoff_hz, q) for q in _Q))
        powers = [np.linalg.matrix_power(a, n) for n in range(_ROW + 1)]
        # What one row of samples gives (columns 0..15) and leaves in the state (the last four).
        within = np.zeros((_ROW, _ROW + ORDER))
        for later in range(_ROW):
            within[later, later] = d
            for sample in range(later):
                within[sample, later] = c @ powers[later - 1 - sample] @ b
            within[later, _ROW:] = powers[_ROW - 1 - later] @ b
        self._within = within
        # What a row's first state adds to each of its samples.
        self._from_state = np.stack([c @ powers[n] for n in range(_ROW)], axis=1)
        # From the state before the hop and what each row leaves, to the state before each row and after the
        # last.
        self._states = np.zeros(((_ROWS + 1) * ORDER, (_ROWS + 1) * ORDER))
        across = [np.linalg.matrix_power(powers[_ROW], n) for n in range(_ROWS + 1)]
        for row in range(_ROWS + 1):
            for before in range(row + 1):
                block = across[row - before]
                self._states[row * ORDER : (row + 1) * ORDER, before * ORDER : (before + 1) * ORDER] = block
        self._known = np.zeros((_ROWS + 1, ORDER))

    def step(self, samples: Samples) -> Samples:
        """Filter (160,) finite samples; returns a new array of that shape."""
        given = samples.reshape(_ROWS, _ROW) @ self._within
        self._known[1:] = given[:, _ROW:]
        states = (self._states @ self._known.ravel()).reshape(_ROWS + 1, ORDER)
        self._known[0] = states[_ROWS]
        filtered: Samples = given[:, :_ROW] + states[:_ROWS] @ self._from_state
        return filtered.ravel()

    def reset(self) -> None:
        """Forget all sound."""
        self._known[0] = 0


def _section(cutoff_hz: float, q: float) -> tuple[_Matrix, _Matrix, _Matrix, float]:
    """One high-pass biquad as state (A, b, c, d), in the transposed direct form II."""
    angle = 2 * math.pi * cutoff_hz / SAMPLE_RATE_HZ
    alpha = math.sin(angle) / (2 * q)
    a0 = 1 + alpha
    a1, a2 = -2 * math.cos(angle) / a0, (1 - alpha) / a0
    b0, b1 = (1 + math.cos(angle)) / 2 / a0, -(1 + math.cos(angle)) / a0
    b2 = b0
    return np.array([[-a1, 1], [-a2, 0]]), np.array([b1 - a1 * b0, b2 - a2 * b0]), np.array([1.0, 0.0]), b0


def _cascade(
    first: tuple[_Matrix, _Matrix, _Matrix, float], second: tuple[_Matrix, _Matrix, _Matrix, float]
) -> tuple[_Matrix, _Matrix, _Matrix, float]:
    """The second section fed by the first."""
    a1, b1, c1, d1 = first
    a2, b2, c2, d2 = second
    a = np.block([[a1, np.zeros((2, 2))], [np.outer(b2, c1), a2]])
    return a, np.concatenate([b1, b2 * d1]), np.concatenate([d2 * c1, c2]), d1 * d2
