"""Writes golden_tcn.npz with TensorFlow Lite's reference kernels: python -m tests.engines.make_golden."""

from __future__ import annotations

import numpy as np

from mandible.device import engines
from tests.engines.hops import GOLDEN, STREAMING_MODEL, random_hops, speech_hops

if __name__ == "__main__":
    mel = np.concatenate([speech_hops()[:300], random_hops(200, seed=3)])
    engine = engines.create("tflite", STREAMING_MODEL)
    np.savez_compressed(GOLDEN, mel=mel, logits=np.array([engine.step(hop) for hop in mel]))
