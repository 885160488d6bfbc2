"""The chip's own memories: two slots of limits in its EEPROM, and room in flash and SRAM."""

from __future__ import annotations

import random
import subprocess

from mandible.firmware_bridge import _board
from mandible.firmware_bridge.protocol import BOARDS, Decoder, encode
from tests.firmware.chip import SHORTEST_PERIOD_US, Chip
from tests.firmware.wire import (
    CHANNELS,
    EVERY_CHANNEL,
    JAW,
    PERIOD_US,
    WIDE,
    calibration,
    eeprom_image,
    limits_fields,
    store_fields,
)
from tests.virtual.simavr.build import build
from tests.virtual.simavr.uno import SimulatedUno

LIMITS = {channel: JAW if channel % 2 else WIDE for channel in range(CHANNELS)}
BEFORE = eeprom_image(dict.fromkeys(range(CHANNELS), WIDE), generation=7)
SLOT_BYTES = len(BEFORE)
ERASED = bytes([0xFF] * SLOT_BYTES)
STORE_US = 1_000_000
# The EEPROM takes 3.4 ms a byte (data sheet, table 8-1).
BYTE_WRITE_US = 3400


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
    return chip.ask("hello", major=2, minor=0).number("calibrated_mask")


def watchdog_after_power_up(eeprom: bytes) -> tuple[int, int]:
    """Return (calibrated mask, watchdog in ms) of a core that finds ``eeprom``; the store writes 500 ms."""
    core = _board.Board(eeprom, CHANNELS, SHORTEST_PERIOD_US, BOARDS["atmega328p"])
    core.receive(encode("hello", 1, major=2, minor=0), 0)
    (welcome,) = Decoder().feed(core.transmit())
    return welcome.number("calibrated_mask"), welcome.number("watchdog_ms")


def test_a_new_chip_stores_its_limits_within_a_second_and_keeps_them_over_a_reset() -> None:
    image = eeprom_image(LIMITS, watchdog_ms=500)
    with SimulatedUno() as uno:
        chip = Chip(uno)
        assert calibrated_mask(chip) == 0
        assert chip.status("attach", mask=1) == "no_limits"
        calibrate(chip, STORE_US)
        (reply,) = chip.replies()
        assert (reply.name, reply.number("status")) == ("ack", 0)
        assert uno.eeprom(2 * SLOT_BYTES) == image + ERASED
        assert calibrated_mask(chip) == EVERY_CHANNEL
        uno.reset()
        chip.run(5000)
        assert calibrated_mask(chip) == EVERY_CHANNEL
        assert chip.status("attach", mask=EVERY_CHANNEL) == "ok"


def test_a_power_cut_at_any_byte_of_a_store_leaves_the_limits_of_before_or_after() -> None:
    older = eeprom_image({0: JAW}, generation=6)
    chance = random.Random(4)
    found: list[int] = []
    with SimulatedUno(BEFORE + older) as uno:
        chip = Chip(uno)
        calibrate(chip, 0)
        ended_us = uno.now_us + STORE_US
        earlier = BEFORE + older
        while uno.now_us < ended_us:
            chip.run(BYTE_WRITE_US / 2)
            now = uno.eeprom(2 * SLOT_BYTES)
            assert now[:SLOT_BYTES] == BEFORE
            # As it stands, and with the byte that is being written half way: it may read as anything.
            torn = bytearray(now)
            for at in (at for at in range(2 * SLOT_BYTES) if now[at] != earlier[at]):
                torn[at] = chance.randrange(256)
            earlier = now
            for image in (now, bytes(torn)):
                mask, watchdog_ms = watchdog_after_power_up(image)
                assert (mask, watchdog_ms) in ((EVERY_CHANNEL, 300), (EVERY_CHANNEL, 500))
            found.append(watchdog_after_power_up(now)[1])
        assert uno.eeprom(2 * SLOT_BYTES) == BEFORE + eeprom_image(LIMITS, watchdog_ms=500, generation=8)
    switch = found.index(500)
    assert set(found[:switch]) == {300}
    assert set(found[switch:]) == {500}
    # The layout byte, written last, makes the new ones count.
    assert switch > 20


def test_the_chip_itself_comes_back_with_the_limits_of_before_when_the_power_fails() -> None:
    for cut_us in (5_000, 60_000, 200_000):
        with SimulatedUno(BEFORE) as uno:
            chip = Chip(uno)
            calibrate(chip, cut_us)
            assert chip.replies() == []
            uno.reset()
            chip.run(5000)
            welcome = chip.ask("hello", major=2, minor=0)
            assert (welcome.number("calibrated_mask"), welcome.number("watchdog_ms")) == (EVERY_CHANNEL, 300)
            assert chip.status("attach", mask=1) == "ok"


def test_stores_take_turns_between_the_slots() -> None:
    with SimulatedUno(BEFORE) as uno:
        chip = Chip(uno)
        calibrate(chip, STORE_US)
        calibrate_again = eeprom_image(LIMITS, watchdog_ms=500, generation=9)
        chip.replies()
        calibrate(chip, STORE_US)
        second = eeprom_image(LIMITS, watchdog_ms=500, generation=8)
        assert uno.eeprom(2 * SLOT_BYTES) == calibrate_again + second


def test_attaching_waits_for_the_store() -> None:
    with SimulatedUno(BEFORE) as uno:
        chip = Chip(uno)
        calibrate(chip, 60_000)
        assert chip.status("attach", mask=1) == "locked"
        chip.run(STORE_US)
        assert [reply.number("acked_type") for reply in chip.replies()] == [0x09]
        assert chip.status("attach", mask=1) == "ok"


def test_damaged_memory_gives_no_pulse() -> None:
    for at in (0, 3, 4, 50, SLOT_BYTES - 1):
        damaged = BEFORE[:at] + bytes([BEFORE[at] ^ 0x10]) + BEFORE[at + 1 :]
        with SimulatedUno(damaged + damaged) as uno:
            chip = Chip(uno)
            assert chip.status("attach", mask=EVERY_CHANNEL) == "no_limits"
            assert chip.run(100_000) == []


def test_a_new_period_is_kept_and_starts_at_its_own_multiples() -> None:
    with SimulatedUno(BEFORE) as uno:
        chip = Chip(uno)
        assert chip.status("attach", mask=1) == "ok"
        (first, *_) = chip.run(3 * PERIOD_US)
        zero_us = first.start_us % PERIOD_US
        assert chip.status("detach", mask=1) == "ok"
        for name, values in (
            ("unlock", {"key": 0x4C494D43}),
            ("set_limits", limits_fields(0, JAW)),
            ("store", store_fields(300, period_us=17_000)),
        ):
            assert chip.status(name, wait_us=STORE_US, **values) == "ok"  # type: ignore[arg-type]
        assert chip.status("attach", mask=1) == "ok"
        starts = [pulse.start_us - zero_us for pulse in chip.run(20 * 17_000)]
        assert len(starts) >= 18
        for start_us in starts:
            assert min(start_us % 17_000, -start_us % 17_000) <= 1.0


def test_the_program_fits_with_room_to_spare() -> None:
    image, _ = build()
    listing = subprocess.run(["avr-size", str(image)], capture_output=True, text=True, check=True).stdout
    text, data, bss = (int(word) for word in listing.splitlines()[1].split()[:3])
    # A quarter of the flash is left, and more than a third of the memory for the stack.
    assert text + data <= 24_576
    assert data + bss <= 1300


def test_the_stack_never_comes_near_the_variables() -> None:
    with SimulatedUno() as uno:
        chip = Chip(uno)
        calibrate(chip, STORE_US)
        assert chip.status("attach", mask=EVERY_CHANNEL) == "ok"
        now_us = chip.ask("ping", token=1).number("clock_us")
        for hop in range(60):
            pulses = tuple(1000 + 400 * (hop // 5 % 3) + channel for channel in range(CHANNELS))
            due_us = now_us + 60_000 + 10_000 * hop
            chip.send(chip.wire.frame("move", due_us=due_us, mask=EVERY_CHANNEL, pulse_us=pulses))
            chip.send(chip.wire.frame("query"))
            chip.run(10_000)
        assert {reply.name for reply in chip.replies()} == {"ack", "state"}
        unused_bytes = uno.unused_sram_bytes()
        print("bytes of SRAM never touched:", unused_bytes)
        assert unused_bytes >= 300
