"""The float network that every recipe starts from, whatever kind of file it came in.

A released name, a folder that ``mandible train`` left, its ``.float.npz`` and a float whole-sequence
``.tflite`` are read without TensorFlow; a Keras file needs it (the ``train`` extra).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import MEL_BANDS
from mandible.errors import InputError
from mandible.models import float_weights, released
from mandible.models.heads import Head
from mandible.models.settings import Settings, from_record
from mandible.models.tcn import INPUT_STEPS
from mandible.models.tflite_file import read_bytes
from mandible.quantize import float_tflite, folding
from mandible.quantize.float_layers import FloatAdd, FloatLayer, Floats, computed, sources
from mandible.small_file import exists, is_file

KERAS_SUFFIXES = (".keras", ".h5", ".hdf5")
TFLITE_SUFFIX = ".tflite"
WEIGHTS_SUFFIX = ".npz"
# How much of a recording is computed at a time, so that an hour of it fits into memory.
PIECE_HOPS = 3000


@dataclass(frozen=True, slots=True, eq=False)
class FloatModel:
    """A checked float network of the family, batch normalisation folded.

    Attributes:
        layers: in execution order; ``layers[i]`` computes value i + 1, value 0 is features / 32.
        logits_value: number of the value that is the 15 logits.
        heads: auxiliary outputs.
        name: of the file, or of the released model.
        lookahead_ms: how much later than the sound the logits describe it.
        card: what is known of its training; empty where nothing is.
    """

    layers: tuple[FloatLayer, ...]
    logits_value: int
    heads: tuple[Head, ...] = ()
    name: str = "model"
    lookahead_ms: int = released.DEFAULT_LOOKAHEAD_MS
    card: dict[str, Any] = field(default_factory=dict)

    @property
    def outputs(self) -> tuple[int, ...]:
        """Numbers of the values a file of this network puts out, the logits first."""
        return (self.logits_value, *(head.value for head in self.heads))

    @property
    def value_names(self) -> tuple[str, ...]:
        """The name of every value: ``mel``, then the layers'."""
        return ("mel", *(layer.name for layer in self.layers))

    @property
    def parameters(self) -> int:
        """Number of weights and biases."""
        weighted = (layer for layer in self.layers if not isinstance(layer, FloatAdd))
        return sum(layer.weights.size + layer.bias.size for layer in weighted)

    @property
    def reach_hops(self) -> int:
        """How many hops back an output depends on its input."""
        reach = [0]
        for layer in self.layers:
            reach.append(max(reach[number] for number in sources(layer)) + getattr(layer, "ring_frames", 0))
        return max(reach)

    def values(self, mels: NDArray[np.int8]) -> list[Floats]:
        """Return every value on (n, 40) int8 features from silence on: (n, channels) float32 each."""
        check_features(mels)
        values: list[Floats] = [mels.astype(np.float32) / np.float32(INPUT_STEPS)]
        for layer in self.layers:
            values.append(computed(layer, values))
        return values

    def run(self, mels: NDArray[np.int8]) -> Floats:
        """(n, 40) int8 features of a whole recording -> (n, 15) float logits."""
        check_features(mels)
        logits = [np.empty((0, self.layers[self.logits_value - 1].channels), np.float32)]
        # From the second piece on, what lies before the kept part stands for the network's memory.
        for start in range(0, len(mels), PIECE_HOPS):
            before = min(start, self.reach_hops)
            piece = mels[start - before : start + PIECE_HOPS]
            logits.append(self.values(piece)[self.logits_value][before:])
        return np.concatenate(logits)


def check_features(mels: NDArray[np.int8]) -> None:
    """Raise ValueError unless ``mels`` are the features of several hops."""
    if mels.ndim != 2 or mels.shape[1] != MEL_BANDS or mels.dtype != np.int8:
        raise ValueError(f"features are (n, {MEL_BANDS}) int8, got {mels.dtype}{list(mels.shape)}")


def load(name_or_path: str | Path) -> FloatModel:
    """Return the float network of that name or at that path.

    Raises:
        InputError: there is none, or it is damaged, or of another family; one line with file, operator, fix.
        DeviceError: it is a Keras file and TensorFlow is not installed.
    """
    path = Path(name_or_path)
    if str(name_or_path) in released.names():
        return _of_weights(float_weights.find(str(name_or_path)))
    if exists(path) and path.is_dir():
        return _of_training(path)
    if not is_file(path):
        known = ", ".join(released.names())
        raise InputError(f"{path}: no such model; name a released one ({known}), a file or a training folder")
    suffix = path.suffix.lower()
    if suffix in KERAS_SUFFIXES:
        return _of_keras(path)
    if suffix == TFLITE_SUFFIX:
        return _of_tflite(path, read_bytes(path))
    if suffix == WEIGHTS_SUFFIX:
        return _of_weights(path)
    raise InputError(
        f"{path}: a float model ends in {', '.join(KERAS_SUFFIXES)}, {TFLITE_SUFFIX} or {WEIGHTS_SUFFIX}; "
        "rename it if it is one of these"
    )


def _of_weights(path: Path) -> FloatModel:
    layers = folding.layers_of(path)
    name = path.name.removesuffix(f".{float_weights.FILE}").removesuffix(WEIGHTS_SUFFIX)
    card = released.card_path(path.with_name(name + TFLITE_SUFFIX))
    return _with_card(FloatModel(layers, len(layers), name=name), card)


def _of_training(folder: Path) -> FloatModel:
    # Imported here: only a training needs it, and it needs half of the package.
    from mandible.models import training_record

    record_file = folder / training_record.RECORD
    if not is_file(folder / float_weights.FILE) or not is_file(record_file):
        raise InputError(
            f"{folder}: {float_weights.FILE} and {training_record.RECORD} are missing; name the folder of a "
            "finished training, or a file"
        )
    record = training_record.read(record_file, "settings")
    settings: Settings = from_record(record["settings"], str(record_file))
    if settings.is_teacher:
        raise InputError(f"{folder}: a teacher hears ahead and cannot stream; name another training")
    layers = folding.layers_of(folder / float_weights.FILE)
    kept = {key: record[key] for key in ("settings", "start_sha256", "teacher_sha256") if key in record}
    told: dict[str, Any] = {"size": settings.size, "training": kept}
    told |= {key: record[key] for key in ("data", "sounds") if key in record}
    return FloatModel(
        layers, len(layers), name=folder.resolve().name, lookahead_ms=settings.lookahead_ms, card=told
    )


def _of_tflite(path: Path, data: bytes) -> FloatModel:
    found = float_tflite.layers_of(data, path)
    model = FloatModel(found.layers, found.logits_value, found.heads, path.stem)
    return _with_card(model, released.card_path(path))


def _of_keras(path: Path) -> FloatModel:
    from mandible.quantize import keras_file

    data, output_names = keras_file.as_tflite(path)
    found = float_tflite.layers_of(data, path, output_names)
    model = FloatModel(found.layers, found.logits_value, found.heads, path.stem)
    return _with_card(model, released.card_path(path))


def _with_card(model: FloatModel, place: Path) -> FloatModel:
    """Add what a card beside the file tells of the float network."""
    if not exists(place):
        return model
    card = released.read_card(place)
    told: dict[str, Any] = {
        key: card[key] for key in ("size", "training", "data", "sounds", "licences") if key in card
    }
    return FloatModel(
        model.layers, model.logits_value, model.heads, card["name"], card["lookahead_ms"], card=told
    )
