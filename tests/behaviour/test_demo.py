"""The demo's parts: the figures are counted right, the picture is whole or not there, the clocks agree."""

from __future__ import annotations

import struct
import time
import wave
from pathlib import Path

import numpy as np
import pytest

from mandible.benchmarks.board_clock import board_zero_ns
from mandible.benchmarks.demo import virtual_board
from mandible.benchmarks.lipsync import Hits, Performance, Phone, closures, lag_ms, openings, read_phones
from mandible.benchmarks.picture import HEIGHT_PX, WIDTH_PX, draw
from mandible.errors import InputError
from mandible.firmware_bridge.link import Link
from mandible.firmware_bridge.rig import Rig

SAMPLES = Path(__file__).parents[2] / "samples"
# "papa": shut, open, shut, open, a tenth of a second each.
PAPA = [Phone(0.1 * i, 0.1 * (i + 1), name, name == "AA") for i, name in enumerate(("P", "AA", "P", "AA"))]


def test_closures_and_openings_are_counted_one_by_one() -> None:
    sound_s = np.array([0.05, 0.15, 0.25, 0.35])
    assert closures(PAPA, sound_s, np.array([0.15, 0.7, 0.3, 0.7])) == Hits(1, 2)
    assert openings(PAPA, sound_s, np.array([0.0, 0.61, 0.0, 0.60])) == Hits(1, 2)


def test_a_pulse_counts_for_a_phone_up_to_40_ms_away() -> None:
    papa = PAPA[:1]
    assert closures(papa, np.array([0.139]), np.array([0.0])).shown == 1
    assert closures(papa, np.array([0.141]), np.array([0.0])).shown == 0


def test_lag_is_the_delay_of_the_jaw() -> None:
    starts_s = np.arange(0.0, 0.6, 0.02)
    jaw = ((starts_s % 0.2) >= 0.0999).astype(float)
    assert lag_ms([Performance(PAPA, starts_s + 0.07, jaw)]) == pytest.approx(70, abs=1)


def test_phones_that_are_none_are_named(tmp_path: Path) -> None:
    damaged = tmp_path / "phones.csv"
    damaged.write_text("start_s,end_s,phone\n0,1,AA1\n1,2,QQ\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"phones.csv:3: 'QQ'"):
        read_phones(damaged)


def test_the_sample_and_its_phones_belong_together() -> None:
    with wave.open(str(SAMPLES / "puppet.wav"), "rb") as file:
        duration_s = file.getnframes() / file.getframerate()
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    phones = read_phones(SAMPLES / "puppet.phones.csv")
    assert phones[0].start_s == 0
    assert abs(phones[-1].end_s - duration_s) < 0.05
    for phone in phones:
        if phone.phone == "SIL":
            middle = pcm[int((phone.start_s + 0.05) * 16_000) : int((phone.end_s - 0.05) * 16_000)]
            assert np.abs(middle.astype(int)).max(initial=0) < 1000


@pytest.fixture
def performed(tmp_path: Path) -> dict[str, Path]:
    """The files of a performance whose jaw follows the phones by hand."""
    track = tmp_path / "track.csv"
    track.write_text("start_s,end_s,viseme,openness\n0,0.5,PP,0\n0.5,1,aa,1\n", encoding="utf-8")
    pulses = "time_s,channel,pulse_us\n" + "".join(f"{i / 50},0,{1250 + i}\n" for i in range(500))
    for name in ("commanded", "measured"):
        (tmp_path / f"{name}.csv").write_text(pulses, encoding="utf-8")
    paths = {name: tmp_path / f"{name}.csv" for name in ("track", "commanded", "measured")}
    return {"wav": SAMPLES / "puppet.wav", "out": tmp_path / "demo.png", **paths}


def test_the_picture_has_its_size_and_says_the_figures(performed: dict[str, Path]) -> None:
    phones = SAMPLES / "puppet.phones.csv"
    figures = draw(**performed, rig=Rig.load("skull"), delay_s=0.07, phones=phones)
    assert "ms behind the sound" in figures
    assert "of 26 /p b m/ closed" in figures
    assert struct.unpack(">II", performed["out"].read_bytes()[16:24]) == (WIDTH_PX, HEIGHT_PX)


def test_a_picture_that_cannot_be_drawn_leaves_the_old_one(performed: dict[str, Path]) -> None:
    performed["out"].write_bytes(b"old")
    performed["track"].write_text("start_s,end_s,viseme,openness\n0,1,lips,0\n", encoding="utf-8")
    with pytest.raises(KeyError, match="lips"):
        draw(**performed, rig=Rig.load("skull"), delay_s=0.07)
    assert performed["out"].read_bytes() == b"old"
    assert [p.name for p in performed["out"].parent.iterdir() if p.suffix not in (".csv", ".png")] == []


def test_the_board_s_clock_began_when_the_board_did(tmp_path: Path) -> None:
    rig = Rig.load("skull")
    before_ns = time.monotonic_ns()
    with virtual_board(tmp_path / "pulses.csv") as port:
        after_ns = time.monotonic_ns()
        with Link(port, rig) as link:
            link.wait_ready()
        assert before_ns < board_zero_ns(port, rig) < after_ns
