"""Writes the speech that ``mandible engines`` times with: python -m tests.engines.make_speech."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import mandible.device.engines
from tests.engines.hops import speech_hops

TARGET = Path(mandible.device.engines.__file__).parent / "speech.npz"
FIRST, HOPS = 40, 400


def part() -> NDArray[np.int8]:
    """(400, 40) features of four seconds of the spoken sample."""
    return speech_hops()[FIRST : FIRST + HOPS]


def main() -> None:
    """Write the file."""
    np.savez_compressed(TARGET, mel=part())
    print(f"{TARGET}: {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
