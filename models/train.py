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
from mandible.models import augment, corpus, dataset, tcn
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


def trained(folder: Path) -> tuple[Any, Settings, dict[str, Any]]:
    """Return the float network, its settings and the record in a folder that training left."""
    weights, record_file = folder / "float.h5", folder / "training.json"
    if not weights.exists() or not record_file.exists():
        raise InputError(f"{folder}: float.h5 and training.json are missing; train first")
    record = json.loads(record_file.read_text(encoding="utf-8"))
    settings = Settings(**record["settings"])
    model = tcn.build(tcn.size_of(settings.size))
    model.load_weights(weights)
    return model, settings, record


def train(directory: Path, settings: Settings, out: Path, start: Path | None = None) -> None:
    """Train on a corpus directory and write the result into the folder ``out``.

    With ``start``, a folder that an earlier training left, its network learns on.
    """
    model, earlier = None, None
    if start is not None:
        model, earlier_settings, record = trained(start)
        if earlier_settings.size != settings.size:
            raise InputError(f"{start}: its network is {earlier_settings.size}, not {settings.size}")
        earlier = {key: record[key] for key in ("settings", "history")}
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
        lambda best: save_weights(best, out / "float.h5"),
        model,
    )
    record = {
        "settings": settings.described(),
        "data": {"train": described(learn), "dev": described(dev)},
        "sounds": augment.sound_credits(directory),
        "history": history,
        "continued_from": earlier,
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
    parser.add_argument("--learning-rate", type=float, default=Settings.learning_rate)
    parser.add_argument("--start", type=Path, help="folder of an earlier training to continue")
    parser.add_argument("-o", dest="out", type=Path, required=True, help="folder for the result")
    args = parser.parse_args(arguments)
    try:
        settings = Settings(
            size=args.size, epochs=args.epochs, seed=args.seed, learning_rate=args.learning_rate
        )
        train(args.corpus, settings, args.out, args.start)
    except MandibleError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
