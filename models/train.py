"""``python -m mandible.models.train --corpus DIR --size small --epochs N -o OUT``: train in floating point.

Leaves ``OUT/float.h5`` (weights), ``OUT/training.json`` (settings, seed, data, history) in the folder OUT.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from mandible.errors import InputError, MandibleError
from mandible.models import augment, corpus, dataset
from mandible.models.corpus import Utterance
from mandible.models.training import Settings, fit

# Share of the chunks cut from the clean copy; the rest comes from the copies at other rates, in rooms.
CLEAN_SHARE = 0.4
CHANGED_COPIES = 2


def described(utterances: list[Utterance]) -> list[dict[str, Any]]:
    """Return hours, speakers and licence of each source, for the card."""
    grouped: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in utterances:
        grouped[utterance.source].append(utterance)
    rows = []
    for source, members in grouped.items():
        licence = corpus.licence_of(source)
        rows.append(
            {
                "source": source,
                "hours": round(sum(member.seconds for member in members) / 3600, 3),
                "speakers": len({member.speaker for member in members}),
                "utterances": len(members),
                "licence": licence.name if licence else "unknown",
                "credit": licence.credit if licence else "",
            }
        )
    return rows


def save_weights(model: Any, path: Path) -> None:
    """Write the weights of a Keras network, never half a file."""
    partial = path.with_name(f"partial-{path.name}")
    model.save_weights(partial)
    partial.replace(path)


def train(directory: Path, settings: Settings, out: Path) -> None:
    """Train on a corpus directory and write the result into the folder ``out``."""
    learn, dev = dataset.trainable(directory, "train"), dataset.trainable(directory, "dev")
    if not learn or not dev:
        raise InputError(f"{directory}: no utterances for training and dev under an allowed licence")
    print(f"{len(learn)} utterances to learn from, {len(dev)} to choose with", flush=True)
    rng = np.random.default_rng(settings.seed)
    order = [learn[i] for i in rng.permutation(len(learn))]
    responses = augment.rooms(directory)
    copies = [dataset.assemble(order, settings.lookahead_ms)]
    for _ in range(CHANGED_COPIES):
        copies.append(
            dataset.assemble(
                order, settings.lookahead_ms, lambda utt, pcm: augment.in_a_room(utt, pcm, responses, rng)
            )
        )
    change = augment.ChunkAugmenter(augment.backgrounds(directory, order, rng), augment.rumble(rng), rng)
    shares = (CLEAN_SHARE, *[(1 - CLEAN_SHARE) / CHANGED_COPIES] * CHANGED_COPIES)
    batches = dataset.Batches(
        tuple(copies), shares, settings.chunk_hops, settings.batch_chunks, settings.unscored_hops
    )
    print(f"{len(copies[0])} hops, {batches.steps_per_epoch} steps an epoch", flush=True)
    out.mkdir(parents=True, exist_ok=True)
    _, history = fit(
        batches,
        dataset.assemble(dev, settings.lookahead_ms),
        settings,
        change,
        lambda line: print(line, flush=True),
        lambda model: save_weights(model, out / "float.h5"),
    )
    record = {
        "settings": settings.described(),
        "data": {"train": described(learn), "dev": described(dev)},
        "sounds": augment.sound_credits(directory),
        "history": history,
    }
    partial = out / "training.partial.json"
    partial.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    partial.replace(out / "training.json")


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m mandible.models.train", description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="corpus directory")
    parser.add_argument("--size", default="small", help="nano, small or base")
    parser.add_argument("--epochs", type=int, default=Settings.epochs)
    parser.add_argument("--seed", type=int, default=Settings.seed)
    parser.add_argument("-o", dest="out", type=Path, required=True, help="folder for the result")
    args = parser.parse_args(arguments)
    try:
        train(args.corpus, Settings(size=args.size, epochs=args.epochs, seed=args.seed), args.out)
    except MandibleError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
