"""Weights of float networks on disk: an ``.npz`` that needs no TensorFlow to read."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mandible.errors import InputError

RELEASED = Path(__file__).parent / "released"
FILE = "float.npz"
Weights = list[NDArray[np.float32]]


def save(model: Any, path: Path, kind: DTypeLike = np.float32) -> None:
    """Write the weights of a Keras network in its own order, never half a file."""
    arrays = {
        f"{number:03d} {variable.name}": value.astype(kind)
        for number, (variable, value) in enumerate(zip(model.weights, model.get_weights(), strict=True))
    }
    partial = path.with_name(f"partial-{path.name}")
    with partial.open("wb") as stream:
        np.savez_compressed(stream, **arrays)
    partial.replace(path)


def load(path: Path) -> Weights:
    """Return the weights that ``save`` wrote; raises InputError for a file that holds none."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            return [stored[name].astype(np.float32) for name in sorted(stored.files)]
    except FileNotFoundError:
        raise InputError(f"{path}: no such weights") from None
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise InputError(f"{path}: not a file of float weights ({error})") from None


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
    if released.is_file():
        return released
    path = Path(name_or_path)
    path = path / FILE if path.is_dir() else path
    if not path.is_file():
        known = ", ".join(sorted(file.name.removesuffix(f".{FILE}") for file in RELEASED.glob(f"*.{FILE}")))
        raise InputError(
            f"{path}: no float weights there; name a training folder or a released model ({known})"
        )
    return path


def sha256_of(path: Path) -> str:
    """Return the checksum by which a record names a weights file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
