"""The demo's parts: the figures are counted right, the picture is whole or not there, the clocks agree."""

from __future__ import annotations

import itertools
import struct
import time
import wave
from pathlib import Path

import numpy as np
import pytest

from mandible.benchmarks import demo
from mandible.benchmarks.board_clock import board_zero_ns
from mandible.benchmarks.demo import advice, compute_s, virtual_board
from mandible.benchmarks.lipsync import Hits, Performance, Phone, closures, lag_ms, openings, read_phones
from mandible.benchmarks.picture import HEIGHT_PX, WIDTH_PX, draw, placed
from mandible.device.frames import Frame
from mandible.errors import InputError
from mandible.firmware_bridge.fake_board import FakeBoard
from mandible.firmware_bridge.link import Link
from mandible.firmware_bridge.ports import FakePort
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
        assert before_ns < board_zero_ns(port, rig, before_ns) < after_ns


class _OldBoard(FakePort):
    """A board switched on long ago, on a cable that takes a few bytes at a time."""

    def __init__(self, rig: Rig, zero_us: int) -> None:
        super().__init__(FakeBoard(rig.limits))
        self._zero_us = zero_us

    def write(self, data: bytes) -> int:
        taken = data[:5]
        self.board.receive(taken, time.monotonic_ns() // 1000 - self._zero_us)
        self._theirs.sendall(self.board.transmit())
        return len(taken)


def test_a_board_older_than_its_clock_can_count_is_known_by_when_it_was_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = Rig.load("skull")
    zero_us = time.monotonic_ns() // 1000 - 200_000_000
    monkeypatch.setattr("mandible.benchmarks.board_clock.open_port", lambda url: _OldBoard(rig, zero_us))
    for late_s in (-20, 0, 20):
        found_ns = board_zero_ns("fake:", rig, 1000 * zero_us - late_s * 1_000_000_000)
        assert found_ns / 1e9 == pytest.approx(zero_us / 1e6, abs=0.05)


def test_hops_after_the_sound_do_not_shorten_the_delay() -> None:
    late = [Frame(i, 1000, np.zeros(160, np.int16), emitted_ns=2_001_000) for i in range(3)]
    ahead = [Frame(i, 9_000_000, np.zeros(160, np.int16), emitted_ns=1000) for i in range(3, 9)]
    assert compute_s([*late, *ahead], 3) == 0.002


def test_the_advice_can_be_pasted_where_the_demo_ran(tmp_path: Path) -> None:
    assert ":    .venv/bin/mandible run --source mic" in advice(tmp_path / ".venv/bin/python", tmp_path)
    elsewhere = advice(Path("/my env/bin/python"), tmp_path)
    assert "'/my env/bin/mandible' rig store skull --port 'serial:///dev/ttyACM0?baud=115200'" in elsewhere


def test_without_the_recording_or_the_drawing_package_the_demo_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert demo.main() == 3
    monkeypatch.setattr(demo, "SOUND", tmp_path / "puppet.wav")
    assert demo.main() == 3
    assert capsys.readouterr().err.splitlines() == [
        "demo: the picture needs matplotlib, which is not installed: pip install matplotlib",
        "demo: puppet.wav: not there; the demo runs in mandible's source folder: make demo",
    ]
    assert list(tmp_path.iterdir()) == []


def test_labels_of_phones_never_overlap_and_closures_come_first() -> None:
    crowd = [Phone(0.03 * i, 0.03 * (i + 1), "M" if i == 2 else "TH", False) for i in range(8)]
    letter_s = 0.05
    found = placed(crowd, letter_s)
    assert crowd[2] in [phone for phone, _ in found]
    assert len(found) < len(crowd)
    for row in (0, 1):
        ends_s = sorted(
            (middle_s - letter_s * len(phone.phone) / 2, middle_s + letter_s * len(phone.phone) / 2)
            for phone, its_row in found
            if its_row == row
            for middle_s in [(phone.start_s + phone.end_s) / 2]
        )
        assert all(before[1] <= after[0] for before, after in itertools.pairwise(ends_s))
