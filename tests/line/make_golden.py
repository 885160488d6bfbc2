"""Writes golden_decoder.npz from the decoder: python -m tests.line.make_golden."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mandible.device.decoder import Decoder, DecoderSettings
from mandible.device.frames import Frame

OUTPUT_SCALE = 0.125
# Not the defaults, which may be tuned: golden vectors hold the arithmetic.
SETTINGS = DecoderSettings(
    vowel_attack_ms=20,
    vowel_release_ms=40,
    consonant_attack_ms=10,
    consonant_release_ms=20,
    rest_attack_ms=30,
    rest_release_ms=15,
    closure_threshold=150,
    closure_evidence=60,
    closure_evidence_ms=25,
    teeth_threshold=110,
    closure_release=30,
    closure_hold_ms=40,
    hysteresis=40,
    dwell_ms=60,
    dwell_hysteresis=90,
    gate_level=-60,
    gate_hold_ms=50,
    gate_margin=12,
    gate_room_ms=80,
    gate_silence_ms=300,
)


def inputs(hops: int = 600, seed: int = 7) -> tuple[np.ndarray, np.ndarray]:
    """Logits that wander as a network's do; features with a quiet stretch, and a room where keys click."""
    rng = np.random.default_rng(seed)
    drift = np.cumsum(rng.normal(0, 12, (hops, 15)), axis=0)
    logits = np.clip(drift - drift.mean(axis=1, keepdims=True), -128, 127).astype(np.int8)
    mel = np.clip(rng.normal(10, 20, (hops, 40)), -128, 127)
    mel[200:240] = -110
    logits[400:480, 0], logits[400:480, 1:] = 40, logits[400:480, 1:] // 2 - 30
    mel[380:500] -= 25
    mel[430:433] += 60
    mel[450:456] += 60
    return logits, mel.astype(np.int8)


def decoded(logits: np.ndarray, mel: np.ndarray) -> dict[str, np.ndarray]:
    """Weights, viseme, openness and hops of quiet, hop by hop."""
    decoder = Decoder(OUTPUT_SCALE, SETTINGS)
    pcm = np.zeros(160, np.int16)
    frames = [
        decoder.step(Frame(i, 0, pcm, mel=m, logits=row))
        for i, (row, m) in enumerate(zip(logits, mel, strict=True))
    ]
    return {
        "weights": np.array([frame.weights for frame in frames]),
        "viseme": np.array([frame.viseme for frame in frames], np.uint8),
        "openness": np.array([frame.openness for frame in frames], np.uint8),
        "quiet_hops": np.array([frame.quiet_hops for frame in frames], np.uint16),
    }


if __name__ == "__main__":
    logits, mel = inputs()
    path = Path(__file__).with_name("golden_decoder.npz")
    np.savez_compressed(path, logits=logits, mel=mel, **decoded(logits, mel))
