"""Labels of hand or machine, made contiguous: time never runs back, and ends with the recording."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mandible.errors import InputError
from mandible.models.annotations.segments import Segment
from mandible.models.annotations.timeline import TOUCHING_S, contiguous

PATH = Path("a.lab")


def test_small_overlaps_in_a_row_do_not_lead_back_in_time() -> None:
    backwards = [Segment(0.5 - 0.0049 * n, 0.5 - 0.0049 * n + 0.001, "m", n + 2) for n in range(1, 26)]
    with pytest.raises(InputError, match=r"a\.lab:4: 'm' starts at 0\.490 s, before .* labels must not over"):
        contiguous([Segment(0, 0.5, "aa", 1), *backwards], 1.0, "sil", PATH)


def test_a_label_within_the_end_of_another_has_no_length() -> None:
    line = contiguous(
        [Segment(0, 0.1, "aa", 1), Segment(0.1, 0.1003, "m", 2), Segment(0.0955, 0.0957, "b", 3)],
        0.2,
        "sil",
        PATH,
    )
    assert (np.diff([0.0, *line.ends_s]) >= 0).all()


TIMES = st.lists(st.tuples(st.integers(-60, 60), st.integers(0, 80)), min_size=1, max_size=30)


@given(TIMES, st.integers(1, 3000))
def test_whatever_the_labels_time_runs_forward_to_the_end_of_the_recording(
    drawn: list[tuple[int, int]], length: int
) -> None:
    parts: list[Segment] = []
    at = 0
    # In tenths of a millisecond, so that many labels overlap by less than counts.
    for line, (shift, lasts) in enumerate(drawn, start=1):
        start = max(0, at + shift)
        at = start + lasts
        parts.append(Segment(start / 1e4, at / 1e4, "m", line))
    try:
        whole = contiguous(parts, length / 1e4, "sil", PATH)
    except InputError:
        return
    assert whole.starts_s[0] == 0
    assert whole.ends_s[-1] == length / 1e4
    assert (whole.ends_s >= whole.starts_s).all()
    assert np.array_equal(whole.starts_s[1:], whole.ends_s[:-1])
    long = [part for part in parts if part.end_s > part.start_s]
    assert all(later.start_s > before.end_s - TOUCHING_S - 1e-9 for before, later in pairwise(long))
