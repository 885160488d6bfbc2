"""One sample more or less, and nobody hears it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mandible.device.speaker.stretching import lengthened_by_one, shortened_by_one


@given(st.lists(st.integers(-32768, 32767), min_size=2, max_size=200), st.integers(1, 3))
def test_the_length_changes_by_one_and_the_ends_stay(samples: list[int], channels: int) -> None:
    block = np.repeat(np.array(samples, np.int16)[:, None], channels, axis=1)
    for made, length in ((shortened_by_one(block), -1), (lengthened_by_one(block), 1)):
        assert made.shape == (len(block) + length, channels)
        assert (made.min(), made.max()) >= (block.min(), block.min())
        assert made.max() <= block.max()
        if len(made) > 1:
            np.testing.assert_array_equal(made[0], block[0])
            np.testing.assert_array_equal(made[-1], block[-1])


@pytest.mark.parametrize("hz", [100, 1000, 3000])
def test_what_it_adds_to_a_tone_lies_far_below_it(hz: int) -> None:
    tone = 10_000 * np.sin(2 * np.pi * hz * np.arange(480) / 16_000)
    block = np.rint(tone).astype(np.int16)[160:320, None]
    for made in (shortened_by_one(block), lengthened_by_one(block)):
        # The same tone, gliding by one sample: the ideal.
        ideal = np.interp(np.linspace(160, 319, len(made)), np.arange(480), tone)
        error_db = 10 * np.log10(np.mean((made[:, 0] - ideal) ** 2) / np.mean(tone**2))
        assert error_db < {100: -60, 1000: -30, 3000: -12}[hz]
