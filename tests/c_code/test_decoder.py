"""The exported decoder shows exactly the weights, viseme, openness and quiet that the Python one shows."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mandible.device.decoder import Decoder
from mandible.device.decoder_settings import DecoderSettings
from mandible.device.engines.c import CEngine
from mandible.device.engines.softmax import Softmax
from mandible.device.frames import Frame
from mandible.firmware_bridge.rig_keys import SCHEMA
from mandible.models import network
from mandible.models.visemes import Viseme
from mandible.quantize.c_code import decoder_tables
from tests.c_code.filters import build, run
from tests.engines.hops import speech_hops

NANO = Path(network.__file__).with_name("released") / "nano.tflite"
PCM = np.zeros(160, np.int16)
BOUNDS = {name: (key["minimum"], key["maximum"]) for name, key in SCHEMA["smoothing"].items()}
LOWEST, HIGHEST = (DecoderSettings(**{name: b[end] for name, b in BOUNDS.items()}) for end in (0, 1))
Hops = tuple[NDArray[np.int8], NDArray[np.int8]]


def anywhere(seed: int) -> DecoderSettings:
    """Settings anywhere in their bounds, small values as likely as large ones."""
    rng = np.random.default_rng(seed)
    span = {name: high - low for name, (low, high) in BOUNDS.items()}
    chosen = {name: BOUNDS[name][0] + round(width * rng.random() ** 3) for name, width in span.items()}
    return DecoderSettings(**{**chosen, "gate_level": int(rng.integers(-90, -50))})


def near_speech(seed: int) -> DecoderSettings:
    """The defaults, each moved by up to a half."""
    rng = np.random.default_rng(seed)
    moved = {name: round(value * rng.uniform(0.5, 1.5)) for name, value in asdict(DecoderSettings()).items()}
    return DecoderSettings(**moved)


def wandering(rng: np.random.Generator, hops: int) -> NDArray[np.int8]:
    """(hops, 15) logits that drift, with now a strong and now a faint favourite: what closures come from."""
    drift = np.cumsum(rng.normal(0, 12, (hops, 15)), axis=0)
    drift = 90 * np.sin(drift / 90)
    favourite = np.repeat(rng.choice([0, 1, 1, 2, 2, 3, 10], hops // 5 + 1), 5)[:hops]
    drift[np.arange(hops), favourite] += rng.uniform(0, 120, hops)
    return drift.clip(-128, 127).round().astype(np.int8)


def hops(seed: int = 0) -> Hops:
    """(n, 15) logits and (n, 40) features: random, drifting, alike, extreme; loudness about the gate."""
    rng = np.random.default_rng(seed)
    pauses = rng.integers(-100, 0, (600, 15))
    pauses[:, 0] = np.repeat(rng.choice([60, 60, -80], 6), 100)
    logits: list[NDArray[np.integer]] = [
        pauses,
        rng.integers(-128, 128, (300, 15)),
        wandering(rng, 900),
        rng.integers(-3, 3, (200, 15)) + rng.integers(-120, 120, (200, 1)),
        rng.choice([-128, 127], (200, 15)),
        np.repeat(rng.integers(-128, 128, (20, 1)), 15, axis=1),
    ]
    every = np.concatenate(logits).astype(np.int8)
    loudness = np.repeat(rng.choice([-128, -75, -70, -65, 0, 127], len(every) // 20 + 1), 20)[
        : len(every), None
    ]
    mels = (loudness + rng.normal(0, 6, (len(every), 40))).clip(-128, 127).round().astype(np.int8)
    return every, mels


def spoken() -> tuple[float, Hops]:
    """Scale and logits of the nano model, and features, over the spoken sample."""
    nano = network.load(NANO)
    engine, mels = CEngine(nano), speech_hops()
    return nano.output_scale, (np.array([engine.step(mel) for mel in mels]), mels)


def expected(scale: float, settings: DecoderSettings, heard: Hops) -> NDArray[np.uint8]:
    decoder = Decoder(scale, settings)
    rows = []
    for i, (logits, mel) in enumerate(zip(*heard, strict=True)):
        frame = decoder.step(Frame(i, 0, PCM, mel=mel, logits=logits))
        assert frame.weights is not None
        assert frame.quiet_hops is not None
        quiet = divmod(frame.quiet_hops, 256)[::-1]
        rows.append([*frame.weights.tolist(), frame.viseme, frame.openness, *quiet])
    return np.array(rows, np.uint8)


def compare(scale: float, settings: DecoderSettings, heard: Hops, folder: Path) -> NDArray[np.uint8]:
    program = build("STAGE_DECODER", folder, mandible_decoder_tables=decoder_tables.header(scale, settings))
    shown = run(program, np.concatenate(heard, axis=1).tobytes())
    rows = np.frombuffer(shown, np.uint8).reshape(len(heard[0]), 19)
    np.testing.assert_array_equal(rows, expected(scale, settings, heard))
    return rows


def test_speech_shows_the_same_mouth(tmp_path: Path) -> None:
    scale, heard = spoken()
    rows = compare(scale, DecoderSettings(), heard, tmp_path)
    assert len(set(rows[:, 15].tolist())) > 10
    assert 20 < rows[:, 17].max() < 255


@pytest.mark.parametrize("seed", range(3))
def test_any_logits_show_the_same_mouth(seed: int, tmp_path: Path) -> None:
    settings, heard = near_speech(seed), hops(seed)
    rows = compare(0.05, settings, heard, tmp_path)
    assert set(rows[:, 15].tolist()) == set(range(15))
    # The gate was shut by silence no louder than the room, too, not only by what is too quiet for speech.
    assert ((rows[:600, 17] > 0) & (heard[1][:600].astype(int).mean(axis=1) > settings.gate_level)).any()


@pytest.mark.parametrize("seed", range(4))
def test_settings_anywhere_in_their_bounds_show_the_same_mouth(seed: int, tmp_path: Path) -> None:
    compare(0.03, anywhere(seed), hops(seed + 10), tmp_path)


@pytest.mark.parametrize("settings", [LOWEST, HIGHEST], ids=["lowest", "highest"])
def test_settings_at_their_bounds_show_the_same_mouth(settings: DecoderSettings, tmp_path: Path) -> None:
    compare(0.1, settings, hops(20), tmp_path)


@pytest.mark.parametrize("scale", [1e-30, 0.0462, 0.5, 12.0, 1e30])
def test_scales_of_any_size_show_the_same_mouth(scale: float, tmp_path: Path) -> None:
    compare(scale, DecoderSettings(gate_hold_ms=0), hops(30), tmp_path)


def test_evidence_that_only_just_suffices_closes_the_lips(tmp_path: Path) -> None:
    logits = np.array([[0, 40, *[0] * 13]] * 3, np.int8)
    enough = Softmax(0.05).shares(logits[0].tolist())[Viseme.PP]
    settings = DecoderSettings(
        closure_threshold=255, closure_evidence=enough, closure_evidence_ms=0, closure_release=enough
    )
    rows = compare(0.05, settings, (logits, np.full((3, 40), 50, np.int8)), tmp_path)
    assert rows[:, 15].tolist() == [Viseme.PP] * 3


def test_hops_of_quiet_are_counted_as_far_as_they_go(tmp_path: Path) -> None:
    hops = 66_000
    heard = np.tile(np.array([90, *[-90] * 14], np.int8), (hops, 1)), np.full((hops, 40), -120, np.int8)
    rows = compare(0.1, DecoderSettings(), heard, tmp_path)
    assert (rows[-1, 17:] == 255).all()


@pytest.mark.parametrize("scale", [0.0, -0.1, float("nan"), float("inf")])
def test_what_scales_no_logits_is_refused(scale: float) -> None:
    with pytest.raises(ValueError, match="output_scale"):
        decoder_tables.header(scale, DecoderSettings())


@pytest.mark.parametrize(("name", "value"), [("closure_evidence_ms", 201), ("hysteresis", -1)])
def test_a_setting_out_of_bounds_is_refused(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{name} = {value} is out of range"):
        decoder_tables.header(0.1, DecoderSettings(**{name: value}))
