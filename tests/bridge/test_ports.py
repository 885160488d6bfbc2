"""Naming and opening ports: every failure names the remedy."""

from __future__ import annotations

import errno
import os
import pty
import select
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from mandible.errors import DeviceError, InputError
from mandible.firmware_bridge.port_url import PortUrl, parse_port_url
from mandible.firmware_bridge.ports import SerialPort, open_port


@pytest.fixture
def cable() -> Iterator[tuple[int, str]]:
    """Yield a terminal's master descriptor and the path of its other end."""
    master, slave = pty.openpty()
    try:
        yield master, os.ttyname(slave)
    finally:
        os.close(slave)
        os.close(master)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("virtual:", ("virtual", "", 115_200)),
        ("virtual:/tmp/board", ("virtual", "/tmp/board", 115_200)),
        ("virtual:board", ("virtual", "board", 115_200)),
        ("serial:///dev/ttyACM0", ("serial", "/dev/ttyACM0", 115_200)),
        ("serial:///dev/ttyUSB1?baud=500000", ("serial", "/dev/ttyUSB1", 500_000)),
        ("none:", ("none", "", 115_200)),
        ("fake:", ("fake", "", 115_200)),
    ],
)
def test_port_urls(text: str, parts: tuple[str, str, int]) -> None:
    assert parse_port_url(text) == PortUrl(text, *parts)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("/dev/ttyACM0", "--port /dev/ttyACM0: write serial:///dev/ttyACM0"),
        ("ttyUSB0", "--port ttyUSB0: write serial:///dev/ttyUSB0"),
        ("seriel:///dev/ttyACM0", "not a port URL this version knows; did you mean serial?"),
        ("COM3", "not a port URL this version knows; known: virtual, serial, fake, none"),
        ("serial://dev/ttyACM0", "needs three slashes and its path: serial:///dev/ttyACM0?baud=115200"),
        ("serial:", "needs three slashes and its path"),
        ("serial:///dev/ttyACM0?bawd=9600", "unknown option bawd; write serial:///dev/ttyACM0?baud=115200"),
        ("serial:///dev/ttyACM0?baud=fast", "baud = fast is not a rate; it takes 1200 to 4000000"),
        ("serial:///dev/ttyACM0?baud=10", "baud = 10 is not a rate"),
        ("virtual:?baud=9600", "unknown option baud; write virtual: or virtual:PATH"),
        ("virtual://tmp/board", "this form is not known; write virtual: or virtual:PATH"),
        ("none:x", "this form is not known; write none:"),
        ("serial://[x", "not a port URL; the forms are virtual: or virtual:PATH, serial:///dev/ttyACM0"),
        ("/dev/my board", "write 'serial:///dev/my board'"),
    ],
)
def test_a_wrong_port_url_shows_the_right_form(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_port_url(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bytes_go_both_ways_through_a_terminal(cable: tuple[int, str]) -> None:
    master, path = cable
    port = open_port(parse_port_url(f"serial://{path}"))
    assert port.read() == b""
    assert port.write(b"\x00\x11\x13\x03\xff") == 5
    assert os.read(master, 100) == b"\x00\x11\x13\x03\xff"
    os.write(master, b"\x00\r\n")
    assert select.select([port.fileno()], [], [], 5)[0]
    assert port.read() == b"\x00\r\n"
    port.close()


def test_an_absent_port_says_so(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match=r"ttyNone: no such port; plug the board in") as caught:
        SerialPort(str(tmp_path / "ttyNone"), 115_200)
    assert caught.value.exit_code == 3


def test_a_busy_port_says_so(cable: tuple[int, str]) -> None:
    first = SerialPort(cable[1], 115_200)
    with pytest.raises(DeviceError, match="the port is busy; close the program that has it open"):
        SerialPort(cable[1], 115_200)
    first.close()
    SerialPort(cable[1], 115_200).close()


def test_a_file_is_no_port(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    with pytest.raises(DeviceError, match="file: not a serial port; mandible devices lists those there are"):
        SerialPort(str(file), 115_200)


def test_a_forbidden_port_names_the_group(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise serial.SerialException(errno.EACCES, "could not open port")

    # Tests may run as root, to whom nothing is forbidden.
    monkeypatch.setattr(serial, "Serial", refuse)
    with pytest.raises(DeviceError, match=r"no permission; run: sudo usermod -a -G dialout \$USER"):
        SerialPort("/dev/ttyACM0", 115_200)


def test_a_terminal_s_own_error_is_one_of_a_port(
    monkeypatch: pytest.MonkeyPatch, cable: tuple[int, str]
) -> None:
    def refuse(*_: object) -> None:
        raise termios.error(errno.EIO, "Input/output error")

    port = SerialPort(cable[1], 115_200)
    monkeypatch.setattr(port._device, "close", refuse)
    port.close()
    os.close(port.fileno())
    monkeypatch.setattr(termios, "tcsetattr", refuse)
    with pytest.raises(DeviceError, match="no such port; plug the board in"):
        SerialPort(cable[1], 115_200)


def test_a_port_whose_other_end_is_gone_raises_oserror_on_read_and_write() -> None:
    master, slave = pty.openpty()
    port = SerialPort(os.ttyname(slave), 115_200)
    os.close(slave)
    os.close(master)
    with pytest.raises(OSError, match=r"hung up|Input/output"):
        port.read()
    with pytest.raises(OSError, match="Input/output"):
        port.write(b"x")
    port.close()


def test_bytes_that_come_between_looking_and_reading_are_no_hang_up(
    cable: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    master, path = cable
    port = SerialPort(path, 115_200)
    look = select.select

    def look_a_little_later(*watched: list[int], **_: object) -> tuple[list[int], list[int], list[int]]:
        os.write(master, b"just now")
        return look([port.fileno()], [], [], 5)

    monkeypatch.setattr("mandible.firmware_bridge.ports.select.select", look_a_little_later)
    assert port.read() == b"just now"
    port.close()


def test_none_leads_to_no_board() -> None:
    with pytest.raises(DeviceError, match="none: leads to no board"):
        open_port(parse_port_url("none:"))


def test_a_path_longer_than_any_is_no_port() -> None:
    with pytest.raises(DeviceError, match="no such port"):
        open_port(parse_port_url(f"maestro:///{'a' * 300}"))
