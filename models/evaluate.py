"""``python -m mandible.models.evaluate small --corpus DIR``: measure a model on speakers it never heard.

The int8 streaming network runs as it does live, one hop after the other; its largest logit is scored,
without the decoder.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mandible.device import engines
from mandible.device.engines.base import Engine
from mandible.device.frames import HOP_MS, HOP_SAMPLES
from mandible.device.frontend import log_mel
from mandible.errors import MandibleError
from mandible.models import corpus, released
from mandible.models.corpus import Utterance
from mandible.models.scores import Scores, Tally
from mandible.models.targets import targets

# (n, 40) int8 features of a whole recording -> (n, 15) logits
Network = Callable[[NDArray[np.int8]], NDArray[np.generic]]
# Name of a set -> (source folders, split): speakers that training never hears.
SETS = {
    "librispeech_test": (("en_librispeech",), "test"),
    "speechocean762_test": (("en_speechocean762",), "test"),
    "emodb": (("de_emodb",), "test"),
    "flite_voices": (("en_flite-awb", "en_flite-kal16", "en_flite-rms", "en_flite-slt"), "train"),
}


def streaming(engine: Engine) -> Network:
    """Return a function that runs an engine over a whole recording from its initial state."""

    def run(mels: NDArray[np.int8]) -> NDArray[np.generic]:
        engine.reset()
        return np.stack([engine.step(mel) for mel in mels])

    return run


def members(directory: Path, name: str) -> list[Utterance]:
    """Return the utterances of a set, empty where the corpus does not hold its sources."""
    folders, split = SETS[name]
    present = [folder for folder in folders if (directory / "speech" / folder / "utts.csv").exists()]
    return [
        utterance
        for folder in present
        for utterance in corpus.read_source(directory, folder)
        if utterance.split == split
    ]


def evaluate(network: Network, utterances: Iterable[Utterance], lookahead_ms: int) -> Scores:
    """Score a network on utterances. The end of each is followed by enough silence to hear it all."""
    tally = Tally(lookahead_ms)
    tail = np.zeros((lookahead_ms // HOP_MS + 2) * HOP_SAMPLES, np.int16)
    for utterance in utterances:
        mels = log_mel(np.concatenate([corpus.read_audio(utterance.path), tail]))
        said = network(mels).argmax(axis=1)
        tally.add(utterance, said, targets(utterance, len(mels), lookahead_ms))
    return tally.scores()


def rounded(scores: Scores) -> dict[str, float | int]:
    """Return figures as plain data with three digits, as a card states them."""
    return {
        name: round(value, 3) if isinstance(value, float) else value for name, value in asdict(scores).items()
    }


def evaluate_sets(network: Network, directory: Path, lookahead_ms: int) -> dict[str, dict[str, float | int]]:
    """Return the figures of every set that the corpus holds."""
    found = {name: members(directory, name) for name in SETS}
    return {
        name: rounded(evaluate(network, utterances, lookahead_ms))
        for name, utterances in found.items()
        if utterances
    }


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m mandible.models.evaluate", description=__doc__)
    parser.add_argument("model", help="a released model's name or a .tflite file")
    parser.add_argument("--corpus", type=Path, required=True, help="corpus directory")
    parser.add_argument("--engine", default=engines.default_name())
    args = parser.parse_args(arguments)
    try:
        model = released.resolve(args.model)
        network = streaming(engines.create(args.engine, model.path))
        print(json.dumps(evaluate_sets(network, args.corpus, model.lookahead_ms), indent=1))
    except MandibleError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
