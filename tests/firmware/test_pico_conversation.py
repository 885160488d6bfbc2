"""The real image on a simulated RP2040 talks: by UART, and by USB as a serial port."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from mandible.firmware_bridge.protocol import FLAGS
from tests.firmware.pico import BOARD_ID, PicoHost
from tests.firmware.wire import CHANNELS, EVERY_CHANNEL, WIDE, eeprom_image
from tests.virtual.rp2040.pico import UNIQUE_ID, Line, SimulatedPico

SLOTS = {0: eeprom_image(dict.fromkeys(range(CHANNELS), WIDE), watchdog_ms=500)}
STALL_PIN, HOT_PIN = 14, 15

GET_DEVICE = bytes.fromhex("80 06 00 01 00 00 40 00")
GET_CONFIGURATION = bytes.fromhex("80 06 00 02 00 00 ff 00")
GET_SERIAL = bytes.fromhex("80 06 03 03 09 04 ff 00")
BULK_PACKET_BYTES = 64


@pytest.fixture
def pico() -> Iterator[SimulatedPico]:
    """Yield a Pico at the end of a USB cable."""
    with SimulatedPico(SLOTS, usb=True) as board:
        yield board


@pytest.mark.parametrize("line", ["uart", "usb"])
def test_a_greeting_is_answered_on_the_line_it_came_by(pico: SimulatedPico, line: Line) -> None:
    host = PicoHost(pico, line)
    pico.send(host.wire.frame("hello", major=2, minor=0), pico.now_us + 10, line)
    pico.advance(pico.now_us + 10_000)
    received = pico.received()
    assert {one.line for one in received} == {line}
    (welcome,) = host.wire.messages(b"".join(one.data for one in received))
    assert welcome.number("board") == BOARD_ID
    assert welcome.number("channels") == CHANNELS
    assert welcome.number("calibrated_mask") == EVERY_CHANNEL
    assert welcome.number("shortest_period_us") == 3000
    assert abs(welcome.number("clock_us") - pico.now_us) < 11_000


def test_the_chip_runs_at_its_own_speed_and_its_line_at_the_agreed_one(pico: SimulatedPico) -> None:
    PicoHost(pico)
    facts = pico.facts()
    assert facts["system_hz"] == 125_000_000
    assert facts["baud"] == pytest.approx(115_200, rel=0.001)
    assert facts["usb_connected_ns"] is not None
    assert facts["watchdog_resets"] == 0


def test_replies_follow_the_host_from_one_line_to_the_other(pico: SimulatedPico) -> None:
    for line in ("usb", "uart", "usb"):
        host = PicoHost(pico, line)
        assert host.ask("ping", token=7).number("token") == 7


def test_a_host_that_sends_faster_than_it_reads_loses_nothing_by_usb(pico: SimulatedPico) -> None:
    host = PicoHost(pico, "usb")
    for token in range(200):
        host.send(host.wire.frame("ping", token=token))
    host.run(200_000)
    replies = host.replies()
    state = host.ask("query")
    # What the board has no room to say is dropped whole, and counted; what it says is in order.
    tokens = [reply.number("token") for reply in replies]
    assert tokens == sorted(set(tokens))
    assert len(tokens) + state.number("overruns") == 200
    assert state.number("bad_frames") == 0


def test_noise_on_both_lines_is_survived(pico: SimulatedPico) -> None:
    noise = random.Random(5)
    for line in ("uart", "usb"):
        pico.send(bytes(noise.randrange(256) for _ in range(2000)), pico.now_us + 10, line)
    host = PicoHost(pico, "usb")
    host.run(300_000)
    host.send(b"\0")
    host.run(1000)
    state = host.ask("query")
    assert state.number("bad_frames") > 0
    assert state.number("attached_mask") == 0
    assert pico.facts()["watchdog_resets"] == 0


@pytest.mark.parametrize(("pin", "flag"), [(STALL_PIN, "stalled"), (HOT_PIN, "hot")])
def test_an_alarm_input_that_goes_low_stops_the_servos(pico: SimulatedPico, pin: int, flag: str) -> None:
    host = PicoHost(pico)
    assert host.status("attach", mask=1) == "ok"
    assert host.run(100_000)
    pico.drive(pin, False)
    host.run(2_500_000)
    assert host.run(200_000) == []
    assert host.ask("query").number("flags") & FLAGS[flag]
    assert host.status("attach", mask=1) == "alarm"


def test_the_pico_says_who_it_is(pico: SimulatedPico) -> None:
    PicoHost(pico)
    device = pico.request(GET_DEVICE)
    assert device is not None
    assert len(device) == device[0] == 18
    assert device[8:12] == bytes.fromhex("8a2e0a00")
    configuration = pico.request(GET_CONFIGURATION)
    assert configuration is not None
    assert len(configuration) == int.from_bytes(configuration[2:4], "little") > BULK_PACKET_BYTES
    parts = []
    while configuration:
        parts.append(configuration[: configuration[0]])
        configuration = configuration[configuration[0] :]
    assert [part[1] for part in parts] == [2, 4, 0x24, 0x24, 0x24, 0x24, 5, 4, 5, 5]
    serial = pico.request(GET_SERIAL)
    assert serial is not None
    assert serial[2:].decode("utf-16-le") == UNIQUE_ID


def test_a_descriptor_is_cut_to_what_was_asked_for(pico: SimulatedPico) -> None:
    PicoHost(pico)
    whole = pico.request(GET_CONFIGURATION)
    assert whole is not None
    for length in (1, 9, 63, 64, 65, 67):
        asked = GET_CONFIGURATION[:6] + length.to_bytes(2, "little")
        assert pico.request(asked) == whole[:length]


def test_requests_the_pico_does_not_know_are_refused_and_leave_it_well(pico: SimulatedPico) -> None:
    chance = random.Random(11)
    host = PicoHost(pico, "usb")
    kept = {
        0x05,
        0x09,
    }  # an address or a configuration that the host itself does not know of would end all talk
    refused = 0
    for _ in range(300):
        setup = bytearray(chance.randrange(256) for _ in range(8))
        setup[0] = chance.choice((0x80, 0x81, 0x82, 0xA1, 0xC0, setup[0]))
        setup[1] = chance.choice((0, 6, 8, 10, 0x21, setup[1]))
        if setup[1] not in kept and setup[0] & 0x80:
            refused += pico.request(bytes(setup)) is None
    assert refused > 50
    # A halt that one of them may have put on an endpoint is lifted as a host lifts it.
    for endpoint in (0x02, 0x82):
        assert pico.request(bytes([0x02, 1, 0, 0, endpoint, 0, 0, 0])) == b""
    assert host.ask("ping", token=3).number("token") == 3


def test_the_line_s_settings_are_kept_and_a_touch_at_1200_baud_starts_the_boot_loader(
    pico: SimulatedPico,
) -> None:
    host = PicoHost(pico, "usb")
    get, opened, closed = bytes.fromhex("a1 21 00 00 00 00 07 00"), b"\x21\x22\x01", b"\x21\x22\x00"
    coding = (1200).to_bytes(4, "little") + bytes([0, 0, 8])
    assert pico.request(get) == (115_200).to_bytes(4, "little") + bytes([0, 0, 8])
    assert pico.request(bytes.fromhex("21 20 00 00 00 00 07 00"), coding) == b""
    assert pico.request(get) == coding
    assert host.status("attach", mask=1) == "ok"
    for state in (opened, closed):
        assert pico.request(state.ljust(8, b"\0")) == b""
    assert not pico.facts()["in_boot_loader"]  # never while servos may be holding something
    assert host.status("detach", mask=1) == "ok"
    for state in (opened, closed):
        assert pico.request(state.ljust(8, b"\0")) == b""
    assert pico.facts()["in_boot_loader"]


def test_the_next_computer_at_the_cable_gets_to_know_the_pico_afresh(pico: SimulatedPico) -> None:
    host = PicoHost(pico, "usb")
    host.send(host.wire.frame("ping", token=1)[:6])  # the first one leaves in the middle of a word
    host.run(1000)
    for _ in range(3):
        host.send(host.wire.frame("query"))
    pico.replug()
    pico.advance(pico.now_us + 1000)
    pico.received()
    host = PicoHost(pico, "usb")
    assert pico.facts()["usb_connected_ns"] is not None
    assert host.ask("ping", token=2).number("token") == 2
    assert pico.facts()["watchdog_resets"] == 0


def test_a_pico_without_a_cable_serves_its_uart() -> None:
    with SimulatedPico(SLOTS) as board:
        host = PicoHost(board)
        assert host.ask("ping", token=9).number("token") == 9
        assert board.facts()["usb_connected_ns"] is None
