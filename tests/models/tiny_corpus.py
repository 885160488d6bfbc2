"""A corpus directory of a few seconds, made of tones, for tests that need one."""

from __future__ import annotations

import csv
import gzip
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import SAMPLE_RATE_HZ

PHONE_S = 0.12
# A tone per phone, so that a network can learn the difference within seconds.
TONE_HZ = {"SIL": 0, "M": 180, "AA": 900, "S": 5000, "UW": 350, "IY": 2500}
UTTS_COLUMNS = ("utt", "file", "speaker", "language", "split", "seconds", "phoneset")


def spoken(phones: list[str]) -> NDArray[np.int16]:
    """Return the tones of phones, ``PHONE_S`` each."""
    time_s = np.arange(int(PHONE_S * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    tones = [6000 * np.sin(2 * np.pi * TONE_HZ[phone] * time_s) for phone in phones]
    return np.concatenate(tones).astype(np.int16)


def write_wave(path: Path, pcm: NDArray[np.int16], rate_hz: int = SAMPLE_RATE_HZ) -> None:
    """Write a mono 16-bit WAV file."""
    with wave.open(str(path), "wb") as stream:
        stream.setnchannels(1)
        stream.setsampwidth(2)
        stream.setframerate(rate_hz)
        stream.writeframes(pcm.tobytes())


def write_source(directory: Path, source: str, utterances: dict[str, tuple[str, list[str]]]) -> Path:
    """Write one source: utterance name -> (split, phones). The speaker is the split's own."""
    folder = directory / "speech" / source
    folder.mkdir(parents=True)
    with (
        (folder / "utts.csv").open("w", newline="", encoding="utf-8") as utts_file,
        gzip.open(folder / "labels.csv.gz", "wt", newline="", encoding="utf-8") as labels_file,
    ):
        utts, labels = csv.writer(utts_file), csv.writer(labels_file)
        utts.writerow(UTTS_COLUMNS)
        labels.writerow(("utt", "start_s", "end_s", "phone"))
        for name, (split, phones) in utterances.items():
            write_wave(folder / f"{name}.wav", spoken(phones))
            seconds = PHONE_S * len(phones)
            utts.writerow((name, f"{name}.wav", f"speaker-{split}", "en", split, f"{seconds:.3f}", "arpabet"))
            for index, phone in enumerate(phones):
                start_s, end_s = index * PHONE_S, (index + 1) * PHONE_S
                labels.writerow((name, f"{start_s:.3f}", f"{end_s:.3f}", phone))
    return folder
