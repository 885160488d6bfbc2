"""DMX over sACN: bytes as the standard has them, and what the library's own receiver makes of them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence

import pytest
import sacn

from mandible.errors import DeviceError
from mandible.firmware_bridge.drivers.driver import Driver
from mandible.firmware_bridge.drivers.registry import open_driver
from mandible.firmware_bridge.drivers.sacn import multicast_group
from mandible.firmware_bridge.port_url import parse_port_url

# Of this file's own: several receivers on one computer share a port only at addresses of their own.
_HOST = "127.0.85.1"
_REST = (0,) * 9
_GIVE_UP_S = 5.0


def _open(text: str) -> Driver:
    return open_driver(parse_port_url(text))


def _listening(port: int) -> socket.socket:
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ear.settimeout(_GIVE_UP_S)
    ear.bind((_HOST, port))
    return ear


@pytest.fixture
def acn_wire() -> Iterator[socket.socket]:
    """Yield a socket that hears sACN."""
    with _listening(5568) as ear:
        yield ear


class _Receiver:
    """The sacn library's own receiver on this computer."""

    def __init__(self, universe: int = 1) -> None:
        self.changed = threading.Condition()
        self.slots: Sequence[int] = ()
        self.events: list[str] = []
        self._library = sacn.sACNreceiver(bind_address=_HOST)
        self._library.register_listener("universe", self._hear, universe=universe)
        self._library.register_listener("availability", self._note)
        self._library.start()

    def _hear(self, packet: sacn.DataPacket) -> None:
        with self.changed:
            self.slots = packet.dmxData
            self.changed.notify_all()

    def _note(self, universe: int, changed: str) -> None:
        with self.changed:
            self.events.append(f"{universe} {changed}")
            self.changed.notify_all()

    def wait_for_slots(self, *wanted: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: tuple(self.slots[: len(wanted)]) == wanted, _GIVE_UP_S)

    def wait_for_event(self, event: str) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: event in self.events, _GIVE_UP_S)

    def stop(self) -> None:
        self._library.stop()


@pytest.fixture
def receiver() -> Iterator[_Receiver]:
    """Yield a receiver of universe 1."""
    one = _Receiver()
    yield one
    one.stop()


def test_sacn_bytes_are_those_of_e1_31(acn_wire: socket.socket) -> None:
    driver = _open(f"sacn://{_HOST}?universe=258&priority=120&servos=3")
    driver.give((2500, 500, 1500, *_REST))
    packet = acn_wire.recv(2000)
    assert len(packet) == 638
    # ANSI E1.31-2016, table 4-1. Root layer: sizes, identifier, flags and length 0x26E, vector, then the CID.
    assert packet[:22] == bytes.fromhex("0010 0000 4153432d45312e3137000000 726e 00000004")
    # Framing layer: flags and length 0x258, vector 2, source name, priority, sync address, sequence number,
    # options, universe.
    assert packet[38:44] == bytes.fromhex("7258 00000002")
    assert packet[44:108] == b"mandible".ljust(64, b"\0")
    assert packet[108:115] == bytes((120, 0, 0, 0, 0, 1, 2))
    # DMP layer: flags and length 0x20B, vector 2, address type, first address, increment, count, START code.
    assert packet[115:126] == bytes.fromhex("720b 02 a1 0000 0001 0201 00")
    assert packet[126:130] == bytes((255, 0, 128, 0))
    driver.close()
    # Section 6.2.6: Stream_Terminated is bit 6 of the options, in three packets.
    assert [acn_wire.recv(2000)[111:113] for _ in range(3)] == [b"\x01\x40", b"\x02\x40", b"\x03\x40"]


def test_sacn_s_own_receiver_sees_the_mouth_move_and_the_stream_end(receiver: _Receiver) -> None:
    driver = _open(f"sacn://{_HOST}?universe=1&servos=2")
    for pulse_us, level in ((500, 0), (1500, 128), (2500, 255)):
        driver.give((pulse_us, 2500, 0, *_REST))
        receiver.wait_for_slots(level, 255, 0)
    driver.close()
    receiver.wait_for_event("1 timeout")
    assert receiver.events[0] == "1 available"


def test_sixteen_bits_are_coarse_and_fine(receiver: _Receiver) -> None:
    driver = _open(f"sacn://{_HOST}?bits=16&first=3&servos=3&low_us=1000&high_us=2000")
    driver.give((1500, 2000, 1001, *_REST))
    receiver.wait_for_slots(0, 0, 0x80, 0x00, 0xFF, 0xFF, 0x00, 0x42, 0)
    driver.give((3000, 100, 1001, *_REST))
    receiver.wait_for_slots(0, 0, 0xFF, 0xFF, 0, 0, 0x00, 0x42, 0)
    driver.close()


def test_nothing_is_sent_before_the_first_pulse(acn_wire: socket.socket) -> None:
    driver = _open(f"sacn://{_HOST}")
    for _ in range(5):
        driver.give((0,) * 12)
    driver.give((500,) * 12)
    driver.close()
    assert acn_wire.recv(2000)[111] == 0


@pytest.mark.parametrize(("off", "level"), [("hold", 128), ("zero", 0)])
def test_no_pulse_holds_or_is_zero(receiver: _Receiver, off: str, level: int) -> None:
    driver = _open(f"sacn://{_HOST}?off={off}")
    driver.give((1500, 1500, 0, *_REST))
    receiver.wait_for_slots(128, 128)
    driver.give((0, 2500, 0, *_REST))
    receiver.wait_for_slots(level, 255)
    driver.close()


@pytest.mark.parametrize(("options", "level"), [("", 128), ("rest_us=1700", 153), ("off=zero", 0)])
def test_a_servo_without_a_pulse_so_far_is_not_sent_to_the_end_of_its_travel(
    receiver: _Receiver, options: str, level: int
) -> None:
    # As when one servo after the other is calibrated.
    driver = _open(f"sacn://{_HOST}?servos=3&{options}")
    driver.give((0, 2500, 0, *_REST))
    receiver.wait_for_slots(level, 255, level, 0)
    driver.close()


@pytest.mark.parametrize("scheme", ["sacn", "artnet"])
def test_a_universe_has_one_sender_on_a_computer(scheme: str) -> None:
    first = _open(f"{scheme}://{_HOST}?first=1")
    with pytest.raises(DeviceError, match="another mandible moves this one; end that first"):
        _open(f"{scheme}://{_HOST}?first=100")
    _open(f"{scheme}://{_HOST}?universe=2").close()
    first.close()
    _open(f"{scheme}://{_HOST}").close()


def test_a_restarted_stream_is_the_same_source(acn_wire: socket.socket) -> None:
    names = []
    for _ in range(2):
        driver = _open(f"sacn://{_HOST}")
        driver.give((1500,) * 12)
        names.append(acn_wire.recv(2000)[22:38])
        driver.close()
        for _ in range(3):
            acn_wire.recv(2000)
    other = _open(f"sacn://{_HOST}?universe=2")
    other.give((1500,) * 12)
    assert names[0] == names[1] != acn_wire.recv(2000)[22:38]
    other.close()


def test_a_group_is_that_of_its_universe(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (multicast_group(1), multicast_group(258)) == ("239.255.0.1", "239.255.1.2")
    with pytest.raises(DeviceError, match=r"universe 2 is sent to 239\.255\.0\.2; write that"):
        _open("sacn://239.255.0.1?universe=2")


def test_a_group_hears_the_stream_and_who_sends_it() -> None:
    driver = _open("sacn://239.255.77.88?universe=19800")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        ear.settimeout(_GIVE_UP_S)
        ear.bind(("", 5568))
        for group in ("239.255.77.88", "239.255.250.214"):
            joined = socket.inet_aton(group) + socket.inet_aton("127.0.0.1")
            ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, joined)
        _through_loopback(driver)
        driver.give((2500,) * 12)
        packets = [ear.recv(2000), ear.recv(2000)]
    driver.close()
    data = next(packet for packet in packets if len(packet) == 638)
    assert data[113:115] == (19800).to_bytes(2, "big")
    assert data[126:138] == b"\xff" * 12
    # Universe discovery (section 8): vector 8, of the extended packets, with a list of this one universe.
    discovery = next(packet for packet in packets if len(packet) == 122)
    assert discovery[18:22] == bytes.fromhex("00000008")
    assert discovery[120:] == (19800).to_bytes(2, "big")


def _through_loopback(driver: Driver) -> None:
    ours = driver._sender._socket  # type: ignore[attr-defined]
    ours.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))


@pytest.mark.parametrize("scheme", ["sacn", "artnet"])
def test_both_say_what_they_do_when_all_else_fails(scheme: str) -> None:
    driver = _open(f"{scheme}://{_HOST}?first=507")
    assert (driver.host_loss, driver.computer_loss) == ("ramp", "hold")
    assert driver.outputs == 6
    driver.close()


@pytest.mark.parametrize("scheme", ["sacn", "artnet"])
def test_a_network_that_is_gone_raises_oserror(scheme: str) -> None:
    driver = _open(f"{scheme}://192.0.2.1")
    # From loopback no way leads out of this computer, as without a network.
    driver._sender._socket.bind(("127.0.0.1", 0))  # type: ignore[attr-defined]
    with pytest.raises(OSError, match=r"Invalid argument|unreachable"):
        driver.give((1500,) * 12)
    driver.close()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sacn://no-such-host.invalid", "the network knows no no-such-host.invalid"),
        ("artnet://239.255.0.1", "Art-Net has no multicast; write the node's own address"),
        ("sacn://127.0.0.1?first=512&bits=16", "a servo of 16 bits has two addresses; first is at most 511"),
    ],
)
def test_what_cannot_be_is_one_line(text: str, message: str) -> None:
    with pytest.raises(DeviceError, match=message) as caught:
        _open(text)
    assert caught.value.exit_code == 3
    assert "\n" not in str(caught.value)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sacn.messages", "sacn.messages.data_packet"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    with pytest.raises(DeviceError, match="needs the package sacn; run: pip install sacn"):
        _open("sacn://127.0.0.1")
