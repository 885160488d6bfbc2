"""``mandible rig test``: each channel in its turn, gently, with its name; Ctrl-C parks."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import groupby, pairwise
from pathlib import Path

import pytest

from mandible import api
from mandible.cli.main import main
from mandible.cli.rig import trial as verb
from mandible.firmware_bridge import _board
from mandible.firmware_bridge.phase import Phase
from mandible.firmware_bridge.rig import Rig, shipped_rigs
from mandible.firmware_bridge.session import Session
from mandible.firmware_bridge.trial import TrialHop, trial
from tests.bridge.bench import Bench
from tests.bridge.boards import BoardProcess

_SAMPLE = Path(__file__).parents[2] / "samples" / "puppet.wav"
_LONGEST_TRIAL_HOPS = 100 * 120


def _moving(before: TrialHop, after: TrialHop) -> list[int]:
    pairs = zip(before.pulses_us, after.pulses_us, strict=True)
    return [number for number, (a, b) in enumerate(pairs) if a != b]


@pytest.mark.parametrize("name", shipped_rigs())
def test_every_channel_moves_alone_and_gently_and_is_named_first(name: str) -> None:
    rig = Rig.load(name)
    hops = list(trial(rig))
    assert len(hops) < _LONGEST_TRIAL_HOPS
    assert hops[-1].pulses_us == rig.neutral_us
    together = next(i for i, hop in enumerate(hops) if hop.saying is not None and not hop.saying.channel)
    named, moved = "", []
    for before, after in pairwise([TrialHop(rig.neutral_us), *hops[:together]]):
        named = named if after.saying is None else after.saying.channel
        for number in _moving(before, after):
            channel = rig.channels[number]
            assert channel.name == named
            step_us = abs(after.pulses_us[number] - before.pulses_us[number])
            assert step_us <= max(1, channel.speed_us_per_s // 800)
            moved.append(number)
    assert [number for number, _ in groupby(moved)] == list(range(len(rig.channels)))
    assert hops[together - 1].pulses_us == rig.neutral_us


@pytest.mark.parametrize("name", shipped_rigs())
def test_it_keeps_limits_and_speed_and_shows_every_pose(name: str) -> None:
    rig = Rig.load(name)
    hops = [TrialHop(rig.neutral_us), *trial(rig)]
    for number, channel in enumerate(rig.channels):
        way_us = [hop.pulses_us[number] for hop in hops]
        assert channel.min_us <= min(way_us) <= max(way_us) <= channel.max_us
        assert max(abs(b - a) for a, b in pairwise(way_us)) <= channel.speed_us_per_s // 100
        stood_us = {pulse_us for pulse_us, hold in groupby(way_us) if len(list(hold)) >= 20}
        assert {poses_us[number] for poses_us in rig.poses_us} <= stood_us
        if number not in rig.posed:
            assert min(way_us) < channel.neutral_us < max(way_us)


def test_only_the_channels_asked_for_move_and_nothing_is_spoken() -> None:
    rig = Rig.load("head")
    hops = list(trial(rig, ["brows", "jaw"]))
    moved = {n for before, after in pairwise(hops) for n in _moving(before, after)}
    assert moved == {0, 9}
    assert all(hop.saying is None or hop.saying.channel for hop in hops)


def _on_the_firmware(rig: Rig, pulses_us: Iterator[tuple[int, ...]], hops: int) -> list[tuple[int, ...]]:
    bench = Bench(Session(rig, 0), _board.Board(b""))
    bench.run_until(Phase.UNCALIBRATED)
    bench.session.store(bench.now_us)
    bench.run_until(Phase.READY)
    bench.run(10_000 * hops, lambda _: next(pulses_us, None))
    assert bench.session.refusals == {}
    return [pulses for _, pulses in bench.pulses]


@pytest.mark.parametrize("given", ["test", "speech"])
def test_all_twelve_servos_of_the_head_move_on_the_firmware(given: str) -> None:
    rig = Rig.load("head")
    if given == "test":
        wanted = [hop.pulses_us for hop in trial(rig)]
    else:
        wanted = [frame.pulses_us for frame in api.bake(_SAMPLE, rig=rig) if frame.pulses_us is not None]
    got = _on_the_firmware(rig, iter(wanted), len(wanted))
    for channel in rig.channels:
        way_us = [pulses_us[channel.output] for pulses_us in got if pulses_us[channel.output]]
        assert channel.min_us <= min(way_us) < max(way_us) <= channel.max_us
        asked_us = [pulses_us[rig.channels.index(channel)] for pulses_us in wanted]
        assert max(way_us) - min(way_us) >= 0.7 * (max(asked_us) - min(asked_us))


def _hurried(hops: Iterator[TrialHop]) -> Iterator[TrialHop]:
    return hops


def test_the_terminal_says_what_moves(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(verb, "paced", _hurried)
    assert main(["rig", "test", "skull", "--port", "fake:"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "Ctrl-C stops and parks."
    assert said[1] == "jaw: 1250 µs, sil PP"
    assert "jaw: 1750 µs, aa" in said
    assert said[-4:] == ["all: Mama and Papa", "all: five thin sheep", "all: do go there", "Parked."]


def test_json_is_a_line_for_each_move(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(verb, "paced", _hurried)
    assert main(["rig", "test", "owl", "--port", "fake:", "--channel", "head_nod", "--json"]) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [
        {"channel": "head_nod", "shows": "towards 0", "pulse_us": 1425},
        {"channel": "head_nod", "shows": "towards 1", "pulse_us": 1575},
        {"channel": "head_nod", "shows": "neutral", "pulse_us": 1500},
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["skull"], "nothing moves on none:; add --port URL"),
        (["skull", "--port", "none:"], "nothing moves on none:; add --port URL"),
        (["skull", "--port", "fake:", "--channel", "jav"], "has none; did you mean jaw?"),
        (["skul", "--port", "fake:"], "did you mean skull?"),
        (["skull", "--port", "fake"], "what follows is missing; write fake:"),
    ],
)
def test_what_cannot_be_tested_is_one_line(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rig", "test", *words]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert message in said


def test_hops_come_every_ten_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now_ns = 0

    def sleep(seconds: float) -> None:
        nonlocal now_ns
        now_ns += round(seconds * 1e9)

    monkeypatch.setattr(verb.time, "monotonic_ns", lambda: now_ns)
    monkeypatch.setattr(verb.time, "sleep", sleep)
    hops = verb.paced(iter([TrialHop((1500,))] * 6))
    times_ms = []
    for number, _ in enumerate(hops):
        times_ms.append(now_ns // 1_000_000)
        if number == 2:
            now_ns += 500_000_000  # the computer was busy
    assert times_ms == [10, 20, 30, 530, 530, 540]


def test_ctrl_c_parks_the_puppet(tmp_path: Path) -> None:
    board = BoardProcess(tmp_path)
    board.plug_in()
    try:
        command = [sys.executable, "-m", "mandible.cli.main", "rig", "test", "skull", "--port", board.url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            for line in process.stdout:
                if "SS" in line:
                    break
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 130
            assert "Traceback" not in process.stderr.read()
        widths_us = [pulse_us for _, output, pulse_us in board.rows() if output == 0 and pulse_us]
    finally:
        board.pull()
    assert max(widths_us) > 1250
    assert widths_us[-1] == 1250
