"""The Pico's memories: limits in two slots of its flash, and room in flash and RAM."""

from __future__ import annotations

import struct

import pytest

from mandible.firmware_bridge import _board
from tests.firmware.pico import PicoHost
from tests.firmware.wire import CHANNELS, EVERY_CHANNEL, JAW, WIDE, calibration, eeprom_image
from tests.virtual.rp2040.build import build, symbol
from tests.virtual.rp2040.pico import Pulse, SimulatedPico

LIMITS = {channel: JAW if channel % 2 else WIDE for channel in range(CHANNELS)}
IMAGE_BYTES = _board.EEPROM_BYTES // 2
ERASE_US = 45_000
STORE_US = 100_000


def calibrate(host: PicoHost, wait_us: float) -> None:
    """Go through a calibration session; wait that long after store."""
    *settings, store = calibration(LIMITS, watchdog_ms=500)
    host.replies()
    for name, values in settings:
        host.send(host.wire.frame(name, **values))
        host.run(5000)
    assert [reply.number("status") for reply in host.replies()] == [0] * len(settings)
    host.send(host.wire.frame(store[0], **store[1]))
    host.run(wait_us)


def calibrated_mask(host: PicoHost) -> int:
    """Ask the board which channels have limits."""
    return host.ask("hello", major=2, minor=0).number("calibrated_mask")


@pytest.mark.parametrize("line", ["uart", "usb"])
def test_limits_are_stored_and_kept_over_a_reset(line: str) -> None:
    with SimulatedPico(usb=True) as pico:
        host = PicoHost(pico, line)  # type: ignore[arg-type]
        assert calibrated_mask(host) == 0
        assert host.status("attach", mask=1) == "no_limits"
        calibrate(host, STORE_US)
        (reply,) = host.replies()
        assert (reply.name, reply.number("status")) == ("ack", 0)
        pico.reset()
        host = PicoHost(pico, line)  # type: ignore[arg-type]
        assert calibrated_mask(host) == EVERY_CHANNEL
        assert host.status("attach", mask=EVERY_CHANNEL) == "ok"
        written = {pico.slot(slot, IMAGE_BYTES) for slot in (0, 1)}
        assert eeprom_image(LIMITS, watchdog_ms=500, generation=1) in written
        assert b"\xff" * IMAGE_BYTES in written


def test_power_that_fails_in_a_store_leaves_the_limits_of_before() -> None:
    before = eeprom_image({0: JAW}, watchdog_ms=300, generation=7)
    # In erasing, at its very end, and while the page is written.
    for wait_us in (3000, ERASE_US, ERASE_US + 1300, ERASE_US + 1500):
        with SimulatedPico({0: before}) as pico:
            host = PicoHost(pico)
            calibrate(host, wait_us)
            assert host.replies() == []
            pico.reset()
            host = PicoHost(pico)
            assert calibrated_mask(host) == 1, wait_us
            assert pico.slot(0, IMAGE_BYTES) == before
            assert host.ask("hello", major=2, minor=0).number("watchdog_ms") == 300


def test_the_slowest_flash_there_is_does_not_bring_the_watchdog() -> None:
    with SimulatedPico(erase_ms=400) as pico:
        host = PicoHost(pico)
        calibrate(host, 500_000)
        (reply,) = host.replies()
        assert (reply.name, reply.number("status")) == ("ack", 0)
        assert calibrated_mask(host) == EVERY_CHANNEL
        assert pico.facts()["watchdog_resets"] == 0


def test_a_second_store_goes_to_the_other_slot_and_a_third_back() -> None:
    with SimulatedPico() as pico:
        host = PicoHost(pico)
        generations = []
        for _ in range(3):
            calibrate(host, STORE_US)
            images = (pico.slot(slot, IMAGE_BYTES) for slot in (0, 1))
            generations.append([struct.unpack_from("<H", image, 2)[0] for image in images])
        assert sorted(generations[0]) == [1, 0xFFFF]
        assert sorted(generations[1]) == [1, 2]
        assert sorted(generations[2]) == [2, 3]


def test_pulses_go_on_with_their_last_widths_while_the_flash_is_written() -> None:
    with SimulatedPico({0: eeprom_image({0: WIDE})}) as pico:
        host = PicoHost(pico)
        assert host.status("unlock", key=0x4C494D43) == "ok"
        store = dict(calibration({}, watchdog_ms=500))["store"]
        assert host.status("jog", channel=0, pulse_us=1500) == "ok"
        host.run(100_000)
        host.replies()
        host.send(host.wire.frame("store", **store))
        during: list[Pulse] = host.run(ERASE_US)
        assert host.replies() == []
        assert len(during) >= 2
        assert {round(pulse.width_us, 6) for pulse in during} == {1500}
        host.run(20_000)
        (reply,) = host.replies()
        assert reply.number("status") == 0
        host.run(30_000)
        assert host.run(100_000) == []


def test_a_chip_without_the_rom_s_routines_says_that_it_cannot_store() -> None:
    with SimulatedPico({0: eeprom_image({0: JAW})}, rom=False) as pico:
        host = PicoHost(pico)
        assert calibrated_mask(host) == 1
        calibrate(host, STORE_US)
        (reply,) = host.replies()
        assert reply.number("status") == 13
        assert calibrated_mask(host) == 1


def test_damaged_memory_gives_no_pulse() -> None:
    image = eeprom_image(LIMITS)
    for at in (0, len(image) - 1):
        damaged = image[:at] + bytes([image[at] ^ 0x10]) + image[at + 1 :]
        with SimulatedPico({1: damaged}) as pico:
            host = PicoHost(pico)
            assert host.status("attach", mask=EVERY_CHANNEL) == "no_limits"
            assert host.run(60_000) == []


def test_what_has_to_run_from_ram_lies_there() -> None:
    for name in ("flash_write", "flash_unique_id", "main"):
        assert symbol(name) >> 28 == 2, name


def test_the_uf2_holds_the_image_block_by_block() -> None:
    folder = build()
    image, uf2 = ((folder / f"mandible-rp2040.{kind}").read_bytes() for kind in ("bin", "uf2"))
    blocks = [uf2[at : at + 512] for at in range(0, len(uf2), 512)]
    content = b""
    for number, block in enumerate(blocks):
        head = struct.unpack_from("<8I", block)
        assert head[:2] == (0x0A324655, 0x9E5D5157)
        assert head[2:] == (0x2000, 0x10000000 + 256 * number, 256, number, len(blocks), 0xE48BFF56)
        assert block[-4:] == struct.pack("<I", 0x0AB16F30)
        content += block[32:288]
    assert content[: len(image)] == image
    assert not content[len(image) :].strip(b"\0")


def test_the_stack_never_comes_near_the_variables() -> None:
    with SimulatedPico(usb=True) as pico:
        host = PicoHost(pico, "usb")
        calibrate(host, STORE_US)
        assert host.status("attach", mask=EVERY_CHANNEL) == "ok"
        assert pico.unused_ram_bytes() > 200_000
