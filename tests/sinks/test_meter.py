"""The terminal meter shows the newest frame and never holds the line up."""

from __future__ import annotations

import io
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console

from mandible.device.frames import Frame
from mandible.device.level import level_db
from mandible.device.sinks.meter import Meter
from mandible.models.visemes import Viseme

RIG = SimpleNamespace(
    channels=(
        SimpleNamespace(name="jaw", min_us=1000, max_us=2000),
        SimpleNamespace(name="lip", min_us=1200, max_us=1800),
    )
)


class Link:
    def __init__(self, problem: str | None = None) -> None:
        self.problem = problem

    def status(self) -> SimpleNamespace:
        return SimpleNamespace(phase="moving", problem=self.problem, sent=12, lost=1, dropped=2, reconnects=3)


def frame(index: int = 99) -> Frame:
    return Frame(
        index,
        captured_ns=1_000_000,
        pcm=np.full(160, 16384, np.int16),
        viseme=Viseme.aa,
        openness=204,
        pulses_us=(1500, 1200),
        emitted_ns=3_500_000,
    )


def picture(meter: Meter, *frames: Frame) -> str:
    text = io.StringIO()
    for each in frames:
        meter.write(each)
    Console(file=text, width=100).print(meter.render(frames[-1]))
    return text.getvalue()


def test_everything_is_shown() -> None:
    text = picture(Meter(RIG, Link()), frame(0), frame(1))
    for shown in ("-6 dB", "aa", "80%", "jaw", "1500 µs", "lip", "1200 µs", "moving", "2.5 ms"):
        assert shown in text
    assert "12, lost 1, dropped 2" in text
    assert "dropped hops 0" in text
    # What a person feels as latency is far more: the line waits for sound to come.
    assert "compute 2.5 ms" in text
    assert "latency" not in text


def test_names_and_problems_are_shown_as_they_are_written() -> None:
    rig = SimpleNamespace(channels=(SimpleNamespace(name="[/red]\x1b[2J", min_us=1000, max_us=2000),))
    text = picture(Meter(rig, Link("[/x] is no port")), frame())
    assert "[/red]\\x1b[2J" in text
    assert "[/x] is no port" in text
    assert "\x1b" not in text


def test_a_problem_of_the_link_is_shown_instead_of_its_phase() -> None:
    text = picture(Meter(RIG, Link("no limits on the board")), frame())
    assert "no limits on the board" in text
    assert "moving" not in text


def test_dropped_hops_are_seen_in_the_numbers() -> None:
    assert "dropped hops 3" in picture(Meter(), frame(0), frame(4))


@pytest.mark.parametrize(("value", "expected_db"), [(0, -60.0), (1, -60.0), (32767, 0.0), (-32768, 0.0)])
def test_level(value: int, expected_db: float) -> None:
    assert level_db(np.full(160, value, np.int16)) == pytest.approx(expected_db, abs=0.01)


def test_without_a_terminal_there_is_nothing() -> None:
    text = io.StringIO()
    before = threading.active_count()
    with Meter(RIG, console=Console(file=text)) as meter:
        meter.write(frame())
        assert threading.active_count() == before
    assert text.getvalue() == ""


def test_forced_it_shows_the_last_frame_whole() -> None:
    text = io.StringIO()
    with Meter(RIG, console=Console(file=text, width=100), force=True) as meter:
        meter.write(frame())
    assert "1500 µs" in text.getvalue()


def test_a_terminal_that_hangs_does_not_hold_the_line_up() -> None:
    released = threading.Event()
    reached = threading.Event()

    class Hanging(io.StringIO):
        def write(self, text: str) -> int:
            reached.set()
            released.wait(30)
            return len(text)

    meter = Meter(RIG, console=Console(file=Hanging(), width=100, force_terminal=True))
    meter.start()
    meter.write(frame(0))
    assert reached.wait(10)
    begin_s = time.perf_counter()
    for index in range(1, 1000):
        meter.write(frame(index))
    assert time.perf_counter() - begin_s < 1.0
    released.set()
    meter.close()
