"""What a driver finds wrong with a device that goes on reaches the person at the terminal, once."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence

import pytest

from mandible.firmware_bridge.drivers.driver import HostLoss
from mandible.firmware_bridge.supervisor import GuardedDriver


class Complaining:
    """A driver that finds one problem after the other."""

    name = "a device"
    outputs = 12
    period_us = 20_000
    host_loss: HostLoss = "ramp"
    computer_loss: HostLoss = "hold"

    def __init__(self, problems: Sequence[str | None]) -> None:
        self._problems = list(problems)
        self.problem: str | None = None

    def give(self, pulses_us: Sequence[int]) -> None:
        self.problem = self._problems.pop(0)

    def close(self) -> None:
        return


@pytest.fixture
def alarm() -> Iterator[None]:
    """Give the alarm back that a guarded driver takes."""
    handler = signal.getsignal(signal.SIGALRM)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, handler)


@pytest.mark.usefixtures("alarm")
def test_a_problem_is_said_once_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    guarded = GuardedDriver(
        Complaining([None, "servo 2: overload", "servo 2: overload", None, "odd\nline\x1b"])
    )
    for _ in range(5):
        guarded.give(0, [1500] * 12)
    guarded.close()
    assert capsys.readouterr().err == "mandible: servo 2: overload\nmandible: odd\\nline\\x1b\n"
