"""The exported rig moves every servo exactly as mixer and guard do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mandible.device.engines.softmax import in_proportion
from mandible.device.frames import Frame
from mandible.firmware_bridge.arrival import Arrival, held_hops
from mandible.firmware_bridge.guard import Guard
from mandible.firmware_bridge.mixer import Mixer
from mandible.firmware_bridge.rig import Rig, shipped_rigs
from mandible.models.visemes import VISEME_NAMES
from mandible.quantize.c_code import rig_tables
from tests.c_code.filters import build, run

PCM = np.zeros(160, np.int16)


def weights(hops: int, seed: int = 0) -> NDArray[np.uint8]:
    """(hops, 15) that sum to 255: single visemes, long or brief, and mixtures of all sharpness."""
    rng = np.random.default_rng(seed)
    sharp = np.repeat(rng.uniform(-1, 4, hops // 20 + 1), 20)[:hops, None]
    shares = (10 ** (rng.normal(0, 1, (hops, 15)) * 10**sharp / 100)).clip(1e-6, 1e6) * 1e3
    mixed = np.array([in_proportion(row) for row in (shares.astype(np.int64) + 1).tolist()], np.uint8)
    held = np.eye(15, dtype=np.uint8)[np.repeat(rng.integers(0, 15, hops // 30), 30)] * 255
    # Fast speech: closures too short for a slow servo.
    said = np.repeat(rng.choice([1, 2, 10, 11, 13], hops), rng.integers(1, 6, hops))[:hops]
    return np.concatenate([mixed, held, np.eye(15, dtype=np.uint8)[said] * 255])


def quiet(hops: int, seed: int = 0) -> NDArray[np.uint16]:
    """For how many hops the gate has been shut: stretches of all lengths, some of them above 255."""
    rng = np.random.default_rng(seed)
    lengths = np.round(10 ** rng.uniform(0, 3, hops)).astype(np.int64)
    whole = np.concatenate([np.arange(length) * (i % 2) for i, length in enumerate(lengths)])
    return whole[:hops].astype(np.uint16)


def expected(
    rig: Rig, hops: NDArray[np.uint8], quiet_hops: NDArray[np.uint16]
) -> list[tuple[int, ...] | None]:
    mixer, guard, arrival = Mixer(rig), Guard(rig), Arrival(rig)
    frames = [
        Frame(i, 0, PCM, weights=row, quiet_hops=count)
        for i, (row, count) in enumerate(zip(hops, quiet_hops.tolist(), strict=True))
    ]
    return [arrival.step(guard.step(mixer.step(frame))).pulses_us for frame in frames]


def random_rig(seed: int) -> Rig:
    """A rig of one to twelve servos with limits, speeds and poses anywhere in their bounds."""
    rng = np.random.default_rng(seed)
    names = [f"c{output}" for output in range(rng.integers(1, 13))]
    text = ["schema = 1", "[smoothing]", f"closure_reach_ms = {10 * rng.integers(0, 21)}"]
    text += [f"park_after_ms = {rng.choice([0, 10, 300, 4000])}"]
    for output, name in enumerate(names):
        low, high = sorted(rng.choice(2001, 2, replace=False) + 500)
        text += [f"[channels.{name}]", f"output = {output}", f"min_us = {low}", f"max_us = {high}"]
        text += [f"neutral_us = {rng.integers(low, high + 1)}"]
        text += [f"speed_us_per_s = {round(100 * 200 ** rng.random())}"]
        text += [f"servo_delay_ms = {rng.integers(0, 201)}"] * (seed % 2)
        text += [f"reversed = {'true' if rng.random() < 0.5 else 'false'}"]
    for viseme in VISEME_NAMES:
        text += [f"[poses.{viseme}]", *(f"{name} = {rng.integers(0, 1001) / 1000}" for name in names)]
    return Rig.parse("random.toml", "\n".join(text))


@pytest.mark.parametrize("name", shipped_rigs())
def test_a_shipped_rig_moves_as_mixer_and_guard_say(name: str, tmp_path: Path) -> None:
    _compare(Rig.load(name), tmp_path)


@pytest.mark.parametrize("seed", range(3))
def test_a_rig_of_any_bounds_moves_as_mixer_and_guard_say(seed: int, tmp_path: Path) -> None:
    _compare(random_rig(seed), tmp_path)


def _compare(rig: Rig, folder: Path) -> None:
    hops = weights(1500)
    quiet_hops = quiet(len(hops))
    program = build("STAGE_RIG", folder, mandible_rig_tables=rig_tables.header(rig))
    given = np.concatenate([hops, quiet_hops[:, None].view(np.uint8)], axis=1).tobytes()
    pulses_us = np.frombuffer(run(program, given), np.uint16).reshape(len(hops), -1)
    np.testing.assert_array_equal(pulses_us, expected(rig, hops, quiet_hops))
    assert len(np.unique(pulses_us, axis=0)) > 100


def test_odd_random_rigs_hold_servos_back_and_even_ones_do_not() -> None:
    assert [max(held_hops(random_rig(seed))) > 0 for seed in range(3)] == [False, True, False]


def test_a_servos_name_cannot_end_its_comment(tmp_path: Path) -> None:
    name = "*/ int x; /* \\u00e9 ??/ \\\\"
    channel = "output = 0\nmin_us = 1000\nmax_us = 2000\nneutral_us = 1500\n"
    rig = Rig.parse("odd.toml", f'schema = 1\n[channels."{name}"]\n{channel}')
    text = rig_tables.header(rig)
    assert text.isascii()
    assert text.index("*/") == text.index("\n */") + 2
    build("STAGE_RIG", tmp_path, mandible_rig_tables=text)
