"""Speech to quantise with: features that ranges are taken from, and recordings kept apart to measure on.

Any corpus directory, folder of labelled recordings, or plain folder of recordings will do. What is taken is
bounded and drawn with a seed; the two parts never share a recording, where there is more than one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import HOP_MS
from mandible.device.frontend import log_mel
from mandible.errors import InputError
from mandible.models import corpus
from mandible.models.annotations.registry import READERS
from mandible.models.augment.chunks import LOWEST, STEPS_PER_DB
from mandible.models.corpus_directory import is_corpus_directory
from mandible.models.recordings import SUFFIXES, read_audio
from mandible.models.utterance import Utterance
from mandible.quantize.float_model import FloatModel

MOST_RECORDINGS, MOST_HELD = 200, 100
MOST_SECONDS, MOST_HELD_SECONDS = 1800.0, 900.0
# 2.5 minutes of speech: three times as much left `small` at the same accuracy (77.3 %).
PIECE_HOPS, PIECES = 300, 50
# Every second piece is made this much louder or softer, as a microphone elsewhere would.
GAIN_DB = 12.0
# A hop sounds where some band lies this far above digital silence.
SOUND_STEPS = 40
# One recording in this many is kept apart, where nobody says which.
HELD_EVERY = 5
_MOST_LISTED = 100_000

Mels = NDArray[np.int8]


@dataclass(frozen=True)
class Speech:
    """What one folder of speech gave.

    Attributes:
        pieces: (chunks, hops, 40) int8 features to take ranges from.
        held: features of recordings kept apart.
        labelled: the same recordings with their phones; empty where the folder has no labels.
        described: where it came from, for a card.
    """

    pieces: NDArray[np.int8]
    held: tuple[Mels, ...]
    labelled: tuple[Utterance, ...]
    described: dict[str, Any]


def gather(directory: Path, seed: int = 1, step: Callable[[], None] = lambda: None) -> Speech:
    """Return the speech of a folder.

    Args:
        directory: a corpus directory, or a folder of recordings with or without labels.
        seed: of which recordings and pieces are taken.
        step: called after each recording.

    Raises:
        InputError: there is too little speech, or a recording or its labels are damaged.
        DeviceError: a recording is no WAV file and ``soundfile`` is not installed.
    """
    if not directory.is_dir():
        what = "it is a file" if directory.exists() else "no such folder"
        raise InputError(f"{directory}: {what}; give a corpus directory or a folder of recordings")
    rng = np.random.default_rng(seed)
    labelled: tuple[Utterance, ...] = ()
    if _is_labelled(directory):
        learn, kept = _split_utterances(directory, rng)
        labelled = tuple(_bounded(kept, MOST_HELD, MOST_HELD_SECONDS))
        heard, apart = [one.path for one in learn], [one.path for one in labelled]
    else:
        heard, apart = _split_files(directory, rng)
    if not heard:
        raise InputError(
            f"{directory}: no recording to calibrate with is found in it; see what is wrong with: "
            f"mandible data check {directory}"
        )
    mels = _features(heard, MOST_RECORDINGS, MOST_SECONDS, step)
    held = _features(apart, MOST_HELD, MOST_HELD_SECONDS, step)
    if not held and mels:  # a single recording: its last fifth
        edge = len(mels[-1]) * (HELD_EVERY - 1) // HELD_EVERY
        mels, held = [*mels[:-1], mels[-1][:edge]], [mels[-1][edge:]]
    together = np.concatenate([*mels, np.empty((0, 40), np.int8)])
    _check_enough(together, directory)
    described = {
        "folder": directory.resolve().name,
        "recordings": len(mels),
        "seconds": round(len(together) * HOP_MS / 1000, 1),
        "seed": seed,
    }
    return Speech(pieces(together, rng), tuple(held), labelled, described)


def pieces(mels: Mels, rng: np.random.Generator) -> NDArray[np.int8]:
    """Cut random pieces from (n, 40) features, every second one at another level -> (chunks, hops, 40)."""
    starts = rng.integers(0, len(mels) - PIECE_HOPS + 1, PIECES)
    cut = np.stack([mels[start : start + PIECE_HOPS] for start in starts])
    gains_db = rng.uniform(-GAIN_DB, GAIN_DB, len(cut[1::2]))
    steps = np.round(gains_db * STEPS_PER_DB).astype(np.int16)[:, np.newaxis, np.newaxis]
    cut[1::2] = np.clip(cut[1::2].astype(np.int16) + steps, LOWEST, 127).astype(np.int8)
    return cut


def accuracy(model: FloatModel, network: Callable[[Mels], NDArray[np.generic]], speech: Speech) -> float:
    """Return in percent how well a network does on the speech kept apart.

    With labels: the share of right visemes. Without: the share that equals the float network's own.
    """
    if speech.labelled:
        from mandible.models import evaluate

        return 100 * evaluate.evaluate(network, speech.labelled, model.lookahead_ms)["accuracy"]
    same = [network(mels).argmax(axis=1) == model.run(mels).argmax(axis=1) for mels in speech.held]
    return 100 * float(np.concatenate(same).mean())


def _is_labelled(directory: Path) -> bool:
    if is_corpus_directory(directory):
        return True
    return any(path.with_suffix(suffix).is_file() for path in _recordings(directory) for suffix in READERS)


def _split_utterances(directory: Path, rng: np.random.Generator) -> tuple[list[Utterance], list[Utterance]]:
    """Return what may be learned from, and what the corpus keeps to choose or test with, each shuffled."""
    learn = corpus.utterances(directory, "train")
    kept = corpus.utterances(directory, "dev") or corpus.utterances(directory, "test")
    if not learn:
        learn = kept[::2]
        kept = kept[1::2]
    return [learn[i] for i in rng.permutation(len(learn))], [kept[i] for i in rng.permutation(len(kept))]


def _split_files(directory: Path, rng: np.random.Generator) -> tuple[list[Path], list[Path]]:
    found = list(_recordings(directory))
    if not found:
        raise InputError(f"{directory}: holds no recording ({', '.join(SUFFIXES)}) to calibrate with")
    mixed = [found[i] for i in rng.permutation(len(found))]
    kept = len(mixed) // HELD_EVERY if len(mixed) >= HELD_EVERY else min(1, len(mixed) - 1)
    return mixed[kept:], mixed[:kept]


def _recordings(directory: Path) -> Iterator[Path]:
    """Yield the recordings of a folder and its subfolders in the order of their names."""
    found = []
    for number, path in enumerate(directory.rglob("*")):
        if number > _MOST_LISTED:
            raise InputError(
                f"{directory}: more than {_MOST_LISTED} files; name the folder of the recordings"
            )
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file():
            found.append(path)
    yield from sorted(found)


def _bounded(utterances: Sequence[Utterance], most: int, most_seconds: float) -> list[Utterance]:
    taken: list[Utterance] = []
    seconds = 0.0
    for one in utterances[:most]:
        seconds += one.seconds
        if taken and seconds > most_seconds:
            break
        taken.append(one)
    return taken


def _features(paths: Sequence[Path], most: int, most_seconds: float, step: Callable[[], None]) -> list[Mels]:
    found: list[Mels] = []
    left = int(most_seconds * 1000) // HOP_MS
    for path in paths[:most]:
        if left <= 0:
            break
        mels = log_mel(read_audio(path))[:left]
        left -= len(mels)
        found.append(mels)
        step()
    return found


def _check_enough(mels: Mels, directory: Path) -> None:
    sounding = int((mels.max(axis=1, initial=-128) > LOWEST + SOUND_STEPS).sum())
    if sounding < PIECE_HOPS:
        raise InputError(
            f"{directory}: too little speech to calibrate with: {sounding * HOP_MS / 1000:g} s that is not "
            f"silent, and at least {PIECE_HOPS * HOP_MS / 1000:g} s are needed; add recordings"
        )
