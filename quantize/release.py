"""``python -m mandible.quantize.release TRAINED --corpus DIR -o small.tflite``: from weights to a release.

Quantises what ``mandible.models.train`` left in the folder TRAINED, turns it into the streaming form,
measures both the float and the int8 network on unseen speakers, and writes the card beside the model.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from mandible.device import engines
from mandible.errors import MandibleError
from mandible.models import augment, card, corpus, dataset, evaluate, tcn
from mandible.models.train import trained
from mandible.models.training import Settings, logits_of
from mandible.quantize import ptq
from mandible.quantize.streaming import to_streaming

CALIBRATION_UTTERANCES = 200
CALIBRATION_CHUNKS = 150
CALIBRATION_HOPS = 300
SPLIT = "by speaker: no speaker of the test sets was heard in training or used to choose the epoch"


def calibration_pieces(directory: Path, settings: Settings) -> NDArray[np.int8]:
    """Return training features, half as recorded and half augmented, that span the int8 range."""
    rng = np.random.default_rng(settings.seed)
    learn = dataset.trainable(directory, "train")
    some = [learn[i] for i in rng.permutation(len(learn))[:CALIBRATION_UTTERANCES]]
    stream = dataset.assemble(some, settings.lookahead_ms)
    change = augment.ChunkAugmenter(augment.backgrounds(directory, some, rng), augment.rumble(rng), rng)
    pieces = ptq.calibration(stream.mels, CALIBRATION_HOPS, CALIBRATION_CHUNKS, settings.seed)
    for index in range(0, CALIBRATION_CHUNKS - 1, 2):
        pieces[index], _ = change(pieces[index], np.zeros(CALIBRATION_HOPS, np.int8))
    return pieces


def release(folder: Path, directory: Path, target: Path) -> None:
    """Write ``target`` and its card from a training folder and the corpus it was trained on."""
    model, settings, record = trained(folder)
    with TemporaryDirectory() as scratch:
        whole = Path(scratch) / "whole.tflite"
        ptq.quantise(model, tcn.size_of(settings.size), calibration_pieces(directory, settings), whole)
        to_streaming(whole, target)
    quantised = evaluate.streaming(engines.create("c", target))
    metrics = {
        "float": evaluate.evaluate_sets(
            lambda mels: logits_of(model, mels), directory, settings.lookahead_ms
        ),
        "int8": evaluate.evaluate_sets(quantised, directory, settings.lookahead_ms),
    }
    heard = [*record["data"]["train"], *record["sounds"]]
    told = {
        "size": settings.size,
        "lookahead_ms": settings.lookahead_ms,
        "training": {key: record[key] for key in ("settings", "history", "continued_from")},
        "quantisation": "post-training, int8 weights per channel, int8 activations per tensor",
        "data": record["data"],
        "sounds": record["sounds"],
        "licences": sorted({row["licence"] for row in heard}),
        "split": SPLIT,
        "metrics": metrics,
    }
    written = card.write(target, target.stem, told)
    print(json.dumps(metrics, indent=1))
    print(f"wrote {target} and {written.name}")


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m mandible.quantize.release", description=__doc__)
    parser.add_argument("trained", type=Path, help="folder that mandible.models.train left")
    parser.add_argument("--corpus", type=Path, required=True, help="corpus directory")
    parser.add_argument("-o", dest="target", type=Path, required=True, help="the .tflite file to write")
    args = parser.parse_args(arguments)
    try:
        corpus.sources(args.corpus)
        release(args.trained, args.corpus, args.target)
    except MandibleError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
