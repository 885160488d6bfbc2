"""Turning speech into visemes leaves a small computer its time for other things."""

from __future__ import annotations

from mandible.benchmarks.load import FILE_PER_CENT, file_per_cent


def test_a_file_takes_at_most_a_hundredth_of_a_core() -> None:
    # CPU time, and the best of many passes: what others do on this computer hardly shows.
    assert file_per_cent(passes=25) <= FILE_PER_CENT
