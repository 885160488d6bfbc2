"""Finding a board by what its USB plug says, on whatever tty it came back."""

from __future__ import annotations

from collections.abc import Sequence

from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from mandible.errors import DeviceError
from mandible.firmware_bridge.port_url import PortUrl
from mandible.wording import shortened


def usb_tty(url: PortUrl) -> str:
    """Return the path of the one tty that ``usb:VID:PID[:SERIAL]`` means now.

    Raises DeviceError, which names the candidates, where there is none or more than one.
    """
    plugged_in = [port for port in list_ports.comports() if port.vid is not None]
    matching = [port for port in plugged_in if _matches(port, url)]
    if len(matching) == 1:
        return str(matching[0].device)
    if matching:
        raise DeviceError(
            f"{url.text}: {len(matching)} boards are called so; write {_listed(matching, ' or ')}"
        )
    there = f"there are {_listed(plugged_in, ', ')}" if plugged_in else "no USB serial port is plugged in"
    raise DeviceError(f"{url.text}: no such board; plug it in ({there})")


def _matches(port: ListPortInfo, url: PortUrl) -> bool:
    if (port.vid, port.pid) != (url.options["vendor"], url.options["product"]):
        return False
    # By itself or in full: boards without a serial number of their own exist.
    return url.options.get("serial") in (None, port.serial_number)


def _listed(ports: Sequence[ListPortInfo], between: str) -> str:
    serials = [port.serial_number for port in ports]
    return between.join(_named(port, serials.count(port.serial_number) == 1) for port in sorted(ports))


def _named(port: ListPortInfo, unmistakable: bool) -> str:
    """Return the URL that means ``port`` alone."""
    if port.serial_number and unmistakable:
        return f"usb:{port.vid:04x}:{port.pid:04x}:{shortened(port.serial_number)} ({port.device})"
    return f"serial://{port.device}"
