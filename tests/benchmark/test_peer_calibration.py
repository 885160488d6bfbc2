"""The profile that wLipSync is given, and its own analysis, from which it is made."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np

from mandible.benchmarks.peers import calibration
from mandible.benchmarks.peers.cache import installed
from mandible.benchmarks.peers.catalogue import known
from mandible.benchmarks.speech import sample
from mandible.models.scoring.class_sets import class_set
from mandible.models.utterance import Utterance


def _sample() -> Utterance:
    one = sample().recordings[0]
    starts_s, ends_s, phones = zip(*one.phones, strict=True)
    return Utterance(
        source="sample",
        name=one.name,
        path=one.path,
        speaker=one.speaker,
        language="en",
        split="train",
        seconds=one.seconds,
        phoneset=one.phoneset,
        starts_s=np.array(starts_s),
        ends_s=np.array(ends_s),
        phones=phones,
    )


def test_profile_has_as_many_entries_as_coefficients_or_some_would_not_be_heard() -> None:
    profile = json.loads(calibration.PROFILE.read_text(encoding="utf-8"))
    names = Counter(entry["name"] for entry in profile["mfccs"])
    assert names == {**dict.fromkeys(calibration.VOWELS, 2), "N": 1, "S": 1}
    assert sum(names.values()) == profile["mfccNum"] == 12
    assert set(names) <= set(class_set(known()["wlipsync-calibrated"].class_set).classes)
    values = np.array([entry["mfccCalibrationDataList"][0]["array"] for entry in profile["mfccs"]])
    assert values.shape == (12, 12)
    assert len(np.unique(values, axis=0)) == 12


def test_its_own_analysis_tells_hisses_from_vowels_in_all_coefficients() -> None:
    utterance = _sample()
    classes, middles = calibration.moments(utterance)
    found = calibration.analysed(installed(known()["wlipsync-calibrated"]), [utterance])
    heard = [rows for rows in found.values() if len(rows)]
    assert sum(map(len, heard)) == len(classes) == len(middles) > 5
    assert all(rows.shape[1] == 12 for rows in heard)
    together = np.concatenate(heard)
    assert np.isfinite(together).all()
    assert (together.std(axis=0) > 1).all()
    # Its first coefficient weighs low frequencies against high ones.
    vowels = np.concatenate([found[name] for name in calibration.VOWELS if len(found[name])])
    assert found["S"][:, 0].mean() < vowels[:, 0].mean()
    # Its answer is that of the profile: each class's sounds lie nearest, on the whole, to an entry of theirs.
    profile = json.loads(calibration.PROFILE.read_text(encoding="utf-8"))["mfccs"]
    entries = np.array([entry["mfccCalibrationDataList"][0]["array"] for entry in profile])
    units = entries / np.linalg.norm(entries, axis=1, keepdims=True)
    right = [
        profile[int(np.argmax(units @ row))]["name"] == name for name, rows in found.items() for row in rows
    ]
    assert np.mean(right) > 0.4
