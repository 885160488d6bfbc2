"""What is measured: a released model, a ``.tflite`` file, or the float network that a training left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mandible.device import engines
from mandible.device.engines.base import Engine
from mandible.errors import InputError
from mandible.models import released
from mandible.wording import shown

# (n, 40) int8 features of a whole recording -> (n, 15) logits
Network = Callable[[NDArray[np.int8]], NDArray[np.generic]]
# The step of a float network's logits when the decoder, which takes integers, hears them.
FLOAT_LOGIT_SCALE = 1 / 8


@dataclass(frozen=True)
class Subject:
    """A network ready to be measured.

    Attributes:
        name: as tables show it.
        lookahead_ms: how much later than the sound its logits describe it.
        output_scale: float value of one step of its int8 logits.
        network: runs over a whole recording from its initial state.
        engine: which engine runs it.
        sha256: of its file; empty for float weights.
    """

    name: str
    lookahead_ms: int
    output_scale: float
    network: Network
    engine: str = "float"
    sha256: str = ""


def streaming(engine: Engine) -> Network:
    """Return a function that runs an engine over a whole recording from its initial state."""

    def run(mels: NDArray[np.int8]) -> NDArray[np.generic]:
        engine.reset()
        return np.stack([engine.step(mel) for mel in mels])

    return run


def of_file(path: Path, lookahead_ms: int, engine: str | None = None) -> Subject:
    """Return a streaming ``.tflite`` whose lookahead is known, whatever card lies beside it."""
    chosen = engine or engines.default_name()
    runner = engines.create(chosen, path)
    return Subject(path.stem, lookahead_ms, runner.output_scale, streaming(runner), chosen)


def of_network(network: Network, lookahead_ms: int, name: str = "float") -> Subject:
    """Return a network that gives float logits."""
    return Subject(name, lookahead_ms, FLOAT_LOGIT_SCALE, network)


def named(name_or_path: str | Path, engine: str | None = None) -> Subject:
    """Return a released model by name, a ``.tflite`` by path, or the float network of a training folder.

    Raises:
        InputError: there is no such model, or it is damaged.
        DeviceError: the engine, or TensorFlow for a training folder, is not installed.
    """
    if str(name_or_path) not in released.names() and Path(name_or_path).is_dir():
        return _of_training(Path(name_or_path))
    file = released.resolve(name_or_path)
    chosen = engine or engines.default_name()
    runner = engines.create(chosen, file)
    return Subject(file.name, file.lookahead_ms, runner.output_scale, streaming(runner), chosen, file.sha256)


def all_named(names: Sequence[str], engine: str | None = None) -> list[Subject]:
    """Return several models, told apart by their paths where their names are the same.

    Raises:
        InputError: one of them is given twice, or see ``named``.
    """
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise InputError(f"model {shown(repeated[0])} is given twice; name it once")
    found = [named(name, engine) for name in names]
    counts = Counter(subject.name for subject in found)
    return [
        replace(subject, name=f"{subject.name} ({name})") if counts[subject.name] > 1 else subject
        for name, subject in zip(names, found, strict=True)
    ]


def _of_training(folder: Path) -> Subject:
    # Only here is TensorFlow needed, which few have.
    from mandible.models.train import trained
    from mandible.models.training import logits_for

    model, settings, _ = trained(folder)
    # The teacher hears the whole sentence and answers for the present.
    lookahead_ms = 0 if settings.is_teacher else settings.lookahead_ms
    name = f"{folder.name} (float)"
    return of_network(lambda mels: logits_for(model, mels, settings), lookahead_ms, name)
