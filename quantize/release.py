"""``python -m mandible.quantize.release TRAINED --corpus DIR -o small.tflite``: from weights to a release.

Quantises what ``mandible train`` left in the folder TRAINED, turns it into the streaming form, measures
both the float and the int8 network on unseen speakers, and writes beside the model its card and its float
weights, which others can begin with.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from mandible.errors import MandibleError
from mandible.models import card, dataset, evaluate, float_weights, tcn
from mandible.models.augment.chunks import ChunkAugmenter
from mandible.models.settings import Settings
from mandible.models.train import Selection, trained
from mandible.models.training import logits_of
from mandible.quantize import ptq
from mandible.quantize.streaming import to_streaming

CALIBRATION_UTTERANCES = 200
CALIBRATION_CHUNKS = 150
CALIBRATION_HOPS = 300
SPLIT = "by speaker: no speaker of the test sets was heard in training or used to choose the epoch"


def calibration_pieces(selection: Selection, settings: Settings) -> NDArray[np.int8]:
    """Return training features, half as recorded and half augmented, that span the int8 range."""
    rng = np.random.default_rng(settings.seed)
    learn = selection.utterances("train")
    some = [learn[i] for i in rng.permutation(len(learn))[:CALIBRATION_UTTERANCES]]
    stream = dataset.assemble(some)
    pieces = ptq.calibration(stream.mels, CALIBRATION_HOPS, CALIBRATION_CHUNKS, settings.seed)
    change = ChunkAugmenter(selection.corpora[0], some, rng)
    pieces[:-1:2], _ = change.batch(pieces[:-1:2], rng)
    return pieces


def release(folder: Path, selection: Selection, target: Path) -> None:
    """Write ``target``, its card and its float weights from a training folder and the data it heard."""
    model, settings, record = trained(folder)
    with TemporaryDirectory() as scratch:
        whole = Path(scratch) / "whole.tflite"
        ptq.quantise(model, tcn.size_of(settings.size), calibration_pieces(selection, settings), whole)
        to_streaming(whole, target)
    told = {
        "size": settings.size,
        "lookahead_ms": settings.lookahead_ms,
        "training": {key: record[key] for key in record if key not in ("data", "sounds")},
        "quantisation": "post-training, int8 weights per channel, int8 activations per tensor",
        "data": record["data"],
        "sounds": record["sounds"],
        "licences": sorted({row["licence"] for row in [*record["data"]["train"], *record["sounds"]]}),
        "split": SPLIT,
    }
    weights = target.with_name(f"{target.stem}.{float_weights.FILE}")
    shutil.copyfile(folder / float_weights.FILE, weights)
    written = card.write(target, target.stem, told)
    told["metrics"] = {
        "float": evaluate.card_metrics(
            lambda mels: logits_of(model, mels), selection.corpora[0], settings.lookahead_ms
        ),
        "int8": evaluate.card_metrics(target, selection.corpora[0], settings.lookahead_ms),
    }
    card.write(target, target.stem, told)
    print(f"wrote {target}, {written.name} and {weights.name}")


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m mandible.quantize.release", description=__doc__)
    parser.add_argument("trained", type=Path, help="folder that `mandible train` left")
    parser.add_argument("--corpus", type=Path, required=True, help="corpus directory")
    parser.add_argument("-o", dest="target", type=Path, required=True, help="the .tflite file to write")
    args = parser.parse_args(arguments)
    try:
        release(args.trained, Selection((args.corpus,)), args.target)
    except MandibleError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
