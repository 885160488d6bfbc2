"""Noise and rooms of a corpus directory: what may be used, and how damage is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mandible.errors import InputError
from mandible.models import augment
from mandible.models.augment import sounds
from tests.models.tiny_corpus import write_wave

HEADER = "file,source,licence\n"


def write_index(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def noise(count: int = 4000, seed: int = 0) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    return np.random.default_rng(seed).integers(-3000, 3000, count).astype(np.int16)


@pytest.mark.parametrize(
    ("licence", "may"),
    [
        ("CC0 1.0", True),
        ("CC-BY somebody http://example.org", True),
        ("CC BY 4.0", True),
        ("CC BY-SA 3.0", False),
        ("CC0 (Freesound) or CC BY-SA 3.0 (DEMAND), as MS-SNSD states", False),
        ("CC BY-NC 4.0", False),
        ("Creative Commons, see there", False),
        ("", False),
    ],
)
def test_only_free_recordings_may_shape_a_model(licence: str, may: bool) -> None:
    assert sounds.free(licence) is may


def test_a_corpus_without_sounds_gets_invented_rooms(tmp_path: Path) -> None:
    rooms = augment.rooms(tmp_path)
    assert len(rooms) == sounds.INVENTED_ROOMS
    assert all(
        np.array_equal(here, again) for here, again in zip(rooms, augment.rooms(tmp_path), strict=True)
    )
    for room in rooms:
        assert np.sum(room**2) == pytest.approx(1.0)
        assert abs(room[0]) > 0.2  # the direct sound comes first
    assert sounds.noises(tmp_path) == {}
    assert augment.sound_credits(tmp_path) == []


def test_rooms_of_the_corpus_begin_at_their_direct_sound(tmp_path: Path) -> None:
    response = np.zeros(4000, np.int16)
    response[1000], response[1500] = 20000, -8000
    (tmp_path / "rir").mkdir()
    write_wave(tmp_path / "rir" / "sim_one.wav", response)
    for name in ("free.wav", "other.wav"):
        write_wave(tmp_path / "rir" / name, response)
    write_index(
        tmp_path / "rir" / "index_real.csv", HEADER + "free.wav,me,CC0 1.0\nother.wav,me,CC BY-SA 3.0\n"
    )
    rooms = augment.rooms(tmp_path)
    assert len(rooms) == 2
    for room in rooms:
        assert int(np.argmax(np.abs(room))) == 8
        assert np.sum(room**2) == pytest.approx(1.0)


def test_credits_name_what_is_used(tmp_path: Path) -> None:
    (tmp_path / "noise").mkdir()
    for name in ("a.wav", "b.wav", "c.wav"):
        write_wave(tmp_path / "noise" / name, noise())
    rows = "a.wav,there,CC0 Ann\nb.wav,here,CC-BY Bob x\nc.wav,nowhere,CC BY-SA 4.0\n"
    write_index(tmp_path / "noise" / "index.csv", HEADER + rows)
    assert augment.sound_credits(tmp_path) == [
        {"file": "a.wav", "licence": "CC0", "credit": "CC0 Ann; there"},
        {"file": "b.wav", "licence": "CC-BY", "credit": "CC-BY Bob x; here"},
    ]
    assert list(sounds.noises(tmp_path)) == ["a.wav", "b.wav"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"index\.csv:1: column 'file' is missing"),
        ("file,source\na.wav,x\n", r"index\.csv:1: column 'licence' is missing"),
        (HEADER + "a.wav,x\n", r"index\.csv:2: licence is empty"),
        (HEADER + "\n,x,CC0\n", r"index\.csv:3: file is empty"),
        (HEADER + "gone.wav,x,CC0\n", r"index\.csv:2: file 'gone\.wav' is not in .*noise; add it or delete"),
        (HEADER + "../../secret.wav,x,CC0\n", r"index\.csv:2: file '\.\./\.\./secret\.wav' must be a name"),
        (HEADER + "..,x,CC0\n", r"index\.csv:2: file '\.\.' is not in"),
        (HEADER + "/dev/zero,x,CC0\n", r"index\.csv:2: file '/dev/zero' must be a name"),
        (HEADER + "a" * 300 + ",x,CC0\n", r"index\.csv:2: file 'aaa.*' is not in"),
        (HEADER + "silent.wav,x,CC0\n", r"silent\.wav: is silent"),
        (HEADER + "text.wav,x,CC0\n", r"text\.wav"),
        (HEADER.encode() + b"\xff\xfe,x,CC0\n", r"index\.csv: not UTF-8"),
        (HEADER + "a" * 200_000 + ",x,CC0\n", r"index\.csv: not a readable CSV"),
    ],
)
def test_a_damaged_index_is_told_in_one_clear_line(tmp_path: Path, text: str | bytes, message: str) -> None:
    index = write_index(tmp_path / "noise" / "index.csv", text)
    write_wave(index.parent / "silent.wav", np.zeros(1000, np.int16))
    (index.parent / "text.wav").write_text("no sound")
    with pytest.raises(InputError, match=message) as raised:
        sounds.noises(tmp_path)
    assert "\n" not in str(raised.value)


def test_an_index_that_is_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "noise" / "index.csv").mkdir(parents=True)
    with pytest.raises(InputError, match=r"index\.csv: cannot be read"):
        sounds.noises(tmp_path)
