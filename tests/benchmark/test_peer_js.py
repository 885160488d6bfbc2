"""Rivals of the browser, their published packages unchanged, run by Node.js; fetched on first use."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mandible.benchmarks.peers.adapter import Heard, Row, heard
from mandible.benchmarks.peers.cache import installed
from mandible.benchmarks.peers.catalogue import ADAPTERS, known
from mandible.benchmarks.speech import Recording, sample
from mandible.device.frames import SAMPLE_RATE_HZ
from mandible.models.scoring.class_sets import class_set

JAVASCRIPT = tuple(key for key, peer in known().items() if peer.needs_node)
# A page draws its first frame then; nothing can show before.
FRAME_S = 1 / 60
CUT_S = 5.0
# What whole sinc kernels reach ahead when 16 kHz become 48 kHz, and a block.
REACH_S = 0.01
NODE_LIMIT_S = 60.0


def _whole() -> Recording:
    return sample().recordings[0]


def _cut() -> Recording:
    whole = _whole()
    return replace(whole, name="cut", pcm=whole.pcm[: int(CUT_S * SAMPLE_RATE_HZ)])


@cache
def _heard(key: str, order: tuple[str, ...], scratch: Path) -> dict[str, Heard]:
    """Return what a program made of recordings in this order, one process for all."""
    recordings = [_whole() if name == "puppet" else _cut() for name in order]
    peer = known()[key]
    return {one.name: one for one in heard(peer, installed(peer), recordings, scratch).recordings}


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("peers")


def _shown(rows: Sequence[Row], until_s: float) -> list[tuple[float, str, float | None]]:
    """Return changes before a time."""
    return [(round(start_s, 6), name, openness) for start_s, _, name, openness in rows if start_s < until_s]


@pytest.mark.parametrize("key", JAVASCRIPT)
def test_rows_cover_the_recording_in_the_programs_own_classes(key: str, scratch: Path) -> None:
    rows = _heard(key, ("puppet", "cut"), scratch)["puppet"].rows
    assert rows[0][0] == 0
    assert rows[-1][1] == pytest.approx(_whole().seconds)
    assert all(before[1] == pytest.approx(after[0]) for before, after in pairwise(rows))
    classes = class_set(known()[key].class_set).classes
    assert {row[2] for row in rows} <= set(classes)
    # It hears speech, and more than one sound of it.
    assert len({row[2] for row in rows}) >= 4


@pytest.mark.parametrize("key", JAVASCRIPT)
def test_mouth_rests_until_somebody_speaks_and_what_it_costs_is_told(key: str, scratch: Path) -> None:
    whole = _heard(key, ("puppet", "cut"), scratch)["puppet"]
    first_sound_s = next(start_s for start_s, _, phone in _whole().phones if phone != "SIL")
    rest = class_set(known()[key].class_set).classes[0]
    moved_s = next(row[0] for row in whole.rows if row[2] != rest)
    # Labels are right to some 20 ms.
    assert max(FRAME_S, first_sound_s - 0.02) <= moved_s < first_sound_s + 0.5
    assert 0 < whole.cpu_s < 0.5 * _whole().seconds
    assert (whole.emulated_cpu_s > 0) == (key == "wawa")


@pytest.mark.parametrize("key", JAVASCRIPT)
def test_recordings_do_not_hear_each_other_and_answers_are_the_same_again(key: str, scratch: Path) -> None:
    one, other = (_heard(key, order, scratch) for order in (("puppet", "cut"), ("cut", "puppet")))
    for name in ("puppet", "cut"):
        assert one[name].rows == other[name].rows


@pytest.mark.parametrize("key", JAVASCRIPT)
def test_a_live_program_shows_nothing_of_what_is_yet_to_come(key: str, scratch: Path) -> None:
    found = _heard(key, ("puppet", "cut"), scratch)
    until_s = CUT_S - REACH_S
    assert _shown(found["cut"].rows, until_s) == _shown(found["puppet"].rows, until_s)


def test_headaudio_never_shows_its_first_class_until_one_comparison_is_mended(scratch: Path) -> None:
    order = ("puppet", "cut")
    published = {row[2] for row in _heard("headaudio", order, scratch)["puppet"].rows}
    mended = {row[2] for row in _heard("headaudio-fixed", order, scratch)["puppet"].rows}
    assert "aa" not in published
    assert mended == published | {"aa"}


def _node(script: str, **given: object) -> NDArray[np.float64]:
    """Return what a module that sees ``given`` and the adapters' folder ``at`` prints, as an array."""
    names = {"at": ADAPTERS.as_uri(), **given}
    source = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in names.items()) + script
    done = subprocess.run(
        ["node", "--input-type=module"],
        input=source,
        capture_output=True,
        text=True,
        check=True,
        timeout=NODE_LIMIT_S,
    )
    return np.array(json.loads(done.stdout), np.float64)


@pytest.mark.parametrize("size", [8, 512, 2048])
def test_transform_is_that_of_numpy(size: int) -> None:
    samples = np.random.default_rng(size).uniform(-1, 1, size)
    found = _node(
        """
        const { RealTransform } = await import(`${at}/transform.mjs`);
        const found = new Float64Array(samples.length / 2);
        const transform = new RealTransform(samples.length);
        // What an earlier one left behind must not matter.
        transform.magnitudes(samples.map((one) => 1 - one), found);
        transform.magnitudes(samples, found);
        console.log(JSON.stringify([...found]));
        """,
        samples=samples.tolist(),
    )
    np.testing.assert_allclose(found, abs(np.fft.rfft(samples))[:-1], rtol=1e-9, atol=1e-9)


def test_analyser_follows_the_specification_of_web_audio() -> None:
    size, step = 2048, 768
    time_s = np.arange(3 * size) / 48_000
    noise = np.random.default_rng(1).normal(0, 1e-3, len(time_s))
    samples = (0.4 * np.sin(2 * np.pi * 440 * time_s) * (time_s < 0.06) + noise).astype(np.float32)
    found = _node(
        """
        const { Analyser } = await import(`${at}/analyser.mjs`);
        const sound = { samples: Float32Array.from(samples), heard: 0 };
        const analyser = new Analyser(sound);
        analyser.fftSize = size;
        const bytes = new Uint8Array(analyser.frequencyBinCount);
        const found = [];
        for (let heard = 0; heard <= samples.length; heard += step) {
          sound.heard = heard;
          analyser.getByteFrequencyData(bytes);
          found.push([...bytes]);
        }
        console.log(JSON.stringify(found));
        """,
        samples=samples.tolist(),
        size=size,
        step=step,
    )
    turn = 2 * np.pi * np.arange(size) / size
    window = 0.42 - 0.5 * np.cos(turn) + 0.08 * np.cos(2 * turn)
    heard_so_far = np.concatenate([np.zeros(size), samples.astype(np.float64)])
    smoothed, expected = np.zeros(size // 2), []
    for end in range(0, len(samples) + 1, step):
        magnitude = abs(np.fft.rfft(heard_so_far[end : end + size] * window))[:-1] / size
        smoothed = 0.8 * smoothed + 0.2 * magnitude
        level_db = 20 * np.log10(np.maximum(smoothed, 1e-30))
        expected.append(np.clip(np.floor(255 / 70 * (level_db + 100)), 0, 255))
    assert found.shape == np.shape(expected)
    # All but those that rounding puts on the other side of a step.
    assert np.mean(found == np.array(expected)) > 0.999
    assert np.max(abs(found - np.array(expected))) <= 1
    assert found.max() > 200
    assert found[0].max() == 0


def test_three_times_the_rate_is_the_same_sound_not_delayed() -> None:
    time_s = np.arange(800) / SAMPLE_RATE_HZ
    pcm = np.round(16_000 * np.sin(2 * np.pi * 1000 * time_s)).astype(np.int16)
    found = _node(
        """
        const { upsampled } = await import(`${at}/upsampled.mjs`);
        console.log(JSON.stringify([...upsampled(Int16Array.from(pcm))]));
        """,
        pcm=pcm.tolist(),
    )
    expected = 16_000 / 32_768 * np.sin(2 * np.pi * 1000 * np.arange(2400) / (3 * SAMPLE_RATE_HZ))
    inside = slice(150, -150)
    assert len(found) == 2400
    np.testing.assert_allclose(found[inside], expected[inside], atol=2e-3)
