"""One client of a small server, and the bounds on what it may use: memory and time."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What clients may use.

    Attributes:
        clients: at the same time; further ones are told that it is busy, and cut off.
        input_bytes: of a request that is not finished yet.
        output_bytes: of answers that a client has not taken yet.
        idle_s: how long a client may take to send a request.
        stalled_s: how long it may take none of an answer.
        answer_s: how long it may take until it has every answer.
    """

    clients: int = 8
    input_bytes: int = 4096
    output_bytes: int = 1 << 20
    idle_s: float = 10.0
    stalled_s: float = 5.0
    answer_s: float = 30.0


class Client:
    """One connection, used by the server's thread only.

    Attributes:
        received: bytes that no request has taken yet.
        patient: no request is expected of it now, so it may be silent.
        ended: it will send nothing more, but may still take answers.
        gone: to be dropped after this turn.
    """

    def __init__(self, connection: socket.socket, limits: Limits) -> None:
        self.connection = connection
        self.received = bytearray()
        self.patient = False
        self.ended = False
        self.gone = False
        self.events = 0
        self._limits = limits
        self._out = bytearray()
        self._ending = False
        self._heard_s = self._took_s = self._owed_s = time.monotonic()

    def send(self, data: bytes) -> None:
        """Queue an answer; a client that lets answers pile up is cut off."""
        if self.gone:
            return
        if not self._out:
            self._took_s = self._owed_s = time.monotonic()
        self._out += data
        self.flush()
        if len(self._out) > self._limits.output_bytes:
            self.gone = True

    def finish(self) -> None:
        """Close once the client has taken everything."""
        self._ending = True
        self.flush()

    def heard(self) -> None:
        """Give the client its time anew, because a request was finished."""
        self._heard_s = time.monotonic()

    @property
    def pending_bytes(self) -> int:
        """How much of the answers it has not taken."""
        return len(self._out)

    def flush(self) -> None:
        """Write what the client takes without waiting."""
        try:
            while self._out:
                sent = self.connection.send(self._out)
                del self._out[:sent]
                self._took_s = time.monotonic()
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.gone = True
        self.gone |= self._ending

    def overdue(self, now_s: float) -> bool:
        """Whether it has used up its time."""
        if self._out:
            stalled = now_s - self._took_s > self._limits.stalled_s
            return stalled or now_s - self._owed_s > self._limits.answer_s
        return not self.patient and now_s - self._heard_s > self._limits.idle_s
