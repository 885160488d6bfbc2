"""The accuracy that guards a comparison of trees: a line that hears nothing must not pass as a fast one."""

from __future__ import annotations

import pytest

import mandible
from mandible.benchmarks.compare import trees
from mandible.benchmarks.speech import SAMPLE


def test_accuracy_is_judged_at_the_shift_that_suits_best_and_a_deaf_line_has_little() -> None:
    names = [frame.viseme.name for frame in mandible.bake(SAMPLE)]
    heard = trees._accuracy(names)
    assert heard > 0.7
    assert trees._accuracy(names[3:]) == pytest.approx(heard, abs=0.02)
    assert trees._accuracy(["sil"] * len(names)) < 0.7 * heard
