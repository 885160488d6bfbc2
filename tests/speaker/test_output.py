"""A loudspeaker that fails in unlikely ways is silence until it is back, and nothing stops for it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from mandible.device.frames import HOP_SAMPLES, Frame
from mandible.device.speaker import Speaker
from mandible.device.speaker.output import Output, OutputFormat
from mandible.device.speaker.playback_ring import Block
from mandible.errors import DeviceError
from tests.speaker.stand_in_loudspeaker import StandInLoudspeaker
from tests.wall_clock import no_wait_by_the_wall_clock

LIMIT_S = 10.0


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> StandInLoudspeaker:
    made = StandInLoudspeaker()
    monkeypatch.setitem(sys.modules, "pyaudio", made)
    return made


def silence(_form: OutputFormat) -> Callable[[int, int, int], Block]:
    return lambda count, _now_ns, _heard_ns: np.zeros((count, 1), np.int16)


@pytest.fixture
def output(box: StandInLoudspeaker) -> Iterator[Output]:
    made = Output(None, 16_000, 1, silence)
    yield made
    box.broken = frozenset()
    made.close()


def until(holds: Callable[[], bool]) -> None:
    end_s = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(0.01)


@pytest.mark.parametrize("then", ["start", "count", "open"])
def test_calls_that_fail_unexpectedly_are_tried_again(
    box: StandInLoudspeaker, output: Output, then: str
) -> None:
    box.broken = frozenset({"is_active", "close", "terminate", then})
    until(lambda: box.failed >= 5)
    assert output.state.startswith("silent: ")
    assert "Unanticipated host error" in output.state
    box.broken = frozenset()
    until(lambda: output.state == "playing")
    assert output.reconnects == 1


def test_what_fails_at_the_first_opening_is_one_line(box: StandInLoudspeaker) -> None:
    box.broken = frozenset({"count"})
    with pytest.raises(DeviceError, match=r"the sound system fails: .*Unanticipated host error"):
        Output(None, 16_000, 1, silence)


def test_a_wall_clock_that_is_set_back_holds_nothing_up(
    box: StandInLoudspeaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_wait_by_the_wall_clock(monkeypatch)
    with Speaker("box", 100) as speaker:
        for index in range(50):
            now_ns = time.monotonic_ns()
            speaker.write(Frame(index, now_ns, np.ones(HOP_SAMPLES, np.int16)))
            time.sleep(0.01)
        assert speaker.status().held_ms is not None
        box.broken = frozenset({"is_active", "count"})
        until(lambda: speaker.status().state != "playing")
        assert speaker.status().held_ms is None
        box.broken = frozenset()
        until(lambda: speaker.status().reconnects == 1)
