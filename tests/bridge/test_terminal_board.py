"""The core behind a terminal: which periods run when the computer is late, and what they cost."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from mandible.firmware_bridge import _board
from mandible.firmware_bridge.drivers.registry import open_driver
from mandible.firmware_bridge.port_url import parse_port_url
from mandible.firmware_bridge.terminal_board import TerminalBoard, next_period_us

_LATE_MS = (0, 20, 41, 500, 520, 1700, 1720)


def _periods(monkeypatch: pytest.MonkeyPatch, catch_up_us: int) -> list[int]:
    """Return the periods, in ms, that a board runs which looks at the clock at ``_LATE_MS``."""
    clock_ms = [0]
    monkeypatch.setattr(time, "monotonic_ns", lambda: clock_ms[0] * 1_000_000)
    ran: list[int] = []
    board = TerminalBoard(
        _board.Board(),
        lambda start_us, _pulses: ran.append(start_us // 1000),
        lambda _memory: None,
        catch_up_us,
    )
    for clock_ms[0] in _LATE_MS:
        board._give_pulses()
    board.close()
    return ran


def test_a_servo_that_comes_late_gets_no_burst_of_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _periods(monkeypatch, 0) == [0, 20, 40, 500, 520, 1700, 1720]


def test_a_simulated_board_runs_what_it_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _periods(monkeypatch, 1_000_000) == [*range(0, 521, 20), 1700, 1720]


def test_periods_begin_at_their_multiples() -> None:
    assert next_period_us(20_000, 20_000) == 40_000
    assert next_period_us(20_000, 3_000) == 21_000


@pytest.mark.parametrize("url", ["sacn://127.0.85.9?bits=16", "artnet://127.0.85.9"])
def test_its_own_work_is_under_a_hundredth_of_a_core(url: str) -> None:
    driver = open_driver(parse_port_url(url))
    core = _board.Board(channels=driver.outputs, shortest_period_us=driver.period_us, board_id=6)
    given: list[Sequence[int]] = []
    periods = 500
    before_s = time.process_time()
    for index in range(periods):
        core.poll(index * 20_000)
        core.pulses(index * 20_000)
        # Every servo moves in every period.
        driver.give([1000 + index] * 12)
        given.append(core.eeprom())
    spent_s = time.process_time() - before_s
    driver.close()
    assert len(given) == periods
    assert spent_s < 0.01 * periods * 0.02
