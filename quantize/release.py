"""``python -m mandible.quantize.release TRAINED --corpus DIR -o small.tflite``: from weights to a release.

Quantises what ``mandible train`` left in the folder TRAINED, turns it into the streaming form, measures
both the float and the int8 network on unseen speakers, and writes beside the model its card and its float
weights, which others can begin with. Without TRAINED it only measures again the release that ``-o`` names,
as a card needs after a change of the decoder.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mandible.errors import InputError, MandibleError
from mandible.models import (
    card,
    dataset,
    evaluate,
    float_weights,
    released,
    takes_cache,
    training,
    training_record,
)
from mandible.models.augment.chunks import ChunkAugmenter
from mandible.models.released import card_path
from mandible.models.settings import Settings, from_record
from mandible.models.train import Selection, selected, trained
from mandible.quantize import ai_edge, float_model, ptq, ranges, separation
from mandible.quantize.streaming import streaming_bytes
from mandible.whole_file import written

CALIBRATION_UTTERANCES = 200
CALIBRATION_CHUNKS = 150
CALIBRATION_HOPS = 300
# Less than the recipe's: half of these pieces are noisy, and their rarest values are not speech's.
RANGE_SHARE = 0.999
# What a card does not repeat of a training record: it tells the data by the hashes of its sources.
_NOT_OF_TRAINING = ("data", "sounds", training_record.LEARNED_FROM)


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


def release(folder: Path, corpora: Sequence[Path], target: Path) -> None:
    """Write ``target``, its card and its float weights from a training folder and the corpora it heard.

    The card comes last: where there is one, the release is whole.

    Raises:
        InputError: the folder is damaged or of a teacher, the corpora are others than it learned from or too
            short, a speaker of a test set was learned from, or a file cannot be written.
    """
    model, settings, _ = trained(folder)
    place = folder / training_record.RECORD
    record = training_record.read(place, "settings", "history", "data", "sounds")
    if settings.is_teacher:
        raise InputError(f"{folder}: a teacher hears ahead and cannot be released; name another training")
    selection = selected(corpora, record, place)
    split = _split(folder, selection, record)
    told = {
        "size": settings.size,
        "lookahead_ms": settings.lookahead_ms,
        "training": {key: record[key] for key in record if key not in _NOT_OF_TRAINING},
        "quantisation": "post-training, int8 weights per channel, int8 activations per tensor, ranges of "
        f"{RANGE_SHARE:.1%} of the values",
        "data": record["data"],
        "sounds": record["sounds"],
        "licences": sorted({row["licence"] for row in [*record["data"]["train"], *record["sounds"]]}),
        "split": split,
    }
    weights = target.with_name(f"{target.stem}.{float_weights.FILE}")
    with written(target) as partial:
        exact = float_model.load(folder)
        found = ranges.observed(exact, calibration_pieces(selection, settings), RANGE_SHARE)
        partial.write_bytes(streaming_bytes(ai_edge.int8(exact, found), target))
        told["metrics"] = _metrics(model, partial, corpora, settings.lookahead_ms)
        with written(weights) as copy:
            shutil.copyfile(folder / float_weights.FILE, copy)
    print(f"wrote {target}, {card.write(target, target.stem, told).name} and {weights.name}")


def is_whole(target: Path) -> bool:
    """Tell whether ``release`` came to its end: the card is of this model and has its figures."""
    try:
        return "metrics" in released.resolve(target).card
    except InputError:
        return False


def _split(folder: Path, selection: Selection, record: dict[str, Any]) -> str:
    """Return in words how speakers were kept apart; raises InputError where they were not."""
    learn, dev = selection.utterances("train"), selection.utterances("dev")
    heard = record.get(training_record.LEARNED_FROM)  # not in records of earlier versions
    if isinstance(heard, dict) and (heard.get("train"), heard.get("dev")) != (
        takes_cache.key(learn),
        takes_cache.key(dev),
    ):
        raise InputError(f"{folder}: learned from other recordings; give the --corpus of its training")
    tests = [one for name, some in _sets(selection.corpora).items() if name != evaluate.DEV for one in some]
    return separation.described(learn, dev, [*tests, *selection.utterances("test")])


def _sets(corpora: Sequence[Path]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for directory in corpora:
        for name, members in evaluate.card_sets(directory).items():
            found.setdefault(name, []).extend(members)
    return found


def measure_again(target: Path, corpora: Sequence[Path]) -> None:
    """Write the figures of a release anew into its card, from its own float weights and its ``.tflite``.

    Raises:
        InputError: the model, its card or its float weights are missing or damaged.
    """
    said, place = released.resolve(target).card, card_path(target).name
    asked = said.get("training")
    if not isinstance(asked, dict) or not isinstance(asked.get("settings"), dict):
        raise InputError(f"{target}: {place} with training.settings must lie beside it; release it first")
    settings = from_record(asked["settings"], place)
    weights = target.with_name(f"{target.stem}.{float_weights.FILE}")
    model = training.build(replace(settings, precision="float32"))
    float_weights.put(float_weights.load(weights), model, weights)
    metrics = _metrics(model, target, corpora, settings.lookahead_ms)
    print(f"wrote {card.write(target, target.stem, {**said, 'metrics': metrics})}")


def _metrics(model: Any, target: Path, corpora: Sequence[Path], lookahead_ms: int) -> dict[str, Any]:
    def exact(mels: NDArray[np.int8]) -> NDArray[np.float32]:
        return training.logits_of(model, mels)

    return {"float": measured(exact, corpora, lookahead_ms), "int8": measured(target, corpora, lookahead_ms)}


def measured(
    model: Path | Callable[[NDArray[np.int8]], NDArray[np.generic]],
    corpora: Sequence[Path],
    lookahead_ms: int,
) -> dict[str, Any]:
    """Return the card's metrics on each corpus; a set that several have gets their names too."""
    found: dict[str, Any] = {}
    for directory in corpora:
        for name, entry in evaluate.card_metrics(model, directory, lookahead_ms).items():
            found[name if name not in found else f"{name} {directory.resolve().name}"] = entry
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m mandible.quantize.release", description=__doc__)
    parser.add_argument("trained", type=Path, nargs="?", help="folder that `mandible train` left")
    parser.add_argument("--corpus", type=Path, nargs="+", required=True, help="those of the training")
    parser.add_argument("-o", dest="target", type=Path, required=True, help="the .tflite file to write")
    args = parser.parse_args(arguments)
    try:
        if args.trained is None:
            measure_again(args.target, args.corpus)
        else:
            release(args.trained, args.corpus, args.target)
    except MandibleError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
