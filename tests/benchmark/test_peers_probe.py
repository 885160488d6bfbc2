"""The probe that runs other programs beside ours; real ones where they need no network."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from rich.console import Console

from mandible.benchmarks import runner, suite
from mandible.benchmarks.bench import Bench
from mandible.benchmarks.devices import Device
from mandible.benchmarks.measurement import Measurement
from mandible.benchmarks.peers import chosen, standing
from mandible.benchmarks.peers.adapter import Heard, Pass
from mandible.benchmarks.peers.catalogue import ADAPTERS, TABLE, Peer, known
from mandible.benchmarks.peers.ourselves import ours
from mandible.benchmarks.peers.turns import in_turns, rounds_of
from mandible.benchmarks.probes import peers as probe
from mandible.benchmarks.result import Result
from mandible.benchmarks.speech import Recording, Speech, of_corpus, sample
from mandible.errors import DeviceError
from mandible.models.scoring.class_sets import class_set

QUIET = Console(quiet=True)


def bench(scratch: Path, peers: tuple[str, ...], speech: Speech | None = None) -> Bench:
    return Bench(Device("host"), speech or sample(), scratch, peers)


def run(scratch: Path, peers: tuple[str, ...], speech: Speech | None = None, **settings: object) -> Result:
    steps = (suite.Step("peers", ("host",), probe.Settings(**settings)),)  # type: ignore[arg-type]
    return runner.run(suite.Suite("mine", "", steps), steps, bench(scratch, peers, speech), QUIET)


def test_both_suites_have_it_and_without_peers_it_says_nothing(tmp_path: Path) -> None:
    for name in ("quick", "full"):
        step = next(step for step in suite.load(name).steps if step.probe == "peers")
        assert step.devices == ("host", "rpi", "jetson")
        assert step.settings.rounds >= 3
    assert list(probe.measure(probe.Settings(), bench(tmp_path, ()))) == []


def test_rounds_share_out_recordings_or_repeat_the_few() -> None:
    assert rounds_of(7, 3) == [[0, 3, 6], [1, 4], [2, 5]]
    assert rounds_of(1, 3) == [[0], [0], [0]]


def _recordings(number: int) -> list[Recording]:
    first = sample().recordings[0]
    return [Recording(str(n), "s", first.path, first.pcm, first.phones, "arpabet") for n in range(number)]


def _peer(key: str) -> Peer:
    return Peer(key, key, "1", "none", "x.py", "oculus", True, 100, "MIT", "")


def test_programs_take_turns_in_another_order_each_round(tmp_path: Path) -> None:
    """A stand-in hears, so that the order can be seen and one can fail; real ones are in the test below."""
    order: list[tuple[str, list[str]]] = []

    def hear(
        peer: Peer, folder: Path, some: Sequence[Recording], scratch: Path, tell: Callable[[str], None]
    ) -> Pass:
        order.append((peer.key, [one.name for one in some]))
        if peer.key == "b" and len(order) > 3:
            raise DeviceError("b: it broke")
        return Pass(tuple(Heard(one.name, (), 1.0, 1.0, 0.0, 0.0) for one in some), 0.0, 1.0, "none")

    ready = [(_peer(key), tmp_path) for key in ("a", "b", "c")]
    turns = in_turns(ready, _recordings(4), 3, tmp_path, lambda _: None, hear)
    assert [key for key, _ in order] == ["a", "b", "c", "b", "c", "a", "c", "a"]
    assert [names for key, names in order if key == "a"] == [["0", "3"], ["1"], ["2"]]
    assert turns.failed == {"b": "b: it broke"}
    assert sorted(turns.passes) == ["a", "c"]
    assert [one.name for one in turns.of("a")] == ["0", "1", "2", "3"]


def test_shorter_speech_keeps_at_least_one_recording() -> None:
    many = Speech("many", tuple(_recordings(4)))
    assert len(probe.shortened(many, 1.0).recordings) == 1
    assert len(probe.shortened(many, 25.0).recordings) == 2


@pytest.fixture(scope="module")
def beside_the_jaw(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return run(tmp_path_factory.mktemp("peers"), ("amplitude",), models=("nano", "small"))


def test_ours_and_a_jaw_in_one_run(beside_the_jaw: Result) -> None:
    found = beside_the_jaw
    assert found.not_measured == {}
    systems = {one.subject["system"] for one in found.measurements}
    assert systems == {"mandible nano", "mandible small", "amplitude jaw"}
    for name in systems:
        (cost,) = found.of("peers", "cpu_s_per_audio_s", system=str(name))
        assert len(cost.rounds) == 3
        assert 0 < cost.value < 1
        for figure in ("accuracy", "macro_f1", "lip_shapes", "jaw_r", "silence_f1", "rss_mb", "lateness_ms"):
            (one,) = found.of("peers", figure, system=str(name))
            assert one.conditions["live"] is True
            assert one.conditions["speech"] == "sample"
    assert set(found.models) == {"nano", "small"}


def test_ours_is_late_by_its_known_delay_and_no_less_accurate_for_it(beside_the_jaw: Result) -> None:
    (late,) = beside_the_jaw.of("peers", "lateness_ms", system="mandible small")
    (accuracy,) = beside_the_jaw.of("peers", "accuracy", system="mandible small")
    (stamped,) = beside_the_jaw.of("peers", "accuracy_as_stamped", system="mandible small")
    assert 30 <= late.value <= 70
    assert accuracy.value > stamped.value + 0.1


def test_ours_is_told_in_the_jaws_classes_too_and_who_is_ahead(beside_the_jaw: Result) -> None:
    (read_as,) = beside_the_jaw.of("peers", "rival_accuracy", system="mandible small")
    assert read_as.subject["classes"] == "jaw"
    lines = list(standing.told(beside_the_jaw))
    assert any(line.startswith("mandible small against 1 live: ahead in accuracy") for line in lines)


def test_a_program_that_cannot_be_had_has_its_own_line_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    # No npm on the path, and nothing in the cache.
    monkeypatch.setenv("PATH", str(tmp_path))
    found = run(tmp_path, ("headaudio", "amplitude"), models=("nano",))
    assert list(found.not_measured) == ["peers: HeadAudio"]
    assert "\n" not in found.not_measured["peers: HeadAudio"]
    assert {one.subject["system"] for one in found.measurements} == {"mandible nano", "amplitude jaw"}


def test_every_adapter_of_the_table_is_there() -> None:
    for peer in (*known().values(), *ours(("nano",))):
        assert (ADAPTERS / peer.adapter).is_file(), peer.key
        if peer.requirements:
            lines = TABLE.with_name(peer.requirements).read_text(encoding="utf-8").splitlines()
            pins = [line for line in lines if line and not line.startswith((" ", "#"))]
            assert pins
            assert all("==" in line for line in pins)
            assert any(line.startswith(f"{peer.key}=={peer.version}") for line in pins)


@pytest.mark.full
@pytest.mark.corpus
def test_small_is_ahead_of_every_live_program_on_librispeech(tmp_path: Path) -> None:
    """Fetches everything; the figures are those of docs/peers.md's command."""
    speech = of_corpus(Path(os.environ["MANDIBLE_DATA"]), ["en_librispeech"], 300.0)
    found = run(tmp_path, chosen(()), speech)
    assert found.not_measured == {}
    beside = [one for one in standing.standings(found) if one.ours == "mandible small"]
    live = [one for one in beside if one.live]
    assert len(live) >= 5
    for one in live:
        assert min(one.ahead.values()) > 0, (one.other, one.ahead)
    assert all(one.cost_ratio <= 1 for one in beside if one.shows_visemes)
    assert all(isinstance(one, Measurement) for one in found.measurements)
    assert class_set("oculus").closes_lips
