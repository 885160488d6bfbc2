"""Turn a Keras file into a float ``.tflite``, running none of the code that such a file can carry.

A Keras file may hold Lambda layers and classes of its own, which loading would execute: the layers' classes
are looked at first, and only those of the family pass.
"""

from __future__ import annotations

import importlib
import json
import logging
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from mandible.device.frames import MEL_BANDS
from mandible.errors import DeviceError, InputError
from mandible.models.tcn import keras
from mandible.small_file import read_small
from mandible.wording import shortened

MOST_BYTES = 64 << 20
MOST_CONFIG_BYTES = 4 << 20
# Long enough that no dilation exceeds it, short enough that converting stays quick.
SEQUENCE_HOPS = 300
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
_ZIP_MARK = b"PK"
_METADATA, _CONFIG = "metadata.json", "config.json"


def as_tflite(path: Path) -> tuple[bytes, list[str]]:
    """Return a Keras model as a float whole-sequence ``.tflite``, and the names of its outputs.

    Raises:
        InputError: the file is damaged, holds a layer that the family lacks, or cannot be converted.
        DeviceError: TensorFlow is not installed.
    """
    try:
        keras()  # TensorFlow must be there, and set up for the older Keras that training uses
    except DeviceError:
        raise DeviceError(
            f"{path}: a Keras file is read with TensorFlow; in mandible's source folder: pip install -e "
            "'.[train]', or give the model as a float .tflite or as weights of `mandible train` (.float.npz)"
        ) from None
    data = read_small(path, MOST_BYTES)
    is_zip = data.startswith(_ZIP_MARK)
    _check_layers(_json_of_zip(path, _CONFIG) if is_zip else _config_of_hdf5(path), path)
    package = _package(path) if is_zip else "tf_keras"
    loader = importlib.import_module(package)
    # The older format knows no such argument; there the list of layers alone keeps code out.
    safe = {"safe_mode": True} if is_zip else {}
    try:
        model = loader.models.load_model(path, compile=False, **safe)
    except Exception as error:  # Keras raises whatever a damaged file makes its code stumble on
        raise InputError(
            f"{path}: {package} {loader.__version__} cannot read it ({_first_line(error)}); "
            "save it anew with that version"
        ) from None
    _check_interface(model, path)
    return _converted(model, path), [str(name) for name in model.output_names]


def _package(path: Path) -> str:
    """Return which of the two Keras packages wrote a file; both come with the ``train`` extra."""
    told = _json_of_zip(path, _METADATA)
    version = told.get("keras_version") if isinstance(told, dict) else None
    return "keras" if isinstance(version, str) and version.startswith("3") else "tf_keras"


def _json_of_zip(path: Path, name: str) -> Any:
    try:
        with ZipFile(path) as file, file.open(name) as stream:
            text = stream.read(MOST_CONFIG_BYTES + 1)
        if len(text) > MOST_CONFIG_BYTES:
            raise InputError(f"{path}: its {name} is larger than any of ours; not a Keras model")
        return json.loads(text)
    except (BadZipFile, KeyError, OSError, EOFError, ValueError, RecursionError, RuntimeError) as error:
        raise _damaged(path, error) from None


def _config_of_hdf5(path: Path) -> Any:
    h5py = importlib.import_module("h5py")  # comes with TensorFlow

    try:
        with h5py.File(path, "r") as file:
            text = file.attrs.get("model_config")
        if text is None:
            raise InputError(f"{path}: holds weights without a model; save the whole model")
        return json.loads(text)
    except (OSError, ValueError, RecursionError, RuntimeError, KeyError) as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: BaseException) -> InputError:
    return InputError(f"{path}: truncated or damaged Keras file ({_first_line(error)}); save it again")


def _check_layers(config: Any, path: Path) -> None:
    """Refuse whatever a loader would make, import or call besides the layers of the family."""
    waiting = [config]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            waiting += node.values()
            refused = _refused(node)
            if refused:
                raise InputError(
                    f"{path}: {refused} is none of the family; ours are {', '.join(LAYERS[1:8])}"
                )


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


def _check_interface(model: Any, path: Path) -> None:
    shape = model.input_shape
    if isinstance(shape, list) or len(shape) != 4 or shape[2] != 1 or shape[3] != MEL_BANDS:
        raise InputError(
            f"{path}: its input is {shape}, not (batch, hops, 1, {MEL_BANDS}); see docs/models.md"
        )


def _converted(model: Any, path: Path) -> bytes:
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    hops = model.input_shape[1] or SEQUENCE_HOPS
    logging.getLogger("absl").setLevel(logging.ERROR)
    tf.get_logger().setLevel("ERROR")
    try:
        called = tf.function(lambda mels: model(mels, training=False))
        concrete = called.get_concrete_function(tf.TensorSpec((1, hops, 1, MEL_BANDS), tf.float32))
        # The newer Keras keeps its variables where the converter does not find them.
        frozen = convert_variables_to_constants_v2(concrete)
        converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
        return bytes(converter.convert())
    except Exception as error:  # the converter's errors have no common class
        raise InputError(f"{path}: TensorFlow cannot convert it ({_first_line(error)})") from None


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return shortened(lines[0], 120) if lines else type(error).__name__
