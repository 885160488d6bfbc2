"""What programs showed is scored by our tables, and who is ahead of whom follows from the figures alone."""

from __future__ import annotations

import pytest

from mandible.benchmarks.measurement import Measurement
from mandible.benchmarks.peers import judging, standing
from mandible.benchmarks.peers.adapter import Heard, Row
from mandible.benchmarks.peers.catalogue import Peer, known
from mandible.benchmarks.peers.ourselves import is_ours, ours
from mandible.benchmarks.result import Result
from mandible.benchmarks.speech import Recording, sample
from mandible.errors import InputError
from mandible.models.scoring.class_sets import class_sets
from mandible.models.scoring.class_sets.phones import PHONES, as_visemes


def answer(recording: Recording, *rows: Row) -> Heard:
    return Heard(recording.name, rows, 0.1, 0.1, 0.0, 0.0)


def recording() -> Recording:
    return sample().recordings[0]


def test_every_program_shows_classes_that_can_be_scored() -> None:
    for peer in (*known().values(), *ours(("small",))):
        assert judging.classes_of(peer) in class_sets(), peer.key
        assert is_ours(peer.name) == (peer.key == "mandible-small")


def test_phones_are_read_as_visemes_and_diphthongs_in_two() -> None:
    rows = as_visemes([(0.0, 1.0, "OW", None), (1.0, 1.1, "HH", None), (1.1, 1.2, "+NSN+", None)])
    assert rows == [
        (0.0, 0.6, "oh", None),
        (0.6, 1.0, "ou", None),
        (1.0, 1.1, "kk", None),
        (1.1, 1.2, "sil", None),
    ]
    with pytest.raises(InputError, match=r"^track: phone .* is no ARPAbet phone"):
        as_visemes([(0.0, 1.0, "Ö", None)])


def test_a_recogniser_that_hears_every_phone_is_right_everywhere() -> None:
    heard = recording()
    peer = known()["pocketsphinx"]
    assert peer.class_set == PHONES
    rows = tuple((start, end, phone, None) for start, end, phone in heard.phones)
    score = judging.scored(judging.shown(peer, [answer(heard, *rows)], [heard]), [heard])
    assert score.figures["accuracy_best"] == score.figures["bilabial_f1_best"] == 1
    assert score.figures["best_shift_ms"] == 0


def test_a_class_that_a_program_cannot_have_ends_in_one_line() -> None:
    heard = recording()
    with pytest.raises(InputError, match='class "PP" must be one of X A B C D E F G H'):
        judging.shown(known()["rhubarb-phonetic"], [answer(heard, (0.0, 1.0, "PP", None))], [heard])


def test_ours_is_read_in_a_rivals_classes_without_changing_the_jaw() -> None:
    heard = recording()
    (peer,) = ours(("small",))
    mine = judging.shown(peer, [answer(heard, (0.0, 1.0, "PP", 0.25), (1.0, 2.0, "aa", 0.75))], [heard])
    read = judging.read_as(mine, "rhubarb")
    assert read.classes == "rhubarb"
    assert read.tracks[0].state[50] == 1  # A: closed
    assert read.tracks[0].opening.tolist() == mine.tracks[0].opening.tolist()


def test_a_figure_without_anything_to_judge_is_left_out() -> None:
    vowel = Recording("a", "s", recording().path, recording().pcm[:16000], ((0.0, 1.0, "AA"),), "arpabet")
    (peer,) = ours(("small",))
    shown = judging.shown(peer, [answer(vowel, (0.0, 1.0, "aa", 1.0))], [vowel])
    score = judging.scored(shown, [vowel])
    found = judging.measurements("peers", {"system": peer.name}, score, judging.AT_BEST_SHIFT, {})
    figures = {one.figure: one for one in found}
    assert "bilabial_recall" not in figures
    assert figures["accuracy"].value == 1
    assert figures["accuracy"].expected == (1, 1)


def result(*found: Measurement) -> Result:
    return Result("host", False, "quick", "2026-01-01T00:00:00+00:00", {}, measurements=list(found))


def system(name: str, classes: str, live: bool, **figures: float) -> list[Measurement]:
    said = {"classes": classes, "live": live}
    return [
        Measurement("peers", figure, {"system": name}, ((value,),), said, (value - 0.01, value + 0.01))
        for figure, value in figures.items()
    ]


def read_as(name: str, classes: str, accuracy: float) -> Measurement:
    return Measurement(
        "peers",
        "rival_accuracy",
        {"system": name, "classes": classes},
        ((accuracy,),),
        {},
        (accuracy, accuracy),
    )


MINE = system(
    "mandible small", "oculus", True,
    cpu_s_per_audio_s=0.003, accuracy=0.75, lip_shapes=0.8, bilabial_f1=0.7, jaw_r=0.9,
)  # fmt: skip


def test_who_is_ahead_follows_from_the_figures() -> None:
    rival = system(
        "Rival", "rhubarb", True,
        cpu_s_per_audio_s=0.006, accuracy=0.7, lip_shapes=0.79, bilabial_f1=0.6, jaw_r=0.5
    )  # fmt: skip
    (one,) = standing.standings(result(*MINE, *rival, read_as("mandible small", "rhubarb", 0.8)))
    assert (one.ours, one.other, one.live, one.shows_visemes) == ("mandible small", "Rival", True, True)
    assert one.ahead["accuracy"] == pytest.approx(0.1)
    assert one.each_in_own == pytest.approx(0.05)
    assert one.cost_ratio == pytest.approx(0.5)
    assert one.clear == {"accuracy", "bilabial_f1", "jaw_r"}
    first, cost = standing.told(result(*MINE, *rival, read_as("mandible small", "rhubarb", 0.8)))
    assert "ahead in accuracy in the other's classes (least: Rival +0.100)" in first
    assert "ahead in lip shapes (least: Rival +0.010, intervals touch)" in first
    assert "behind" not in first
    assert cost == "mandible small: 0.50 times the CPU time of Rival, the cheapest that shows visemes"


def test_a_lost_comparison_is_told_as_one() -> None:
    rival = system(
        "Rival", "oculus", False,
        cpu_s_per_audio_s=0.001, accuracy=0.76, lip_shapes=0.7, bilabial_f1=0.7, jaw_r=0.5
    )  # fmt: skip
    first, cost = standing.told(result(*MINE, *rival))
    assert first.startswith("mandible small against 1 offline: ")
    assert "behind in accuracy in the other's classes (Rival -0.010)" in first
    assert "behind in bilabial F1 (Rival +0.000)" in first
    assert cost.startswith("mandible small: 3.00 times the CPU time of Rival")


def test_a_jaw_is_no_viseme_program_and_few_classes_are_told() -> None:
    jaw = system("Jaw", "jaw", True, cpu_s_per_audio_s=0.0001, accuracy=0.9, jaw_r=0.6)
    lines = list(standing.told(result(*MINE, *jaw, read_as("mandible small", "jaw", 0.95))))
    assert len(lines) == 1
    assert "ahead in accuracy in the other's classes (least: Jaw +0.050)" in lines[0]
    assert "each in its own classes, which may be fewer, less accurate than Jaw -0.150" in lines[0]


def test_what_stands_in_for_a_browser_does_not_make_ours_cheap() -> None:
    browser = system("Browser", "oculus", True, cpu_s_per_audio_s=0.02, emulated_cpu_s_per_audio_s=0.0185)
    (one,) = standing.standings(result(*MINE, *browser))
    assert (one.cost_ratio, one.bare_cost_ratio) == (pytest.approx(0.15), pytest.approx(2.0))
    assert any(
        "2.00 times the CPU time of Browser without" in line
        for line in standing.told(result(*MINE, *browser))
    )


def test_without_other_programs_nothing_is_said() -> None:
    assert list(standing.told(result(*MINE))) == []
    assert list(standing.told(result())) == []


def test_every_peer_of_the_table_tells_its_licence_and_its_home() -> None:
    for peer in known().values():
        assert isinstance(peer, Peer)
        assert peer.licence
        assert peer.source == "none" or peer.home.startswith("https://")
