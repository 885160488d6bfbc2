"""Packets of Feetech's STS and SCS bus servos (communication protocol manual, sections 1.1 to 1.3).

Written here because both packages that carry the maker's SDK install the module ``scservo_sdk``, with
different classes in it, and both wait without end for a servo while others flood the line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mandible.firmware_bridge.drivers.facts import facts

FACTS = facts("feetech")
BROADCAST: int = FACTS["broadcast_id"]
_HEADER = bytes((FACTS["header"],) * 2)
_INSTRUCTION = FACTS["instruction"]
# Header, id, length, status, checksum.
_SHORTEST = 6


@dataclass(frozen=True, slots=True)
class Status:
    """A servo's answer: ``errors`` as bits of ``feetech.toml``, and what it was asked for."""

    servo_id: int
    errors: int
    data: bytes


def packet(servo_id: int, instruction: str, parameters: bytes = b"") -> bytes:
    """Return an instruction packet; its checksum is the inverted sum of all after the header."""
    body = bytes((servo_id, len(parameters) + 2, _INSTRUCTION[instruction])) + parameters
    return _HEADER + body + _checksum(body)


def ping(servo_id: int) -> bytes:
    """Return the packet that a servo answers with its status."""
    return packet(servo_id, "ping")


def read(servo_id: int, address: int, count: int) -> bytes:
    """Return the packet that asks for ``count`` bytes of the memory table."""
    return packet(servo_id, "read", bytes((address, count)))


def sync_write(address: int, values: Sequence[tuple[int, bytes]]) -> bytes:
    """Return the packet that writes to several servos at once, ``(id, bytes)`` each, all equally long."""
    parameters = bytes((address, len(values[0][1]))) + b"".join(bytes((one,)) + data for one, data in values)
    return packet(BROADCAST, "sync_write", parameters)


def statuses(heard: bytes) -> list[Status]:
    """Return the whole status packets in ``heard`` that have a right checksum, in order."""
    found = []
    at = heard.find(_HEADER)
    while 0 <= at <= len(heard) - _SHORTEST:
        end = at + 4 + heard[at + 3]
        body = heard[at + 2 : end - 1]
        right = heard[at + 3] >= 2 and end <= len(heard) and heard[end - 1 : end] == _checksum(body)
        # An adapter that echoes shows us our own packets to all; a question to one servo has another length
        # than its answer.
        if right and body[0] < BROADCAST:
            found.append(Status(body[0], body[2], body[3:]))
        at = heard.find(_HEADER, end if right else at + 1)
    return found


def _checksum(body: bytes) -> bytes:
    return bytes((~sum(body) & 0xFF,))
