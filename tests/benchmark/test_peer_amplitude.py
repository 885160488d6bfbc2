"""The jaw that follows loudness, on sounds whose answer is known."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mandible.benchmarks.peers.adapter import Row, heard
from mandible.benchmarks.peers.cache import installed
from mandible.benchmarks.peers.catalogue import known
from mandible.benchmarks.speech import sample

BLOCK_S = 0.02
HZ = 16_000


def tone(seconds: float, level: float) -> NDArray[np.float64]:
    return level * np.sin(2 * np.pi * 200 * np.arange(int(seconds * HZ)) / HZ)


def jaw(sound: NDArray[np.float64], scratch: Path) -> tuple[Row, ...]:
    pcm = np.round(32767 * sound).astype(np.int16)
    peer = known()["amplitude"]
    one = replace(sample().recordings[0], pcm=pcm)
    return heard(peer, installed(peer), (one,), scratch).recordings[0].rows


def at(rows: tuple[Row, ...], instant_s: float) -> Row:
    return next(row for row in rows if row[0] <= instant_s < row[1])


def test_silence_and_a_steady_hum_of_the_room_leave_it_shut(tmp_path: Path) -> None:
    for level in (0.0, 0.001):
        rows = jaw(tone(1.0, level), tmp_path)
        assert {row[2] for row in rows} == {"sil"}
        assert rows[0][0] == 0.0
        assert rows[-1][1] == 1.0


@pytest.mark.parametrize("level", [0.05, 0.2, 0.9])
def test_a_burst_opens_it_when_its_first_block_has_ended_at_any_level(level: float, tmp_path: Path) -> None:
    rows = jaw(np.concatenate([tone(0.5, 0.0005), tone(0.4, level), tone(0.5, 0.0005)]), tmp_path)
    changes = [after[0] for before, after in pairwise(rows) if before[2] != after[2]]
    # Attack 0.8 opens past 0.15 with one block; release 0.35 from 1 falls below it after five.
    assert changes == pytest.approx([0.5 + BLOCK_S, 0.9 + 5 * BLOCK_S])
    # 0.8, 0.96, 0.992, ...: wide open.
    assert at(rows, 0.53)[3] == pytest.approx(0.8, abs=0.02)
    assert at(rows, 0.8)[3] == pytest.approx(1.0, abs=0.001)
    assert at(rows, 1.3)[3] == pytest.approx(0.0, abs=0.01)


def test_half_as_loud_as_the_loudest_opens_less(tmp_path: Path) -> None:
    rows = jaw(np.concatenate([tone(0.4, 0.0005), tone(0.3, 0.5), tone(0.3, 0.15)]), tmp_path)
    # 0.15 of 0.6 * 0.5.
    assert at(rows, 0.95)[3] == pytest.approx(0.5, abs=0.02)


def test_a_sound_shorter_than_a_block_is_no_error(tmp_path: Path) -> None:
    assert jaw(tone(0.01, 0.5), tmp_path) == ((0.0, 0.01, "sil", 0.0),)
