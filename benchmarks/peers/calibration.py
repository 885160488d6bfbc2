"""Profile of ``wlipsync-calibrated``: ``python -m mandible.benchmarks.peers.calibration CORPUS SOURCE``.

wLipSync comes without a profile: its users record each vowel and let it calibrate. Here that is done for
everyone at once: for each class, the mean of what its own analysis (the WebAssembly it publishes) makes of
the middles of such sounds in the training split of a corpus, whose speakers are not those it is judged by.
The settings are those of uLipSync's sample profiles, of which wLipSync is the port.

It hears as many of its twelve coefficients as its profile has entries, and several entries may have one name.
So that it hears all of them, each vowel has two: its sounds are parted in halves across their longest axis.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mandible.benchmarks.peers.cache import installed
from mandible.benchmarks.peers.catalogue import known
from mandible.device.frames import SAMPLE_RATE_HZ
from mandible.models.corpus import Utterance
from mandible.models.evaluation import sets
from mandible.models.recordings import read_audio
from mandible.whole_file import written

PROFILE = Path(__file__).with_name("adapters") / "wlipsync.profile.json"
PROGRAM = PROFILE.with_name("wlipsync_calibrate.mjs")
SETTINGS: dict[str, int | bool] = {
    "targetSampleRate": 16_000,
    "sampleCount": 1024,
    "melFilterBankChannels": 30,
    "compareMethod": 2,
    "mfccNum": 12,
    "mfccDataCount": 1,
    "useStandardization": False,
}
# Sounds that a class is calibrated by: those that are clearly it.
SOUNDS = {"A": "AA", "I": "IY", "U": "UW", "E": "EH", "O": "AO", "N": "M N NG", "S": "S Z"}
CLASS_OF = {sound: name for name, sounds in SOUNDS.items() for sound in sounds.split()}
# What is analysed lasts 64 ms; of a shorter sound most would be its neighbours.
LEAST_S = 0.08
VOWELS = "AIUEO"
SPLIT = "train"
_LIMIT_S = 600.0


def moments(one: Utterance) -> tuple[list[str], list[int]]:
    """Return the classes of an utterance's clear sounds and the samples at their middles."""
    classes, middles = [], []
    for start_s, end_s, sound in zip(one.starts_s, one.ends_s, one.phones, strict=True):
        if sound in CLASS_OF and end_s - start_s >= LEAST_S:
            classes.append(CLASS_OF[sound])
            middles.append(round(float(start_s + end_s) / 2 * SAMPLE_RATE_HZ))
    return classes, middles


def analysed(folder: Path, utterances: Sequence[Utterance]) -> dict[str, NDArray[np.float64]]:
    """Return (n, 12) coefficients of each class's sounds; ``folder``: where wLipSync is installed."""
    asked = [moments(one) for one in utterances]
    done = subprocess.run(
        ["node", str(PROGRAM), str(folder), json.dumps(SETTINGS)],
        input="".join(_lines(utterances, [middles for _, middles in asked])),
        capture_output=True,
        text=True,
        check=True,
        timeout=_LIMIT_S,
    )
    found = defaultdict(list)
    for (classes, _), line in zip(asked, done.stdout.splitlines(), strict=True):
        for name, coefficients in zip(classes, json.loads(line), strict=True):
            found[name].append(coefficients)
    return {name: np.array(found[name]) for name in SOUNDS}


def _lines(utterances: Sequence[Utterance], middles: Sequence[list[int]]) -> Iterator[str]:
    for one, moments_of_one in zip(utterances, middles, strict=True):
        pcm = base64.b64encode(read_audio(one.path).astype("<i2").tobytes()).decode("ascii")
        yield json.dumps({"pcm": pcm, "moments": moments_of_one}) + "\n"


def profile(coefficients: dict[str, NDArray[np.float64]]) -> dict[str, object]:
    """Return a profile, in the JSON that wLipSync reads."""
    mfccs = [
        {"name": name, "mfccCalibrationDataList": [{"array": np.round(part.mean(axis=0), 3).tolist()}]}
        for name, rows in coefficients.items()
        for part in (_halves(rows) if name in VOWELS else (rows,))
    ]
    return {**SETTINGS, "mfccs": mfccs}


def _halves(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    centred = rows - rows.mean(axis=0)
    longest = np.linalg.svd(centred, full_matrices=False)[2][0]
    # The sign of an axis means nothing; this one makes the order of the halves the same everywhere.
    beyond = centred @ (longest * np.sign(longest[np.argmax(abs(longest))])) > 0
    return rows[beyond], rows[~beyond]


def main(corpus: Path, source: str) -> None:
    """Write the profile anew."""
    chosen = sets.chosen(corpus, [source], SPLIT)
    folder = installed(known()["wlipsync-calibrated"])
    heard = analysed(folder, [one for members in chosen.values() for one in members])
    with written(PROFILE) as path:
        path.write_text(json.dumps(profile(heard), indent=1) + "\n", encoding="utf-8")
    print(", ".join(f"{name}: {len(rows)}" for name, rows in heard.items()))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python -m mandible.benchmarks.peers.calibration CORPUS SOURCE")
    main(Path(sys.argv[1]), sys.argv[2])
