"""What is on this serial port? Questions that move nothing, on whatever it is.

They are asked in this order, and nothing more is asked once something has answered. Why they are harmless:

1. Maestro, ``AA 0C 21`` and ``A1`` ("get errors", each also with its CRC byte). Comes first because a Maestro
   takes any command it does not know for an error and goes to its home positions; the later questions are
   such. The CRC byte is sent only after silence: it completes the command of a Maestro that wants one.
   Elsewhere: no header of a Dynamixel or Feetech packet (``FF FF``), no ``#`` and no end of a line for an
   SSC-32, no delimiter for our firmware, no command Firmata knows (those begin with 9, C, D, E or F).
2. Our firmware, a ``hello`` with a number chosen so that no byte is above 0x7F, a ``#``, an end of a line or
   an escape: to all the others it is stray data.
3. SSC-32, escape (which throws away a half line that an earlier program left; a bare end of line would carry
   it out) and ``VER``. Comes before anything with ``FF``, because an SSC-32 and a Maestro take ``FF channel
   position`` for a Mini SSC move. To Firmata and to bus servos this is stray data.
4. Firmata, ``F0 79 F7`` (report firmware). Comes before ``FF``, its system reset.
5. Dynamixel, protocol 2 ping to all: read as Mini SSC it names channel 253, which neither board has. Feetech
   ignores it: no servo has a packet of length 0.
6. Feetech, ping to all: read as Mini SSC it names channel 254. Several servos answer at once, and what
   arrives may be garbled: then nothing is recognised. A ping to one small id is never sent here: ``FF 01 02``
   would be a Mini SSC move of servo 1 on a board that cannot answer. (Dynamixel servos with protocol 1 have
   the same packets as Feetech's, and are taken for them.)

A Maestro wired for receiving only cannot be recognised; 4 to 6 then send it to its home positions, which are
off unless its owner chose otherwise.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mandible.errors import DeviceError
from mandible.firmware_bridge import cobs
from mandible.firmware_bridge.crc import crc16
from mandible.firmware_bridge.drivers import feetech_packets, maestro_packets
from mandible.firmware_bridge.drivers.facts import facts
from mandible.firmware_bridge.drivers.wire import Wire
from mandible.firmware_bridge.greeting import HELLO
from mandible.firmware_bridge.port_url import PortUrl
from mandible.firmware_bridge.protocol import encode

MAESTRO = "a Pololu Maestro"
MANDIBLE = "a board with mandible's firmware"
SSC32 = "an SSC-32"
FIRMATA = "a board with Firmata"
DYNAMIXEL = "a Dynamixel servo"
FEETECH = "a Feetech servo"

_SSC32 = facts("ssc32")
_FIRMATA = facts("firmata")
# Protocol 2.0, "Ping", example 2.
_DYNAMIXEL_PING = bytes.fromhex("FF FF FD 00 FE 03 00 01 31 42")
_DYNAMIXEL_HEADER = b"\xff\xff\xfd\x00"
_DYNAMIXEL_STATUS = 0x55

# In all, under two seconds. USB adapters keep bytes back for 16 ms; at 9600 baud a version takes as long.
_MAESTRO_S = 0.08
_SILENCE_S = 0.03
_TEXT_S = 0.15
_BUS_S = 0.1
# Opening the port restarts an Arduino, which is deaf for a while: those two are asked again at the end.
_ASKED_AGAIN_S = 1.45

_BOARD_TYPES_FROM = 0x80
_UNWELCOME = frozenset(b"#\r\x1b") | frozenset(range(0x80, 0x100))


def _clean_hello() -> bytes:
    """Return a ``hello`` that no text or MIDI-like protocol takes for anything."""
    frames = (encode("hello", seq, **HELLO) for seq in range(256))
    return next(frame for frame in frames if not _UNWELCOME & frozenset(frame))


_HELLO = _clean_hello()


def understands_ssc32(heard: bytes) -> bool | None:
    """Return True if ``heard`` holds an SSC-32's version, else None."""
    return True if _SSC32["version_prefix"].encode() in heard.replace(b"-", b"") else None


def understands_firmata(heard: bytes) -> bool | None:
    """Return True if ``heard`` holds a whole firmware report of Firmata, else None."""
    start = bytes((_FIRMATA["byte"]["start_sysex"], _FIRMATA["sysex"]["report_firmware"]))
    _, found, rest = heard.partition(start)
    report, ended, _ = rest.partition(bytes((_FIRMATA["byte"]["end_sysex"],)))
    # Two bytes of version at least: our own question coming back has none.
    return True if found and ended and len(report) >= 2 else None


def understands_mandible(heard: bytes) -> bool | None:
    """Return True if ``heard`` holds any right frame of a board, whatever its version, else None."""
    for block in heard.split(b"\x00"):
        plain = cobs.decode(block) or b""
        right = len(plain) >= 4 and crc16(plain[:-2]) == int.from_bytes(plain[-2:], "little")
        if right and plain[0] >= _BOARD_TYPES_FROM:
            return True
    return None


def understands_dynamixel(heard: bytes) -> bool | None:
    """Return True if ``heard`` holds the start of a status packet of protocol 2.0, else None."""
    at = heard.find(_DYNAMIXEL_HEADER)
    while at >= 0:
        if heard[at + 7 : at + 8] == bytes((_DYNAMIXEL_STATUS,)):
            return True
        at = heard.find(_DYNAMIXEL_HEADER, at + 1)
    return None


def _understands_feetech(heard: bytes) -> bool | None:
    return True if feetech_packets.statuses(heard) else None


def ask_maestro(wire: Wire, questions: Sequence[bytes]) -> int | None:
    """Return which of ``questions`` gets the two bytes of an error register and nothing else; None: none.

    A Maestro speaks only when asked: on a line where bytes keep coming there is none.
    """
    wire.discard()
    if wire.listen(lambda heard: heard or None, _SILENCE_S):
        return None
    for index, question in enumerate(questions):
        register = wire.ask(question, lambda heard: heard if len(heard) >= 2 else None, _MAESTRO_S)
        if register is not None:
            more = wire.listen(lambda heard: heard or None, _SILENCE_S)
            return index if more is None and maestro_packets.is_error_register(register) else None
    return None


def _maestro(wire: Wire) -> bool:
    return ask_maestro(wire, maestro_packets.harmless_questions(None)) is not None


def _mandible(wire: Wire) -> bool:
    return wire.ask(_HELLO, understands_mandible, _TEXT_S) is not None


def _ssc32(wire: Wire) -> bool:
    question = _SSC32["cancel"] + _SSC32["version_query"]
    return wire.ask(question.encode(), understands_ssc32, _TEXT_S) is not None


def _firmata(wire: Wire) -> bool:
    question = (
        _FIRMATA["byte"]["start_sysex"],
        _FIRMATA["sysex"]["report_firmware"],
        _FIRMATA["byte"]["end_sysex"],
    )
    return wire.ask(bytes(question), understands_firmata, _TEXT_S) is not None


def _dynamixel(wire: Wire) -> bool:
    return wire.ask(_DYNAMIXEL_PING, understands_dynamixel, _BUS_S) is not None


def _feetech(wire: Wire) -> bool:
    question = feetech_packets.ping(feetech_packets.BROADCAST)
    return wire.ask(question, _understands_feetech, _BUS_S) is not None


@dataclass(frozen=True, slots=True)
class _Kind:
    asks: Callable[[Wire], bool]
    form: str


# In the order in which they are asked.
_KINDS = {
    MAESTRO: _Kind(_maestro, "maestro://{path}"),
    MANDIBLE: _Kind(_mandible, "serial://{path}"),
    SSC32: _Kind(_ssc32, "ssc32://{path}?baud={baud}"),
    FIRMATA: _Kind(_firmata, "firmata://{path}?baud={baud}&pins=2,3,4"),
    DYNAMIXEL: _Kind(_dynamixel, "dynamixel://{path}?baud={baud}&ids=1,2"),
    FEETECH: _Kind(_feetech, "feetech://{path}?baud={baud}&ids=1,2"),
}
_SLOW_TO_START = (MANDIBLE, FIRMATA)


def recognise(path: str, baud: int) -> str | None:
    """Return what answers on the tty ``path`` at ``baud``, as in ``a Pololu Maestro``; None: nothing known.

    Takes less than two seconds and moves nothing. Raises DeviceError where the port cannot be opened.
    """
    wire = Wire(path, baud)
    try:
        return _first_to_answer(wire, list(_KINDS), patient=True)
    except OSError:
        return None
    finally:
        wire.close()


def rule_out_others(wire: Wire, url: PortUrl, kind: str) -> None:
    """Ask for everything that must not hear the questions meant for ``kind``; DeviceError if one answers."""
    names = list(_KINDS)
    other = _first_to_answer(wire, names[: names.index(kind)])
    if other is not None:
        raise wrong_device(url.path, url.baud, other)


def no_answer(wire: Wire, url: PortUrl, kind: str, remedy: str) -> DeviceError:
    """Return the error for a port on which ``kind`` does not answer, with the name of what does."""
    names = list(_KINDS)
    other = _first_to_answer(wire, names[names.index(kind) + 1 :])
    return (
        DeviceError(f"{url.path}: no answer; {remedy}")
        if other is None
        else wrong_device(url.path, url.baud, other)
    )


def wrong_device(path: str, baud: int, other: str) -> DeviceError:
    """Return the error for a port on which something else answers."""
    form = _KINDS[other].form.format(path=path, baud=baud)
    return DeviceError(f"{path}: this answers like {other}; write {form}")


def _first_to_answer(wire: Wire, names: list[str], patient: bool = False) -> str | None:
    began_s = time.monotonic()
    for name in names:
        if _KINDS[name].asks(wire):
            return name
    if not patient:
        return None
    # Firmata reports itself when it has started.
    if wire.listen(understands_firmata, began_s + _ASKED_AGAIN_S - time.monotonic()):
        return FIRMATA
    return next((name for name in _SLOW_TO_START if _KINDS[name].asks(wire)), None)
