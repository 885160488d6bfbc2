"""Asking a board that was just flashed who it is. Nothing moves: the one message sent is a greeting."""

from __future__ import annotations

import select
import time

from mandible.errors import DeviceError
from mandible.firmware_bridge.board_report import BoardIdentity
from mandible.firmware_bridge.greeting import HELLO
from mandible.firmware_bridge.port_url import PortUrl
from mandible.firmware_bridge.ports import Port, open_port
from mandible.firmware_bridge.protocol import Decoder, encode

# A boot loader waits up to 2 s before it starts the program; a USB port of its own takes a while to be back.
LIMIT_S = 10.0
_ASK_S = 0.25


def hail(url: PortUrl, limit_s: float = LIMIT_S) -> BoardIdentity:
    """Return what the board at ``url`` says of itself; DeviceError if it says nothing within ``limit_s``."""
    until_s = time.monotonic() + limit_s
    while True:
        try:
            port = open_port(url)
        except DeviceError:
            if time.monotonic() > until_s:
                raise
            time.sleep(_ASK_S)
            continue
        try:
            return _ask(port, url, until_s)
        except OSError as error:  # it went away to come back: a boot loader that starts the program
            if time.monotonic() > until_s:
                raise DeviceError(f"{url.text}: the port went away; check the cable ({error})") from error
        finally:
            port.close()


def _ask(port: Port, url: PortUrl, until_s: float) -> BoardIdentity:
    decoder = Decoder()
    asked_s = -_ASK_S
    seq = 0
    while (now_s := time.monotonic()) < until_s:
        if now_s - asked_s >= _ASK_S:
            port.write(encode("hello", seq, **HELLO))
            asked_s, seq = now_s, (seq + 1) & 0xFF
        select.select([port.fileno()], [], [], _ASK_S)
        for message in decoder.feed(port.read()):
            if message.name == "welcome":
                return BoardIdentity.of(message)
    raise DeviceError(
        f"{url.text}: written, but the board does not answer at {url.baud} baud; unplug it, plug it in, and "
        "see: mandible devices"
    )
