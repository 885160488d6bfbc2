"""How far an engine's logits are from the yardstick's, and where they first part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mandible.models.visemes import VISEME_NAMES
from mandible.quantize.parity.hops import SPEECH, Segment


@dataclass(frozen=True)
class Difference:
    """The first logit that is not the yardstick's: hop ``hop`` (from 0) of a segment."""

    segment: str
    hop: int
    viseme: str
    expected: int
    got: int

    def __str__(self) -> str:
        """Return it in words."""
        return f"{self.segment}, hop {self.hop}, logit {self.viseme}: {self.got} instead of {self.expected}"


@dataclass(frozen=True)
class Comparison:
    """An engine against the yardstick.

    Attributes:
        values: logits compared, a byte each.
        differing: of these, how many differ.
        steps: difference in steps (LSB) -> how many logits, without those that agree.
        largest: the largest difference on speech, and on everything else; None where there was none to hear.
        agreement: share of hops with the same strongest viseme, likewise.
        first: where they part; None where they do not.
    """

    values: int
    differing: int
    steps: dict[int, int]
    largest: tuple[int | None, int | None]
    agreement: tuple[float | None, float | None]
    first: Difference | None

    def as_data(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        speech, noise = range(2)
        return {
            "bytes": self.values,
            "bytes_differing": self.differing,
            "max_lsb": self.largest[speech],
            "max_lsb_noise": self.largest[noise],
            "argmax_agreement": self.agreement[speech],
            "argmax_agreement_noise": self.agreement[noise],
            "lsb_counts": {str(step): count for step, count in sorted(self.steps.items())},
            "first_difference": None if self.first is None else vars(self.first).copy(),
        }


def as_steps(logits: NDArray[np.generic], scale: float, zero_point: int) -> NDArray[np.int64]:
    """Return logits in steps of the int8 output; float ones are rounded to it."""
    if logits.dtype == np.int8:
        return logits.astype(np.int64)
    steps: NDArray[np.float64] = np.rint(logits.astype(np.float64) / scale) + zero_point
    return np.asarray(np.clip(steps, -128, 127), np.int64)


def compared(
    segments: Sequence[Segment],
    expected: Sequence[NDArray[np.generic]],
    got: Sequence[NDArray[np.generic]],
    scale: float,
    zero_point: int,
) -> Comparison:
    """Compare two engines' logits, segment by segment.

    Raises:
        ValueError: an engine gave another number of logits than there are hops.
    """
    steps: dict[int, int] = {}
    first: Difference | None = None
    kinds: list[list[tuple[int, int, int]]] = [[], []]  # (hops, hops that agree, largest difference)
    for segment, wanted, found in zip(segments, expected, got, strict=True):
        if found.shape != wanted.shape:
            raise ValueError(f"{segment.name}: it gave {list(found.shape)} logits, not {list(wanted.shape)}")
        one, other = as_steps(wanted, scale, zero_point), as_steps(found, scale, zero_point)
        apart = np.abs(one - other)
        agree = int((wanted.argmax(axis=1) == found.argmax(axis=1)).sum())
        kinds[segment.kind != SPEECH].append((len(one), agree, int(apart.max(initial=0))))
        sizes, counts = np.unique(apart[apart > 0], return_counts=True)
        for size, count in zip(sizes.tolist(), counts.tolist(), strict=True):
            steps[size] = steps.get(size, 0) + count
        if first is None and counts.size:
            hop, viseme = (int(number) for number in np.argwhere(apart)[0])
            first = Difference(
                segment.name, hop, VISEME_NAMES[viseme], int(one[hop, viseme]), int(other[hop, viseme])
            )
    speech, noise = (_summed(rows) for rows in kinds)
    values = sum(int(np.prod(wanted.shape)) for wanted in expected)
    return Comparison(values, sum(steps.values()), steps, (speech[0], noise[0]), (speech[1], noise[1]), first)


def _summed(rows: Sequence[tuple[int, int, int]]) -> tuple[int | None, float | None]:
    hops = sum(row[0] for row in rows)
    if not hops:
        return None, None
    return max(row[2] for row in rows), sum(row[1] for row in rows) / hops
