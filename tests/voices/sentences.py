"""Sentences nobody has tuned to: made from word lists, different at every run unless a seed is given."""

from __future__ import annotations

import os
import random
import secrets
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent
SAMPLES = HERE.parents[1] / "samples"
SEED_VARIABLE = "MANDIBLE_TEST_SEED"


def fresh_seed() -> int:
    """Return the seed in MANDIBLE_TEST_SEED, or a new one; tests say it, so a failure can be repeated."""
    given = os.environ.get(SEED_VARIABLE)
    return int(given) if given else secrets.randbits(32)


@cache
def _lists() -> dict[str, Any]:
    return tomllib.loads((HERE / "sentences.toml").read_text(encoding="utf-8"))


def words_in_samples() -> frozenset[str]:
    """Return every word that the samples say, in lower case."""
    script = tomllib.loads((SAMPLES / "puppet.toml").read_text(encoding="utf-8"))
    return frozenset(word.strip(",.!?").lower() for line in script["line"] for word in line["text"].split())


def vocabulary() -> frozenset[str]:
    """Return every word a sentence may hold, in lower case."""
    return frozenset(word.lower() for words in _lists()["words"].values() for word in words)


def sentences(seed: int) -> Iterator[str]:
    """Yield sentences without end; no noun, verb or adjective returns before its list is used up."""
    dice = random.Random(seed)
    lists = _lists()
    decks: dict[str, list[str]] = {}

    def draw(kind: str) -> str:
        if not decks.get(kind):
            decks[kind] = dice.sample(lists["words"][kind], len(lists["words"][kind]))
        return decks[kind].pop()

    while True:
        pattern = dice.choice(lists["patterns"]).split()
        text = " ".join("," if kind == "," else draw(kind) for kind in pattern).replace(" ,", ",")
        yield text[0].upper() + text[1:] + "."
