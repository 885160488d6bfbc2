"""``mandible data preview``: some utterances as the network meets them in training, on one page.

Per utterance: the clean recording, further takes of it, and each as a chunk with noise and tone drawn
anew; then every change of a chunk by itself. Everything follows from the corpus and the seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import HOP_MS, HOP_SAMPLES, Pcm
from mandible.device.frontend import log_mel
from mandible.errors import InputError
from mandible.models import corpus
from mandible.models.augment import recipe
from mandible.models.augment.chunks import ChunkAugmenter
from mandible.models.augment.recipe import Recipe
from mandible.models.augment.takes import Takes
from mandible.models.stress import with_stress
from mandible.models.targets import targets
from mandible.models.utterance import SPLITS, Utterance

LONGEST_HOPS = 6000 // HOP_MS
TAKES = 2
EFFECT_SNR_DB = 5.0


@dataclass(frozen=True)
class Panel:
    """One spectrogram with its labels.

    Attributes:
        title: what it is.
        words: what was done to it.
        mels: (hops, 40) int8 features.
        viseme: (hops,) int8 labels of the windows' centres, -1 = none.
        pcm: (n,) int16 sound to play, or None where only features were changed.
    """

    title: str
    words: list[str]
    mels: NDArray[np.int8]
    viseme: NDArray[np.int8]
    pcm: Pcm | None


@dataclass(frozen=True)
class Preview:
    """What the page shows: panels per utterance, and one panel per kind of change."""

    utterances: list[tuple[Utterance, list[Panel]]]
    effects: list[Panel]


def chosen(utterances: Sequence[Utterance], count: int, rng: np.random.Generator) -> list[Utterance]:
    """Return up to ``count`` utterances at random, from as many sources as possible."""
    turn: dict[str, int] = {}
    ranked: list[tuple[int, int, Utterance]] = []
    for index in rng.permutation(len(utterances)):
        source = utterances[index].source
        ranked.append((turn.setdefault(source, 0), len(ranked), utterances[index]))
        turn[source] += 1
    return [utterance for _, _, utterance in sorted(ranked, key=lambda entry: entry[:2])[:count]]


def _panel(title: str, words: list[str], utterance: Utterance, pcm: Pcm) -> Panel:
    pcm = pcm[: LONGEST_HOPS * HOP_SAMPLES]
    mels = log_mel(pcm)
    return Panel(title, words, mels, targets(utterance, len(mels), 0).viseme, pcm)


def _in_training(panel: Panel, augmenter: ChunkAugmenter, rng: np.random.Generator) -> Panel:
    drawn = augmenter.draw(rng, 1, len(panel.mels))
    return _changed(panel, augmenter, drawn, f"{panel.title}, as one chunk", drawn.described(0))


def _changed(panel: Panel, augmenter: ChunkAugmenter, drawn: Recipe, title: str, words: list[str]) -> Panel:
    mels = augmenter.apply(panel.mels[None], drawn)[0]
    viseme = np.zeros_like(panel.viseme) if drawn.alone[0] else panel.viseme
    return Panel(title, words, mels, viseme, None)


def _told(
    utterance: Utterance, takes: Takes, augmenter: ChunkAugmenter, rng: np.random.Generator
) -> list[Panel]:
    spoken = with_stress(utterance)
    pcm = corpus.read_audio(utterance.path)
    recordings = [_panel("clean", [], spoken, pcm)]
    for number in range(TAKES):
        take = takes.draw(rng)
        recordings.append(_panel(f"take {number + 1}", take.described(), *takes.performed(spoken, pcm, take)))
    return [
        panel
        for recording in recordings
        if len(recording.mels)
        for panel in (recording, _in_training(recording, augmenter, rng))
    ]


def _effects(panel: Panel, augmenter: ChunkAugmenter, rng: np.random.Generator) -> list[Panel]:
    """Return the panel under every kind of change by itself."""
    plain = recipe.unchanged(augmenter.pool, 1)
    hops = len(panel.mels)
    first: dict[str, int] = {}
    for number, name in enumerate(augmenter.pool.names):
        first.setdefault(name.split()[0], number)

    def noise(kind: str, **others: Any) -> Recipe:
        sound = np.array([first[kind]])
        start = rng.integers(augmenter.pool.hops[sound])
        return replace(plain, **{"snr_db": _one(EFFECT_SNR_DB), **others}, sound=sound, start=start)

    def tone(db: NDArray[np.float64]) -> Recipe:
        return replace(plain, tone_db=db[None].astype(np.float32))

    gap = np.array([[hops // 2, min(hops, hops // 2 + recipe.HOP_DROPOUT_HOPS)]])
    changes = {
        **{f"{kind} noise, {EFFECT_SNR_DB:.0f} dB SNR": noise(kind) for kind in first},
        "noise alone, labelled silence": noise("coloured", alone=np.array([True])),
        "rumble, 0 dB SNR": replace(plain, rumble_snr_db=_one(0.0)),
        "gain -12 dB": replace(plain, gain_db=_one(-recipe.GAIN_DB)),
        "broad colour": tone(recipe.colour_db(rng)),
        "high-pass": tone(recipe.high_pass_db(7, 6.0)),
        "low-pass": tone(recipe.low_pass_db(28, 4.0)),
        "telephone": tone(recipe.telephone_db(8.0)),
        "blur": replace(plain, blurred=np.array([True])),
        "bands and hops out": replace(plain, bands=(((8, 12), (25, 27)),), gap=gap),
    }
    return [_changed(panel, augmenter, drawn, title, []) for title, drawn in changes.items()]


def _one(value: float) -> NDArray[np.float32]:
    return np.array([value], np.float32)


def preview(directory: Path, count: int, seed: int) -> Preview:
    """Compute what the page shows.

    Args:
        directory: corpus directory.
        count: utterances to show, at least 1.
        seed: chooses utterances and changes.

    Raises:
        InputError: the corpus is unusable, or training may use none of it.
        DeviceError: the package ``soundfile`` is missing.
    """
    usable = corpus.utterances(directory, SPLITS)
    if not usable:
        raise InputError(f"{directory}: training may use none of its recordings; see mandible data check")
    rng = np.random.default_rng(seed)
    shown = chosen(usable, count, rng)
    voices = [utterance for utterance in usable if utterance.split == "train"]
    takes, augmenter = Takes(directory), ChunkAugmenter(directory, voices, rng)
    utterances = [(utterance, _told(utterance, takes, augmenter, rng)) for utterance in shown]
    panels = next((panels for _, panels in utterances if panels), None)
    if panels is None:
        raise InputError(f"{shown[0].path}: shorter than 10 ms")
    return Preview(utterances, _effects(panels[0], augmenter, rng))
