"""The hops of a parity report: as many as were asked for, the same every time, and over the whole range."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mandible.errors import InputError
from mandible.quantize.parity import hops
from tests.engines.hops import SAMPLE, speech_hops
from tests.models.tiny_corpus import spoken, write_wave


def test_short_recordings_are_heard_again_at_other_levels() -> None:
    own = speech_hops()
    found = list(hops.speech([SAMPLE], 2 * len(own) + 7))
    assert [len(one.hops) for one in found] == [len(own), len(own), 7]
    assert [one.name for one in found] == ["puppet.wav", "puppet.wav at -9 dB", "puppet.wav at -18 dB"]
    np.testing.assert_array_equal(found[0].hops, own)
    np.testing.assert_array_equal(found[1].hops, np.maximum(own.astype(int) - 18, -128))
    assert {one.hops.dtype for one in found} == {np.dtype(np.int8)}


def test_segments_are_the_same_every_time_and_reach_both_ends() -> None:
    one, other = (hops.segments([SAMPLE], 50, 300, seed=5) for _ in range(2))
    assert [segment.kind for segment in one] == ["speech", "random", "extreme"]
    for first, second in zip(one, other, strict=True):
        np.testing.assert_array_equal(first.hops, second.hops)
    for segment in one[1:]:
        assert (segment.hops.min(), segment.hops.max()) == (-128, 127)
    assert not np.array_equal(one[1].hops, hops.segments([], 0, 300, seed=6)[0].hops)


def test_speech_is_a_file_or_all_files_of_a_folder(tmp_path: Path) -> None:
    for name in ("b", "a"):
        write_wave(tmp_path / f"{name}.wav", spoken(["AA", "S"]))
    assert [path.name for path in hops.recordings_in(tmp_path)] == ["a.wav", "b.wav"]
    assert hops.recordings_in(tmp_path / "b.wav") == [tmp_path / "b.wav"]
    assert hops.recordings_in(None) == [SAMPLE]
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no WAV file and no folder with some"):
        hops.recordings_in(tmp_path / "empty")
