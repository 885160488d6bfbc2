"""DMX over Art-Net: bytes as the standard has them, and what another library makes of them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from stupidArtnet import StupidArtnet, StupidArtnetServer

from mandible.firmware_bridge.drivers.driver import Driver
from mandible.firmware_bridge.drivers.registry import open_driver
from mandible.firmware_bridge.port_url import parse_port_url

_HOST = "127.0.85.2"
_REST = (0,) * 9
_GIVE_UP_S = 5.0


def _open(text: str) -> Driver:
    return open_driver(parse_port_url(text))


@pytest.fixture
def art_wire() -> Iterator[socket.socket]:
    """Yield a socket that hears Art-Net."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.settimeout(_GIVE_UP_S)
        ear.bind((_HOST, 6454))
        yield ear


def test_art_net_bytes_are_those_of_an_artdmx_packet(art_wire: socket.socket) -> None:
    driver = _open(f"artnet://{_HOST}?universe=291&servos=3")
    driver.give((2500, 500, 1500, *_REST))
    packet = art_wire.recv(2000)
    # ID, OpDmx 0x5000 low byte first, version 14 high byte first, sequence, physical, SubUni, Net, length.
    assert packet[:18] == b"Art-Net\0" + bytes.fromhex("0050 000e 01 00 23 01 0200")
    assert packet[18:22] == bytes((255, 0, 128, 0))
    assert len(packet) == 18 + 512
    driver.close()


def test_art_net_is_what_another_sender_sends(art_wire: socket.socket) -> None:
    library = StupidArtnet(_HOST, universe=5, packet_size=512)
    library.set(bytes((255, 0, 128)) + bytes(509))
    library.show()
    theirs = art_wire.recv(2000)
    library.close()
    driver = _open(f"artnet://{_HOST}?universe=5&servos=3")
    driver.give((2500, 500, 1500, *_REST))
    ours = art_wire.recv(2000)
    driver.close()
    # But for the sequence number, where the library begins with "not used".
    assert ours[:12] + ours[13:] == theirs[:12] + theirs[13:]


def test_the_sequence_of_art_net_leaves_out_zero(art_wire: socket.socket) -> None:
    driver = _open(f"artnet://{_HOST}")
    seen = []
    for index in range(257):
        driver.give((1000 + index,) * 12)
        seen.append(art_wire.recv(2000)[12])
    assert seen == [*range(1, 256), 1, 2]
    driver.close()


def test_an_art_net_receiver_sees_the_mouth_move() -> None:
    heard: list[list[int]] = []
    moved = threading.Event()

    def hear(slots: list[int]) -> None:
        heard.append(slots[:2])
        if slots[:2] == [255, 128]:
            moved.set()

    library = StupidArtnetServer()
    library.register_listener(universe=7, callback_function=hear)
    driver = _open("artnet://127.0.0.1?universe=7")
    # Its thread may not listen yet.
    for _ in range(100):
        driver.give((2500, 1500, 0, *_REST))
        if moved.wait(0.05):
            break
    assert heard[-1] == [255, 128]
    driver.close()
    library.listen = False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last_word:
        last_word.sendto(b"", ("127.0.0.1", 6454))
