"""What is looked at before a Keras file is loaded: nothing that Keras would run, fetch or blow up passes.

Keras chooses by a file's ending what it reads, and two formats can share one file; so each ending takes its
own format alone. Weights in HDF5 may lie in other files, follow links, or unpack to any size: none of that
passes.
"""

from __future__ import annotations

import importlib
import json
import lzma
import math
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

from mandible.errors import InputError
from mandible.models.network_interface import MAX_CHANNELS, MAX_LAYERS
from mandible.wording import shortened

MOST_CONFIG_BYTES = 4 << 20
MOST_WEIGHT_BYTES = 64 << 20
MOST_HDF5_OBJECTS = 20_000
# Of a configuration: the longest sequence is ten minutes, everything else is smaller.
LARGEST_NUMBER = 60_000
CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
LAYERS = (
    "InputLayer", "ZeroPadding2D", "Conv2D", "DepthwiseConv2D", "BatchNormalization", "ReLU", "Activation",
    "Add", "Dropout", "SpatialDropout2D", "Functional", "Model", "Sequential",
)  # fmt: skip
# What else has a class in a file: how weights began, what type they are, how tensors are wired.
_SETTINGS = (
    "Zeros", "Ones", "Constant", "GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal", "LecunNormal",
    "LecunUniform", "RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling", "Orthogonal",
    "L1", "L2", "L1L2", "DTypePolicy", "Policy", "__keras_tensor__",
)  # fmt: skip
_MODULES = ("keras", "tf_keras", "builtins")
_ACTIVATIONS = ("relu", "relu6", "linear")
# Numbers that may be of any size: they set no size.
_LARGE = ("seed", "shared_object_id")
_MODELS = ("Functional", "Model", "Sequential")
_ZIP_MARK, _HDF5_MARK = b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"
# How the libraries say that a file is broken.
_DAMAGE = (
    zipfile.BadZipFile, KeyError, OSError, EOFError, ValueError, TypeError, RecursionError, RuntimeError,
    NotImplementedError, zlib.error, lzma.LZMAError,
)  # fmt: skip


def check_zip(data: bytes, path: Path) -> str:
    """Check a ``.keras`` file; return which Keras package wrote it.

    Raises:
        InputError: it is damaged, of another format, too large, or holds what the family does not.
    """
    if not data.startswith(_ZIP_MARK) or _has_hdf5(data):
        raise InputError(f"{path}: not a file of Keras' own format; save the model again as .keras")
    try:
        with zipfile.ZipFile(BytesIO(data)) as file:
            names = file.namelist()
            if sorted(names) != sorted((CONFIG, METADATA, WEIGHTS)):
                raise InputError(
                    f"{path}: holds {shortened(', '.join(names), 80)} instead of {CONFIG}, {METADATA} and "
                    f"{WEIGHTS}; save the model again"
                )
            config, metadata = (
                json.loads(_read(file, name, MOST_CONFIG_BYTES, path)) for name in (CONFIG, METADATA)
            )
            weights = _read(file, WEIGHTS, MOST_WEIGHT_BYTES, path)
    except _DAMAGE as error:
        raise damaged(path, error) from None
    _check_config(config, path)
    _check_hdf5(weights, path)
    version = metadata.get("keras_version") if isinstance(metadata, dict) else None
    return "keras" if isinstance(version, str) and version.startswith("3") else "tf_keras"


def check_hdf5(data: bytes, path: Path) -> None:
    """Check an ``.h5`` file of a whole model; raises InputError as ``check_zip`` does."""
    if not data.startswith(_HDF5_MARK) or zipfile.is_zipfile(BytesIO(data)):
        raise InputError(f"{path}: not an HDF5 file; a model in Keras' newer format is called .keras")
    _check_hdf5(data, path)
    h5py = importlib.import_module("h5py")  # comes with TensorFlow
    try:
        with h5py.File(BytesIO(data), "r") as file:
            text = file.attrs.get("model_config")
        if text is None:
            raise InputError(f"{path}: holds weights without a model; save the whole model")
        if not isinstance(text, (str, bytes)) or len(text) > MOST_CONFIG_BYTES:
            raise InputError(f"{path}: its model_config is no text of a model; save it again")
        config = json.loads(text)
    except _DAMAGE as error:
        raise damaged(path, error) from None
    _check_config(config, path)


def damaged(path: Path, error: BaseException) -> InputError:
    """Return the complaint about a file that a library could not read."""
    return InputError(f"{path}: truncated or damaged Keras file ({first_line(error)}); save it again")


def first_line(error: BaseException) -> str:
    """Return what a library said, short."""
    lines = str(error).strip().splitlines()
    return shortened(lines[0], 120) if lines else type(error).__name__


def _has_hdf5(data: bytes) -> bool:
    """Tell whether HDF5's library would find its format: at the beginning, at byte 512, 1024, 2048, …"""
    place = 512
    while place < len(data):
        if data.startswith(_HDF5_MARK, place):
            return True
        place *= 2
    return data.startswith(_HDF5_MARK)


def _read(file: zipfile.ZipFile, name: str, most_bytes: int, path: Path) -> bytes:
    with file.open(name) as stream:
        content = stream.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise InputError(f"{path}: its {name} is larger than any of ours; not a model of the family")
    return content


def _check_hdf5(data: bytes, path: Path) -> None:
    h5py = importlib.import_module("h5py")
    try:
        with h5py.File(BytesIO(data), "r") as file:
            _walk(file, h5py, path)
    except _DAMAGE as error:
        raise damaged(path, error) from None


def _walk(file: Any, h5py: Any, path: Path) -> None:
    waiting, seen, weight_bytes = [file], 0, 0
    while waiting:
        group = waiting.pop()
        for name in group:
            seen += 1
            if seen > MOST_HDF5_OBJECTS:
                raise InputError(f"{path}: has more parts than any of ours; not a model of the family")
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise InputError(f"{path}: {shortened(name)!r} in it leads elsewhere; save the model again")
            part = group[name]
            if isinstance(part, h5py.Group):
                waiting.append(part)
                continue
            if not isinstance(part, h5py.Dataset) or part.external or part.is_virtual:
                raise InputError(
                    f"{path}: the data of {shortened(name)!r} lie in another file; save the model again"
                )
            weight_bytes += part.size * part.dtype.itemsize
            if weight_bytes > MOST_WEIGHT_BYTES:
                raise InputError(
                    f"{path}: its weights are larger than any of ours; not a model of the family"
                )


def _check_config(config: Any, path: Path) -> None:
    """Refuse what a loader would make, import or call besides the layers of the family, and giants."""
    if not isinstance(config, dict) or config.get("class_name") not in _MODELS:
        raise InputError(f"{path}: holds no model but something else; save the whole model")
    waiting: list[Any] = [config]
    layers, weights, channels = 0, 0, MAX_CHANNELS
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            waiting += [value for key, value in node.items() if key not in _LARGE]
            refused = _refused(node)
            if refused:
                raise InputError(
                    f"{path}: {refused} is none of the family; ours are {', '.join(LAYERS[1:8])}"
                )
            layers += node.get("class_name") in LAYERS
            weights += _kernel_size(node)
        elif isinstance(node, (int, float)) and not abs(node) <= LARGEST_NUMBER:
            raise InputError(
                f"{path}: the number {node} in it is larger than any of ours; not a model of the family"
            )
    # An input has at most as many channels as a layer may have.
    if layers > 8 * MAX_LAYERS or weights * channels * 4 > 16 * MOST_WEIGHT_BYTES:
        raise InputError(f"{path}: its layers are larger than any of ours; not a model of the family")


def _kernel_size(node: dict[str, Any]) -> int:
    """Return kernel length times outputs of a layer; 0 of what is none, a giant's for what is no size."""
    kernel, filters = node.get("kernel_size"), node.get("filters", 1)
    if kernel is None:
        return 0
    sides = kernel if isinstance(kernel, list) else [kernel]
    if not all(isinstance(size, int) for size in (*sides, filters)) or filters > MAX_CHANNELS:
        return LARGEST_NUMBER**2
    return abs(int(math.prod(sides)) * int(filters))


def _refused(node: dict[str, Any]) -> str | None:
    """Return what of one entry is not allowed, in words; None where all is."""
    module, kind, inner = node.get("module"), node.get("class_name"), node.get("config")
    if isinstance(module, str) and module.split(".")[0] not in _MODULES:
        return f"module {shortened(module)!r}"
    if kind is None or (isinstance(kind, str) and kind in (*LAYERS, *_SETTINGS)):
        return None
    if kind == "function" and inner in _ACTIVATIONS:
        return None
    name = inner.get("name", "") if isinstance(inner, dict) else ""
    return f"layer {shortened(str(name))!r} ({shortened(str(kind))})"
