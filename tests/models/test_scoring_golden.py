"""Our figures are those of an independent scoring script, on references and tracks of our own making."""

from __future__ import annotations

import csv
import json
import math

import pytest

from mandible.models.scoring import score_track
from tests.models.golden_scores.make_golden import FOLDER, SCORES, read_phones, read_track

TOLERANCE = 0.005
# Times are whole milliseconds or tenths of them; a fraction of one is rounding.
TOLERANCE_MS = 0.5
GOLDEN = json.loads(SCORES.read_text(encoding="utf-8"))
with (FOLDER / "names.csv").open(encoding="utf-8", newline="") as stream:
    NAMES = {row["script"]: row["ours"] for row in csv.DictReader(stream)}


def scored(stem: str) -> dict[str, float]:
    phones = read_phones(FOLDER / f"{stem.split('.')[0]}.phones.csv")
    return score_track(phones, read_track(FOLDER / f"{stem}.csv"))


def test_there_is_a_golden_score_for_every_track() -> None:
    tracks = {path.stem for path in FOLDER.glob("*.*.csv") if not path.stem.endswith(".phones")}
    assert set(GOLDEN) == tracks
    assert len(tracks) >= 16


@pytest.mark.parametrize("stem", GOLDEN)
def test_every_figure_agrees(stem: str) -> None:
    ours = scored(stem)
    assert set(GOLDEN[stem]) - set(NAMES) <= {"seconds", "n_bil"}
    for theirs, name in NAMES.items():
        expected, value = GOLDEN[stem][theirs], ours[name]
        if math.isnan(expected):
            assert math.isnan(value), name
        else:
            assert value == pytest.approx(
                expected, abs=TOLERANCE_MS if name.endswith("_ms") else TOLERANCE
            ), name


@pytest.mark.parametrize("name", ["puppet", "invented"])
def test_a_perfect_track_scores_one(name: str) -> None:
    figures = scored(f"{name}.perfect")
    for figure in ("accuracy", "macro_f1", "shape_accuracy", "bilabial_recall", "bilabial_precision"):
        assert figures[figure] == 1, figure
    assert figures["jaw_correlation"] > 0.999
    assert figures["best_shift_ms"] == figures["onset_late_ms"] == figures["lips_meet_late_ms"] == 0


@pytest.mark.parametrize("name", ["puppet", "invented"])
def test_lateness_is_told_apart_from_accuracy(name: str) -> None:
    late, early = scored(f"{name}.late"), scored(f"{name}.early")
    assert (late["best_shift_ms"], late["shape_shift_ms"], late["jaw_shift_ms"]) == (100, 100, 100)
    assert (early["best_shift_ms"], early["lips_meet_late_ms"], early["lips_part_late_ms"]) == (-40, -40, -40)
    assert late["accuracy"] < 0.5
    assert late["accuracy_best"] > 0.98


@pytest.mark.parametrize("name", ["puppet", "invented"])
@pytest.mark.parametrize("kind", ["constant", "closed", "random"])
def test_a_mouth_that_does_not_listen_scores_badly(name: str, kind: str) -> None:
    figures = scored(f"{name}.{kind}")
    assert figures["accuracy"] < 0.3
    assert figures["macro_f1"] < 0.2
    assert abs(figures["jaw_correlation"]) < 0.3
    if kind != "random":
        assert figures["changes_per_s"] == figures["jaw_correlation"] == 0
