"""Files of arrays that nobody vouches for: damage is one line, and never gigabytes."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mandible.errors import InputError
from mandible.models import float_weights, takes_cache
from tests.models.test_dataset import stream


def _zip(path: Path, content: bytes, kind: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", kind) as file:
        file.writestr("000 w.npy", content)


def _npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def damage(path: Path, kind: str) -> None:
    """Write a file of one kind of damage."""
    good = _npy(np.arange(3, dtype=np.float32))
    if kind == "an array, no archive":
        path.write_bytes(good)
    elif kind == "a member that is no array":
        _zip(path, b"hello")
    elif kind == "corrupt deflate":
        _zip(path, _npy(np.random.default_rng(0).normal(size=999).astype(np.float32)), zipfile.ZIP_DEFLATED)
        data = bytearray(path.read_bytes())
        data[60:200] = bytes(140)
        path.write_bytes(data)
    elif kind == "named columns":
        _zip(path, _npy(np.zeros(3, [("a", "<f4"), ("b", "<f4")])))
    elif kind == "a million million numbers":
        head = good.replace(b"(3,), }            ", b"(1000000000000,), }")
        assert head != good
        _zip(path, head)
    elif kind == "a small file that expands":
        np.savez_compressed(path, **{"000 w": np.zeros(1 << 25, np.float32)})
        assert path.stat().st_size < 1 << 20
    elif kind == "other numbers":
        np.savez(path, **{"000 w": np.zeros(3, np.complex128)})


KINDS = [
    "an array, no archive", "a member that is no array", "corrupt deflate", "named columns",
    "a million million numbers", "a small file that expands", "other numbers",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_weights_are_one_line(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "float.npz"
    damage(path, kind)
    with pytest.raises(InputError, match="not a file of float weights"):
        float_weights.load(path)


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_streams_are_computed_again(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "kept.npz"
    damage(path, kind)
    assert (takes_cache.stream(path, stream).viseme == stream().viseme).all()
    assert "damaged; computing it again" in capsys.readouterr().err


def test_a_stored_stream_with_a_column_too_many_is_computed_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "kept.npz"
    one = stream()
    columns = {name: getattr(one, name) for name in ("mels", "viseme", "accepted", "jaw_percent", "starts")}
    np.savez(path, **columns, colour=np.zeros(3, np.uint8))
    assert len(takes_cache.stream(path, stream)) == 40
    assert "damaged; computing it again" in capsys.readouterr().err


def test_half_precision_weights_come_back(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "w.npz", **{"000 w": np.full((2, 3), 0.5, np.float16)})
    (back,) = float_weights.load(tmp_path / "w.npz")
    assert (back.dtype, back.tolist()) == (np.float32, [[0.5] * 3] * 2)
