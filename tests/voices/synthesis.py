"""Speak fresh sentences at test time, each with a voice of its own and known phone times."""

from __future__ import annotations

import random
from itertools import islice

from mandible.benchmarks.lipsync import Phone
from tests.voices import festival, flite
from tests.voices.sentences import sentences
from tests.voices.utterance import Utterance

__all__ = ["VOICES", "Phone", "Utterance", "fresh_utterances", "speak"]

_ENGINES = {"flite": flite.speak, "festival": festival.speak}
VOICES = (*(f"flite-{name}" for name in flite.VOICES), *(f"festival-{name}" for name in festival.VOICES))


def speak(text: str, voice: str) -> Utterance:
    """Say a sentence.

    Args:
        text: plain English words and ``,.!?``.
        voice: one of ``VOICES``.

    Raises:
        ValueError: the text holds a character that a voice would read as a command.
        RuntimeError: the voice's program is not installed.
    """
    if not all(c.isascii() and (c.isalpha() or c in " ,.!?'") for c in text):
        raise ValueError(f"only letters and ,.!?' can be spoken, not {text!r}")
    engine, name = voice.split("-", 1)
    return _ENGINES[engine](text, name)


def fresh_utterances(count: int, seed: int) -> list[Utterance]:
    """Return ``count`` sentences; every voice speaks, in turns whose order the seed decides."""
    order = random.Random(seed).sample(VOICES, len(VOICES))
    return [speak(text, order[i % len(order)]) for i, text in enumerate(islice(sentences(seed), count))]
