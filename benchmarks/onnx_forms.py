"""Tells how close exported ONNX is to our exact engines: ``python -m mandible.benchmarks.onnx_forms CORPUS``.

Prints the table of docs/export-onnx.md, measured in ONNX Runtime on recordings of a corpus's test split.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mandible.device.engines.base import Engine
from mandible.device.engines.c import CEngine
from mandible.models import network, released
from mandible.models.network import Network
from mandible.quantize.onnx_export import OnnxRunner, exact, int8
from mandible.quantize.parity.accuracy import held_out
from mandible.quantize.parity.engine import Hops

MODELS = ("nano", "small", "base")
# form -> (what writes it, whether ONNX Runtime may fuse layers)
FORMS: dict[str, tuple[Callable[[Network], bytes], bool]] = {
    "`int8`": (int8, True),
    "`int8 --symmetric`": (partial(int8, symmetric=True), True),
    "the same, nothing fused": (partial(int8, symmetric=True), False),
    "`exact`": (exact, True),
}


def main() -> None:
    """Measure every form of every model, a row of Markdown each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("corpus", type=Path, help="a corpus, see docs/labels.md")
    parser.add_argument("--recordings", type=int, default=49, help="most recordings (default 49)")
    parser.add_argument("--hops", type=int, default=20_000, help="most hops (default 20000)")
    args = parser.parse_args()
    recordings = held_out(args.corpus, [], args.recordings, lookahead_ms=0)
    hops = np.concatenate([one.mels for one in recordings])[: args.hops]
    print(f"{len(hops):,} hops of {len(recordings)} recordings\n")
    print("| form | model | logits that differ | largest difference | same strongest viseme | bytes |")
    print("|---|---|---|---|---|---|")
    for form, (write, fuses) in FORMS.items():
        for name in MODELS:
            found = network.load(released.resolve(name).path)
            content = write(found)
            print(_row(form, name, content, _logits(OnnxRunner(content, fuses=fuses), hops),
                       _logits(CEngine(found), hops)), flush=True)  # fmt: skip


def _logits(engine: Engine | OnnxRunner, hops: Hops) -> NDArray[np.int64]:
    return np.array([engine.step(hop) for hop in hops], np.int64)


def _row(form: str, name: str, content: bytes, made: NDArray[np.int64], exactly: NDArray[np.int64]) -> str:
    steps = np.abs(made - exactly)
    largest = int(steps.max())
    often = f"{largest} ({np.count_nonzero(steps == largest):,} of {steps.size:,} logits)" if largest else "0"
    agreement = np.mean(made.argmax(1) == exactly.argmax(1))
    return f"| {form} | `{name}` | {np.mean(steps > 0):.2%} | {often} | {agreement:.2%} | {len(content):,} |"


if __name__ == "__main__":
    main()
