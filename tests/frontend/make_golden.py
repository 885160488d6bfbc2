"""Writes golden_logmel.npz from the numpy twin: python -m tests.frontend.make_golden."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mandible.device.frontend import reference
from tests.frontend.signals import hard_cases

if __name__ == "__main__":
    pcm = np.concatenate(list(hard_cases(20, seed=42).values()))
    path = Path(__file__).with_name("golden_logmel.npz")
    np.savez_compressed(path, pcm=pcm, mel=reference.log_mel(pcm))
