"""Files that Keras would run, follow or choke on are refused before it sees them: needs TensorFlow."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mandible.errors import InputError
from mandible.models import tcn
from mandible.quantize import keras_file

pytestmark = pytest.mark.training


@pytest.fixture
def model() -> Any:
    layers = tcn.keras().layers
    mel = layers.Input((None, 1, 40))
    return tcn.keras().Model(mel, layers.Conv2D(15, 1)(layers.Conv2D(8, 1)(mel)))


@pytest.fixture
def evil(tmp_path: Path) -> tuple[bytes, Path]:
    """An HDF5 model whose Lambda leaves a mark, behind 512 bytes that HDF5 leaves to others; and the mark."""
    import h5py

    mark, layers = tmp_path / "ran", tcn.keras().layers
    mel = layers.Input((None, 1, 40))
    layer = layers.Lambda(lambda x, place=str(mark): (__import__("pathlib").Path(place).touch(), x)[1])
    with h5py.File(tmp_path / "evil.h5", "w", userblock_size=512) as file:
        tcn.keras().Model(mel, layers.Conv2D(15, 1)(layer(mel))).save(file)
    mark.unlink(missing_ok=True)
    return (tmp_path / "evil.h5").read_bytes(), mark


def refused(path: Path, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        keras_file.as_tflite(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", ["h5", "hdf5", "keras"])
def test_a_file_of_two_formats_is_refused(
    suffix: str, model: Any, evil: tuple[bytes, Path], tmp_path: Path
) -> None:
    code, mark = evil
    model.save(tmp_path / "clean.keras")
    clean = (tmp_path / "clean.keras").read_bytes()
    # A check that sees the zip at the front, and a loader that finds HDF5 behind it.
    both = tmp_path / f"both.{suffix}"
    both.write_bytes(clean[:4] + code[4:] + clean)
    refused(both, "not a")
    both.write_bytes(code + clean)
    refused(both, "not a")
    assert not mark.exists()


def test_the_ending_decides_about_the_format(model: Any, tmp_path: Path) -> None:
    model.save(tmp_path / "model.keras")
    model.save(tmp_path / "model.h5")
    assert keras_file.as_tflite(tmp_path / "model.keras")[0]
    assert keras_file.as_tflite(tmp_path / "model.h5")[0]
    (tmp_path / "swapped.h5").write_bytes((tmp_path / "model.keras").read_bytes())
    (tmp_path / "swapped.keras").write_bytes((tmp_path / "model.h5").read_bytes())
    refused(tmp_path / "swapped.h5", "not an HDF5 file")
    refused(tmp_path / "swapped.keras", "not a file of Keras' own format")


def outside(file: Any, name: str) -> None:
    file.create_dataset(name, (4,), "f4", external=[("/proc/self/environ", 0, 16)])


def elsewhere(file: Any, name: str) -> None:
    import h5py

    file[name] = h5py.ExternalLink("/proc/self/environ", "/x")


def unpacking(file: Any, name: str) -> None:
    file.create_dataset(name, (1500, 1 << 20), "f4", chunks=(1, 1 << 20), compression="gzip")


@pytest.mark.parametrize("suffix", ["h5", "keras"])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (outside, "lie in another file"),
        (elsewhere, "leads elsewhere"),
        (unpacking, "larger than any of ours"),
    ],
)
def test_weights_come_from_the_file_and_are_bounded(
    change: Callable[[Any, str], None], words: str, suffix: str, model: Any, tmp_path: Path
) -> None:
    import h5py

    path = tmp_path / f"model.{suffix}"
    model.save(path)
    if suffix == "h5":
        with h5py.File(path, "r+") as file:
            change(file, "more")
    else:
        with zipfile.ZipFile(path) as old:
            parts = {name: old.read(name) for name in old.namelist()}
        weights = BytesIO(parts["model.weights.h5"])
        with h5py.File(weights, "r+") as file:
            change(file, "more")
        parts["model.weights.h5"] = weights.getvalue()
        with zipfile.ZipFile(path, "w") as new:
            for name, content in parts.items():
                new.writestr(name, content)
    refused(path, words)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"filters": 8', '"filters": 20000000', "the number 20000000"),
        ('"filters": 8', '"filters": 60000', "its layers are larger"),
        ('"kernel_size": [1, 1]', '"kernel_size": [50000, 50000]', "its layers are larger"),
        ('"filters": 8', '"filters": NaN', "the number nan"),
    ],
)
def test_giants_are_refused_before_they_are_built(
    old: str, new: str, words: str, model: Any, tmp_path: Path
) -> None:
    path = tmp_path / "model.keras"
    model.save(path)
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    config = parts["config.json"].decode()
    assert old in config
    parts["config.json"] = config.replace(old, new, 1).encode()
    with zipfile.ZipFile(path, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)
    refused(path, words)


@pytest.mark.parametrize("config", [{}, [], 3, {"class_name": "Conv2D", "config": {"filters": 1}}])
def test_what_is_no_model_is_refused(config: object, model: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    model.save(path)
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    parts["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)
    refused(path, "holds no model")


@pytest.mark.parametrize("value", [np.arange(3), 4.5, b"\xff\xfe", ""])
def test_a_configuration_that_is_no_text_is_refused(value: object, model: Any, tmp_path: Path) -> None:
    import h5py

    path = tmp_path / "model.h5"
    model.save(path)
    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = value
    refused(path, "save it again")


def test_a_sequential_of_the_newer_keras_is_read(tmp_path: Path) -> None:
    import keras

    keras.Sequential([keras.Input((None, 1, 40)), keras.layers.Conv2D(15, 1)]).save(tmp_path / "new.keras")
    data, names = keras_file.as_tflite(tmp_path / "new.keras")
    assert data
    assert names == ["logits"]
    keras.Sequential([keras.layers.Conv2D(15, 1)]).save(tmp_path / "none.keras")
    refused(tmp_path / "none.keras", "Input layer")
