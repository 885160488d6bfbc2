"""A wizard and the real firmware together: what ends a jog that nobody watches any more."""

from __future__ import annotations

import pytest

from mandible.firmware_bridge import _board
from mandible.firmware_bridge.calibration.calibrator import REST_AFTER_S
from mandible.firmware_bridge.calibration.wizard import Plan, Wizard
from mandible.firmware_bridge.rig import Rig
from tests.calibration.virtual_mouth import Build, Mouth
from tests.calibration.workbench import Workbench

SECOND_US = 1_000_000
SKULL = Rig.load("skull")


@pytest.fixture
def bench() -> Workbench:
    """A jaw at the beginning of its way to the first stop."""
    mouth = Mouth(Build(low_us=1100, high_us=1800, asleep_us=1250))
    wizard = Wizard(Plan(SKULL.channels, ("jaw",), "skull.toml", "", speaks=False))
    bench = Workbench(wizard, {SKULL.channels[0]: mouth}, _board.Board())
    bench.calibrator.answer("inside", 0)
    bench.run(SECOND_US)
    assert bench.pulses_us[0] == 1250
    return bench


def test_a_servo_nobody_watches_is_let_go(bench: Workbench) -> None:
    bench.run(REST_AFTER_S * SECOND_US - 2 * SECOND_US)
    assert bench.pulses_us[0] == 1250
    bench.run(3 * SECOND_US)
    assert bench.pulses_us[0] == 0
    assert "30 s" in bench.calibrator.wizard.prompt.text


def test_stop_reaches_the_board_with_the_next_bytes(bench: Workbench) -> None:
    bench.calibrator.stop()
    bench.run(40_000)
    assert bench.pulses_us[0] == 0


def test_a_pulled_cable_asks_the_person(bench: Workbench) -> None:
    bench.cable = False
    bench.run(3 * SECOND_US)
    assert bench.pulses_us[0] == 0
    assert "does not answer" in bench.calibrator.wizard.prompt.text
    bench.cable = True
    bench.run(SECOND_US)
    assert bench.pulses_us[0] == 0
    assert bench.calibrator.answer("go_on", bench.now_us)
    bench.run(SECOND_US)
    assert bench.pulses_us[0] == 1250


def test_a_program_that_slept_asks_the_person(bench: Workbench) -> None:
    bench.host_runs = False
    bench.run(5 * SECOND_US)
    assert bench.pulses_us[0] == 0
    bench.host_runs = True
    bench.run(SECOND_US)
    assert bench.calibrator.wizard.prompt.name == "stopped"
    assert bench.pulses_us[0] == 0


def test_an_answer_to_an_earlier_question_does_not_count(bench: Workbench) -> None:
    wizard = bench.calibrator.wizard
    asked = wizard.serial
    assert bench.calibrator.answer("stopped", bench.now_us, asked)
    bench.run(3 * SECOND_US)
    assert wizard.prompt.name == "back"
    assert not bench.calibrator.answer("yes", bench.now_us, asked)
    assert bench.calibrator.answer("yes", bench.now_us, wizard.serial)
