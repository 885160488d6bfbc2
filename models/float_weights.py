"""Weights of float networks on disk: an ``.npz`` that needs no TensorFlow to read."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mandible.errors import InputError
from mandible.models import array_file
from mandible.models.array_file import DamagedError
from mandible.small_file import exists, is_file, read_small
from mandible.wording import shortened

RELEASED = Path(__file__).parent / "released"
FILE = "float.npz"
# Many times the teacher's.
MOST_BYTES = 64 << 20
_KINDS = ("<f4", "<f2")
Weights = list[NDArray[np.float32]]


def save(model: Any, path: Path, kind: DTypeLike = np.float32) -> None:
    """Write the weights of a Keras network in its own order, never half a file."""
    arrays = {
        f"{number:03d} {variable.name}": value.astype(kind)
        for number, (variable, value) in enumerate(zip(model.weights, model.get_weights(), strict=True))
    }
    array_file.write(path, arrays, compressed=True)


def load(path: Path) -> Weights:
    """Return the weights that ``save`` wrote; raises InputError for a file that holds none."""
    try:
        stored = array_file.read(path, _KINDS, MOST_BYTES)
    except FileNotFoundError:
        raise InputError(f"{path}: no such weights") from None
    except (OSError, ValueError, DamagedError) as error:
        raise InputError(f"{path}: not a file of float weights ({shortened(str(error))})") from None
    return [stored[name].astype(np.float32) for name in sorted(stored)]


def put(weights: Weights, model: Any, path: Path) -> None:
    """Give a Keras network the weights read from ``path``; raises InputError where they do not fit."""
    expected = [tuple(variable.shape) for variable in model.weights]
    if [weight.shape for weight in weights] != expected:
        raise InputError(f"{path}: these weights belong to a network of another size")
    if not all(np.isfinite(weight).all() for weight in weights):
        raise InputError(f"{path}: holds weights that are no finite numbers")
    model.set_weights(weights)


def find(name_or_path: str) -> Path:
    """Return the weights file that a released model's name, a training folder or a path means."""
    released = RELEASED / f"{name_or_path}.{FILE}"
    if is_file(released):
        return released
    path = Path(name_or_path)
    path = path / FILE if exists(path) and path.is_dir() else path
    if not is_file(path):
        known = ", ".join(sorted(file.name.removesuffix(f".{FILE}") for file in RELEASED.glob(f"*.{FILE}")))
        raise InputError(
            f"{path}: no float weights there; name a training folder or a released model ({known})"
        )
    return path


def sha256_of(path: Path) -> str:
    """Return the checksum by which a record names a weights file; raises InputError for none."""
    return hashlib.sha256(read_small(path, MOST_BYTES)).hexdigest()


def released_with(sha256: str) -> Path:
    """Return the released weights that a card names by checksum; raises InputError where there are none."""
    for path in sorted(RELEASED.glob(f"*.{FILE}")):
        if sha256_of(path) == sha256:
            return path
    raise InputError(f"no released weights have the checksum {sha256[:12]}… that the card names")
