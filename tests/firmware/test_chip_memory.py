"""The chip's own memories: limits in its EEPROM, and room in flash and SRAM."""

from __future__ import annotations

import subprocess

from tests.firmware.chip import Chip
from tests.firmware.wire import CHANNELS, EVERY_CHANNEL, JAW, WIDE, calibration, eeprom_image
from tests.virtual.simavr.build import build
from tests.virtual.simavr.uno import SimulatedUno

LIMITS = {channel: JAW if channel % 2 else WIDE for channel in range(CHANNELS)}
IMAGE = eeprom_image(LIMITS, watchdog_ms=500)
STORE_US = 1_000_000


def calibrate(chip: Chip, store_wait_us: float) -> None:
    """Go through a calibration session; wait that long after store."""
    *settings, store = calibration(LIMITS, watchdog_ms=500)
    for name, values in settings:
        chip.send(chip.wire.frame(name, **values))
        chip.run(10_000)
    assert [reply.number("status") for reply in chip.replies()] == [0] * len(settings)
    chip.send(chip.wire.frame(store[0], **store[1]))
    chip.run(store_wait_us)


def calibrated_mask(chip: Chip) -> int:
    """Ask the board which channels have limits."""
    return chip.ask("hello", major=1, minor=0).number("calibrated_mask")


def test_a_new_chip_stores_its_limits_within_a_second_and_keeps_them_over_a_reset() -> None:
    with SimulatedUno() as uno:
        chip = Chip(uno)
        assert calibrated_mask(chip) == 0
        assert chip.status("attach", mask=1) == "no_limits"
        calibrate(chip, STORE_US)
        (reply,) = chip.replies()
        assert (reply.name, reply.number("status")) == ("ack", 0)
        assert uno.eeprom(len(IMAGE)) == IMAGE
        assert calibrated_mask(chip) == EVERY_CHANNEL
        uno.reset()
        chip.run(5000)
        assert calibrated_mask(chip) == EVERY_CHANNEL
        assert chip.status("attach", mask=EVERY_CHANNEL) == "ok"


def test_a_store_cut_short_leaves_no_limits_rather_than_mixed_ones() -> None:
    with SimulatedUno(eeprom_image(dict.fromkeys(range(CHANNELS), WIDE))) as uno:
        chip = Chip(uno)
        calibrate(chip, 60_000)
        assert chip.replies() == []
        uno.reset()
        chip.run(5000)
        assert calibrated_mask(chip) == 0
        assert chip.status("attach", mask=1) == "no_limits"


def test_attaching_waits_for_the_store() -> None:
    with SimulatedUno(eeprom_image(dict.fromkeys(range(CHANNELS), WIDE))) as uno:
        chip = Chip(uno)
        calibrate(chip, 60_000)
        assert chip.status("attach", mask=1) == "locked"
        chip.run(STORE_US)
        assert [reply.number("acked_type") for reply in chip.replies()] == [0x09]
        assert chip.status("attach", mask=1) == "ok"


def test_damaged_memory_gives_no_pulse() -> None:
    for at in (0, 3, 4, 50, len(IMAGE) - 1):
        damaged = IMAGE[:at] + bytes([IMAGE[at] ^ 0x10]) + IMAGE[at + 1 :]
        with SimulatedUno(damaged) as uno:
            chip = Chip(uno)
            assert chip.status("attach", mask=EVERY_CHANNEL) == "no_limits"
            assert chip.run(100_000) == []


def test_the_program_fits_with_room_to_spare() -> None:
    image, _ = build()
    listing = subprocess.run(["avr-size", str(image)], capture_output=True, text=True, check=True).stdout
    text, data, bss = (int(word) for word in listing.splitlines()[1].split()[:3])
    assert text + data <= 32_256 // 2
    assert data + bss <= 2048 - 768


def test_the_stack_never_comes_near_the_variables() -> None:
    with SimulatedUno() as uno:
        chip = Chip(uno)
        calibrate(chip, STORE_US)
        assert chip.status("attach", mask=EVERY_CHANNEL) == "ok"
        now_ms = chip.ask("ping", token=1).number("clock_us") // 1000
        for hop in range(20):
            pulses = tuple(1000 + 10 * hop + channel for channel in range(CHANNELS))
            due_ms = now_ms + 60 + 10 * hop
            chip.send(chip.wire.frame("move", due_ms=due_ms, mask=EVERY_CHANNEL, pulse_us=pulses))
            chip.send(chip.wire.frame("query"))
            chip.run(10_000)
        assert {reply.name for reply in chip.replies()} == {"ack", "state"}
        assert uno.unused_sram_bytes() >= 512
