"""What is drawn anew for every chunk: noise, level, tone, dropouts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mandible.models.augment.chunks import ChunkAugmenter


@pytest.fixture(scope="module")
def augmenter(tmp_path_factory: pytest.TempPathFactory) -> ChunkAugmenter:
    """Return one for a corpus without noise, rooms or voices."""
    nothing: Path = tmp_path_factory.mktemp("corpus")
    return ChunkAugmenter(nothing, [], np.random.default_rng(0))


def test_the_same_seed_augments_alike_and_keeps_the_shape(augmenter: ChunkAugmenter) -> None:
    mels = np.random.default_rng(0).integers(-100, 90, (8, 300, 40)).astype(np.int8)
    first, second = (augmenter.batch(mels, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first[0], second[0])
    assert np.array_equal(first[1], second[1])
    assert (first[0].shape, first[0].dtype, first[1].shape) == (mels.shape, np.int8, (8,))
    assert not np.array_equal(first[0], mels)
