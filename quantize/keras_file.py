"""Turn a Keras file into a float ``.tflite``, running none of the code that such a file can carry.

A Keras file may hold Lambda layers and classes of its own, which loading would execute: the layers' classes
are looked at first, and only those of the family pass.
"""

from __future__ import annotations

import importlib
import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mandible.device.frames import MEL_BANDS
from mandible.errors import DeviceError, InputError
from mandible.models.tcn import keras
from mandible.quantize.keras_check import check_hdf5, check_zip, first_line
from mandible.small_file import read_small

MOST_BYTES = 64 << 20
# Long enough that no dilation exceeds it, short enough that converting stays quick.
SEQUENCE_HOPS = 300
ZIP_SUFFIX = ".keras"


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
    is_zip = path.suffix == ZIP_SUFFIX
    if is_zip:
        package = check_zip(data, path)
    else:
        check_hdf5(data, path)
        package = "tf_keras"
    loader = importlib.import_module(package)
    model = _loaded(loader, data, is_zip, path)
    _check_interface(model, path)
    # Only a network of several outputs needs names for them; a Sequential has one and tells none.
    return _converted(model, path), [str(name) for name in getattr(model, "output_names", ["logits"])]


def _loaded(loader: Any, data: bytes, is_zip: bool, path: Path) -> Any:
    # The older format knows no such argument; there the list of layers alone keeps code out.
    safe = {"safe_mode": True} if is_zip else {}
    with TemporaryDirectory() as folder:
        # The bytes that were checked, and no others.
        copy = Path(folder) / f"model{ZIP_SUFFIX if is_zip else '.h5'}"
        copy.write_bytes(data)
        try:
            return loader.models.load_model(copy, compile=False, **safe)
        except Exception as error:  # Keras raises whatever a damaged file makes its code stumble on
            raise InputError(
                f"{path}: {loader.__name__} {loader.__version__} cannot read it ({first_line(error)}); "
                "save it anew with that version"
            ) from None


def _check_interface(model: Any, path: Path) -> None:
    try:
        shape = model.input_shape
    except AttributeError:
        raise InputError(f"{path}: its input has no shape; give the model an Input layer") from None
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
        raise InputError(f"{path}: TensorFlow cannot convert it ({first_line(error)})") from None
