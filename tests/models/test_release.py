"""What a release needs and says, as far as it needs no TensorFlow."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mandible.errors import InputError
from mandible.models import corpus, evaluate, released
from mandible.models.licences import OWN_LICENCE
from mandible.models.utterance import Utterance
from mandible.quantize import ptq, release, separation
from tests.models.tiny_corpus import PHONE_S, spoken, write_source, write_wave


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    """A plain folder of two labelled recordings of one speaker."""
    folder = tmp_path / "voice"
    folder.mkdir()
    phones = ["SIL", "M", "AA", "S", "AA", "M", "SIL"]
    rows = [f"{n * PHONE_S:.2f}\t{(n + 1) * PHONE_S:.2f}\t{phone}\n" for n, phone in enumerate(phones)]
    for name in ("one", "two"):
        write_wave(folder / f"{name}.wav", spoken(phones))
        (folder / f"{name}.txt").write_text("".join(rows), encoding="utf-8")
    return folder


def spoken_by(directory: Path, split: str, speaker: str) -> Utterance:
    write_source(directory, f"en_{split}", {"one": (split, ["SIL", "M"])})
    (one,) = corpus.read_source(directory, f"en_{split}")
    return replace(one, source="en_x", speaker=speaker, licence=None)


def test_a_plain_folder_is_measured_on_what_it_sets_aside(voice: Path) -> None:
    model = released.resolve("small").path
    card = release.measured(model, [voice], 30)
    assert list(card) == ["dev"]
    assert card["dev"]["utterances"] == 1
    assert card["dev"]["argmax"]["figures"]["accuracy"] is not None
    assert evaluate.members(voice, "emodb") == []


def test_the_card_says_which_speakers_were_kept_apart(tmp_path: Path) -> None:
    learn, dev, test = (spoken_by(tmp_path, split, split) for split in ("train", "dev", "test"))
    assert separation.described([learn], [dev], [test]).startswith(separation.SEPARATE + "; the speakers")
    same = replace(dev, speaker="train")
    assert separation.described([learn], [same], [test]).endswith(
        "1 of the 1 speakers who chose the epoch were learned from too"
    )
    assert separation.described([learn], [same], []).startswith("one speaker in all parts")
    for heard in ("train", "dev"):
        with pytest.raises(InputError, match=f"en_x: speaker '{heard}' of the test sets was learned from"):
            separation.described([learn], [dev], [replace(test, speaker=heard)])
    own = replace(test, speaker="train", licence=OWN_LICENCE)
    assert separation.SEPARATE not in separation.described([learn], [dev], [own])


def test_only_a_card_with_figures_ends_a_release(tmp_path: Path) -> None:
    target = Path(shutil.copy(released.resolve("small").path, tmp_path / "mine.tflite"))
    assert not release.is_whole(target)
    card = dict(released.resolve("small").card)
    released.card_path(target).write_text(json.dumps(card), encoding="utf-8")
    assert release.is_whole(target)
    del card["metrics"]
    released.card_path(target).write_text(json.dumps(card), encoding="utf-8")
    assert not release.is_whole(target)
    released.card_path(target).write_text("{", encoding="utf-8")
    assert not release.is_whole(target)


def test_calibration_takes_all_of_a_short_recording_and_names_what_is_too_short() -> None:
    mels = np.zeros((300, 40), np.int8)
    assert ptq.calibration(mels, 300, 2, 0).shape == (2, 300, 40)
    with pytest.raises(InputError, match=r"2\.99 s of split 'train', and at least 3 s are needed"):
        ptq.calibration(mels[:-1], 300, 2, 0)
