"""The figures of an evaluation, checked with mouths whose score is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mandible.errors import InputError
from mandible.models.scoring import agreement, bootstrap, score_set, score_track
from mandible.models.scoring.conventions import opening_of_viseme, phone_of, shape_of_viseme
from mandible.models.scoring.counting import percentile, totals
from mandible.models.scoring.score import units_of
from mandible.models.scoring.timeline import (
    Reference,
    Track,
    advanced,
    joined,
    joined_tracks,
    reference,
    runs,
    track,
)
from mandible.models.visemes import VISEME_NAMES, Viseme

PHONE_S = 0.12
WORDS = ["SIL", "M", "AA", "S", "M", "IY", "UW", "SIL", "SIL", "SIL"] * 3
PHONES = [(n * PHONE_S, (n + 1) * PHONE_S, phone) for n, phone in enumerate(WORDS)]


def perfect(asked: Reference) -> Track:
    viseme = np.maximum(asked.viseme, 0)
    return Track(viseme, asked.opening)


def rows_of(mouth: Track) -> list[tuple[float, float, str, float]]:
    return [
        (n / 100, (n + 1) / 100, VISEME_NAMES[viseme], opening)
        for n, (viseme, opening) in enumerate(zip(mouth.viseme.tolist(), mouth.opening.tolist(), strict=True))
    ]


def scored(mouth: str) -> dict[str, float]:
    asked = reference(PHONES)
    right = perfect(asked)
    viseme = {
        "perfect": right.viseme,
        "late by 20 ms": np.roll(right.viseme, 2),
        "late by 150 ms": np.roll(right.viseme, 15),
        "closed": np.full_like(right.viseme, Viseme.PP),
        "closed on oo": np.where(right.viseme == Viseme.ou, Viseme.PP, right.viseme),
        "restless": np.where(np.arange(len(asked)) % 2, Viseme.aa, Viseme.E),
    }[mouth]
    return score_track(PHONES, rows_of(Track(viseme, np.array(opening_of_viseme())[viseme])))


def test_a_perfect_mouth_scores_one_everywhere() -> None:
    figures = scored("perfect")
    for name in ("accuracy", "accuracy_strict", "accuracy_forgiving", "macro_f1", "shape_accuracy",
                 "bilabial_recall", "bilabial_precision", "silence_f1", "onsets_matched"):  # fmt: skip
        assert figures[name] == 1, name
    assert figures["jaw_correlation"] > 0.99
    assert figures["best_shift_ms"] == figures["lips_part_late_ms"] == figures["short_share"] == 0
    assert figures["changes_per_s"] == pytest.approx(figures["reference_changes_per_s"])


def test_two_frames_late_is_wrong_at_boundaries_and_forgiven_there() -> None:
    figures = scored("late by 20 ms")
    assert figures["accuracy"] < 0.9
    assert figures["accuracy_forgiving"] == pytest.approx(1)
    assert figures["accuracy_best"] == pytest.approx(1)
    assert figures["best_shift_ms"] == figures["lips_meet_late_ms"] == figures["onset_late_ms"] == 20
    assert figures["bilabial_recall"] == 1


def test_a_late_mouth_follows_the_jaw_less() -> None:
    late = scored("late by 150 ms")
    assert late["jaw_correlation"] < scored("late by 20 ms")["jaw_correlation"] - 0.2
    assert late["jaw_correlation_best"] > 0.9
    assert late["jaw_shift_ms"] == late["best_shift_ms"] == 150


def test_a_mouth_that_never_closes_recalls_nothing() -> None:
    figures = scored("restless")
    assert figures["bilabial_recall"] == 0
    assert math.isnan(figures["bilabial_precision"])
    assert figures["short_share"] == 1
    assert figures["changes_per_s"] == pytest.approx(100, rel=0.01)


def test_a_mouth_that_is_always_closed_recalls_all_and_moves_nothing() -> None:
    figures = scored("closed")
    assert figures["bilabial_recall"] == 1
    assert figures["accuracy"] < 0.25
    assert (figures["jaw_correlation"], figures["changes_per_s"]) == (0, 0)


def test_closing_on_a_vowel_is_imprecise() -> None:
    # Per round of words, two closures on /m/ are right and one on /uw/ is wrong.
    assert scored("closed on oo")["bilabial_precision"] == pytest.approx(2 / 3)


def test_runs_are_found_at_both_ends() -> None:
    assert runs(np.array([True, True, False, True])).tolist() == [[0, 2], [3, 4]]


def test_shifting_fills_with_rest() -> None:
    values = np.arange(1, 5)
    assert advanced(values, 1, 0).tolist() == [2, 3, 4, 0]
    assert advanced(values, -2, 0).tolist() == [0, 0, 1, 2]


def test_percentiles_of_counts_are_those_of_the_numbers() -> None:
    rng = np.random.default_rng(1)
    for size in (1, 2, 7, 40):
        numbers = rng.integers(0, 9, size)
        counted = np.bincount(numbers, minlength=9).astype(np.float64)
        for percent in (2.5, 25, 50, 75, 100):
            assert percentile(counted, percent) == pytest.approx(np.percentile(numbers, percent))
    assert np.isnan(percentile(np.zeros(9), 50))


def test_recordings_follow_each_other_from_whole_frames() -> None:
    one, two = reference([(0, 0.504, "M")]), reference([(0, 0.3, "AA"), (0.3, 0.6, "B")])
    whole = joined([one, two])
    assert len(whole) == 50 + 60
    assert whole.closures.tolist() == [[0, 50], [80, 110]]


def test_a_set_is_scored_as_one_long_recording() -> None:
    asked = reference(PHONES)
    late = Track(np.roll(perfect(asked).viseme, 3), np.roll(asked.opening, 3))
    twice = score_set([asked, asked], [late, perfect(asked)], ["a", "b"], draws=0).figures
    seconds = PHONES[-1][1]
    phones = PHONES + [(start + seconds, end + seconds, phone) for start, end, phone in PHONES]
    rows = rows_of(late) + [(a + seconds, b + seconds, c, d) for a, b, c, d in rows_of(perfect(asked))]
    assert twice == pytest.approx(score_track(phones, rows), abs=1e-9, nan_ok=True)


def test_ipa_is_scored_by_its_table() -> None:
    phones = [(0, 0.1, "sil"), (0.1, 0.2, "mː"), (0.2, 0.4, "ə"), (0.4, 0.5, "ʁ"), (0.5, 0.6, "h")]
    rows = [(0, 0.1, "sil"), (0.1, 0.2, "PP"), (0.2, 0.4, "aa"), (0.4, 0.6, "RR")]
    figures = score_track(phones, rows, "ipa")
    assert (figures["accuracy"], figures["shape_accuracy"], figures["bilabial_recall"]) == (1, 1, 1)
    assert figures["accuracy_strict"] == pytest.approx(0.4)


def test_stress_does_not_move_the_yardstick() -> None:
    assert phone_of("arpabet", "AH0") == phone_of("arpabet", "AH1") == phone_of("arpabet", "ax")


def test_every_viseme_has_a_shape_and_an_opening() -> None:
    assert len(shape_of_viseme()) == len(opening_of_viseme()) == len(VISEME_NAMES)


@pytest.mark.parametrize(
    ("phones", "rows", "message"),
    [
        ([], [(0, 1, "aa")], "no phones to compare with"),
        ([(0, 0.001, "AA")], [(0, 1, "aa")], "phones end at 0.001 s, which is no time at all"),
        ([(0, 1, "XQ")], [(0, 1, "aa")], 'phone "XQ" is no ARPAbet phone'),
        ([(0, 1, "AA")], [(0, 1, "AA")], "viseme 'AA' must be one of sil PP"),
    ],
)
def test_what_cannot_be_scored_is_named(phones: list, rows: list, message: str) -> None:
    with pytest.raises(InputError, match=message):
        score_track(phones, rows)


def test_an_empty_set_is_refused() -> None:
    with pytest.raises(InputError, match="the set is empty"):
        score_set([], [])


def speakers_of_known_accuracy(count: int, rng: np.random.Generator) -> tuple[list[Reference], list[Track]]:
    """Speakers who are right in a share of the frames that varies around 0.7 by 0.1."""
    asked, shown = [], []
    for _ in range(count):
        right = rng.random(100) < rng.normal(0.7, 0.1)
        one = reference([(0.0, 1.0, "S")])
        asked.append(one)
        shown.append(Track(np.where(right, int(Viseme.SS), int(Viseme.DD)), one.opening))
    return asked, shown


def test_intervals_cover_what_they_promise() -> None:
    """Of 95 % intervals over 20 speakers, about as many hold the truth; over frames, hardly half would."""
    rng = np.random.default_rng(3)
    inside, trials = 0, 60
    for _ in range(trials):
        asked, shown = speakers_of_known_accuracy(20, rng)
        classes = agreement.visemes(joined(asked), joined_tracks(shown))
        counts = agreement.count(classes, 0, units_of(asked, [str(n) for n in range(20)]), "viseme")
        drawn = agreement.figures(totals(counts, bootstrap.weights(20, 300, seed=1)), "viseme")
        limits = bootstrap.interval(drawn["accuracy"])
        assert limits is not None
        inside += limits[0] <= 0.7 <= limits[1]
    assert trials * 0.85 <= inside <= trials


def test_intervals_hold_the_figure_and_repeat_with_the_seed() -> None:
    asked, shown = speakers_of_known_accuracy(10, np.random.default_rng(4))
    names = [str(n // 2) for n in range(10)]
    one, two = (score_set(asked, shown, names, draws=300, seed=7) for _ in range(2))
    assert one.units == 5
    assert one.intervals == two.intervals
    limits = one.intervals["accuracy"]
    assert limits is not None
    assert limits[0] < one.figures["accuracy"] < limits[1]
    assert one.per_class_intervals["recall"][Viseme.SS] == pytest.approx(limits)
    assert one.per_class_intervals["recall"][Viseme.aa] is None


def test_a_single_speaker_is_resampled_by_recording() -> None:
    asked, shown = speakers_of_known_accuracy(6, np.random.default_rng(5))
    assert score_set(asked, shown, ["one"] * 6, draws=50).units == 6
    alone = score_set(asked[:1], shown[:1], ["one"], draws=50)
    assert (alone.units, alone.intervals) == (1, {})


def test_a_resample_of_everyone_once_is_the_set_itself() -> None:
    drawn = bootstrap.weights(8, 100, seed=1)
    assert drawn.sum(axis=1).tolist() == [8] * 100
    assert track([], 5).viseme.tolist() == [Viseme.sil] * 5
