"""What goes wrong on the chip itself does not leave servos where they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from mandible.quantize import one_chip
from mandible.quantize.one_chip.simulated import Seen, run
from tests.one_chip import puppets

HOPS = 60
DRIVER_FILE = "one_chip/microphone_semihosting.c"
# In place of the driver's file: the real one, and after the last hop something else.
DRIVER = """
#define microphone_read real_microphone_read
#include "microphone_of_the_export.c"
#undef microphone_read
bool microphone_read(int16_t pcm[MICROPHONE_SAMPLES], uint32_t *heard_us) {
    static int hops;
    if (hops < %d) {
        const bool heard = real_microphone_read(pcm, heard_us);
        hops += heard;
        return heard;
    }
    %s
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a skull's program, its microphone's driver out of the way."""
    made = tmp_path_factory.mktemp("stuck")
    puppets.make(made, "cortex-m4", "skull")
    driver = made / DRIVER_FILE
    driver.rename(driver.with_name("microphone_of_the_export.c"))
    return made


def run_with(folder: Path, after: str) -> Seen:
    """Run a skull whose microphone driver does ``after`` once the sound is over."""
    (folder / DRIVER_FILE).write_text(DRIVER % (HOPS, after), encoding="utf-8")
    # File times may be too coarse to tell that it is newer.
    (folder / "build" / DRIVER_FILE).with_suffix(".o").unlink()
    board = one_chip.board_named("cortex-m4")
    return run(one_chip.build(folder, board).elf, board, 1, puppets.speech(1.0, HOPS / 100))


def test_a_driver_that_hangs_is_parked_by_the_core_and_then_resets_the_chip(folder: Path) -> None:
    seen = run_with(folder, "for (;;) {}")
    last = seen.hops[-1].moved_us
    given = [
        (period.start_us - last, period.pulses_us[0]) for period in seen.periods if any(period.pulses_us)
    ]
    # Watchdog, way to neutral (none where it is there already), half a second there, less the last period.
    assert 780_000 <= given[-1][0] <= 1_600_000
    assert given[-1][1] == 1250
    # After five seconds the chip's own watchdog is no longer fed.
    assert 5_000_000 <= seen.periods[-1].start_us - last <= 5_400_000


@pytest.mark.parametrize("fault", ["((void (*)(void))0xF0000001)();", '__asm volatile("udf #0");'])
def test_a_fault_ends_the_pulses_at_once(fault: str, folder: Path) -> None:
    seen = run_with(folder, f"{fault} return false;")
    assert seen.periods[-1].planned_us - seen.hops[-1].moved_us < 20_000
