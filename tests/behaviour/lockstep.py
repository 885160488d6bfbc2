"""Play set-points to a board in virtual time, byte by byte as on the wire, and record the pulses.

Nothing here waits: the host's clock and the board's advance together, a millisecond at a time, so the
same sound gives the same pulses on any machine. Only computing is not simulated: the time it takes on a
small computer is charged as its whole budget.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import HOP_MS
from mandible.firmware_bridge.phase import Phase
from mandible.firmware_bridge.rig import Channel, Rig
from mandible.firmware_bridge.session import Session
from tests.behaviour.boards import Pulse, SteppedBoard

STEP_US = 1000
HOP_US = HOP_MS * 1000
# The latency budget's share for one hop's computing.
COMPUTE_US = 3000
PERIOD_US = 20_000
# Long enough for the soft start after attaching to be over before the sound begins.
PREROLL_US = 500_000
# Long enough for the last set-point to become a pulse, and shorter than the watchdog.
TAIL_US = 200_000
CONNECT_US = 5_000_000


@dataclass(frozen=True)
class Motion:
    """Set-points of a mouth for one sound.

    Attributes:
        pulses_us: one tuple per hop, in rig channel order; hop t is known (t + 1) * 10 ms into the sound.
        delay_ms: how old, when its hop ends, is the instant of sound that a set-point speaks for.
    """

    pulses_us: Sequence[tuple[int, ...]]
    delay_ms: float


@dataclass(frozen=True)
class Recording:
    """What was asked and what came out, for one sound; times are seconds from its first sample.

    Attributes:
        motion: what was played.
        measured: {channel name: (n, 2) start in seconds and width in µs of each pulse}.
        known_delay_s: from an instant of the sound to the middle of the wait for the pulse that shows it.
        refused: set-points that the board refused or clamped, or that the session did not send.
    """

    motion: Motion
    measured: dict[str, NDArray[np.float64]]
    known_delay_s: float
    refused: int

    def position(self, channel: Channel) -> NDArray[np.float64]:
        """Return (n, 2): when the sound was that each pulse shows, and how open (0..1) it is."""
        starts_s, widths_us = self.measured[channel.name].T
        position = (widths_us - channel.min_us) / (channel.max_us - channel.min_us)
        return np.column_stack(
            [starts_s - self.known_delay_s, 1 - position if channel.reversed else position]
        )


class Show:
    """A rig on a board, connected and calibrated, ready to play one sound after the other."""

    def __init__(self, rig: Rig, board: SteppedBoard) -> None:
        """Greet the board and store the rig's limits on it.

        Raises:
            RuntimeError: the board did not become ready.
        """
        self._rig, self._board, self._now_us = rig, board, 0
        self._session = Session(rig, 0)
        while self._session.phase is not Phase.READY:
            if self._session.phase is Phase.UNCALIBRATED:
                self._session.store(self._now_us)
            if self._now_us > CONNECT_US:
                raise RuntimeError(f"after 5 s the session is {self._session.phase}: {self._session.problem}")
            self._step()

    def play(self, motion: Motion, phase_us: int = 0) -> Recording:
        """Play one sound's set-points; ``phase_us`` moves its start against the board's pulses."""
        start_us = self._now_us + PREROLL_US + phase_us // STEP_US * STEP_US
        refused = self._refused()
        while self._now_us < start_us:
            if (self._now_us - start_us) % HOP_US == 0:
                self._session.move(self._rig.neutral_us, self._now_us, self._now_us)
            self._step()
        self._board.take_pulses()
        for hop, pulses_us in enumerate(motion.pulses_us):
            emitted_us = start_us + (hop + 1) * HOP_US + COMPUTE_US
            self._run_until(emitted_us)
            self._session.move(pulses_us, emitted_us, self._now_us)
        self._run_until(self._now_us + TAIL_US)
        measured = self._by_channel(self._board.take_pulses(), start_us)
        lead_us = 1000 * self._rig.link.lead_ms
        known_delay_s = motion.delay_ms / 1000 + (COMPUTE_US + lead_us + PERIOD_US / 2) / 1e6
        return Recording(motion, measured, known_delay_s, self._refused() - refused)

    def _step(self) -> None:
        self._session.poll(self._now_us)
        self._board.send(self._session.transmit())
        self._now_us += STEP_US
        self._session.receive(self._board.advance(self._now_us), self._now_us)

    def _run_until(self, time_us: int) -> None:
        while self._now_us < time_us:
            self._step()

    def _refused(self) -> int:
        return self._session.refusals.total() + self._session.skipped

    def _by_channel(self, pulses: list[Pulse], start_us: int) -> dict[str, NDArray[np.float64]]:
        rows: dict[str, list[tuple[float, float]]] = {channel.name: [] for channel in self._rig.channels}
        names = {channel.output: channel.name for channel in self._rig.channels}
        for pulse in pulses:
            rows[names[pulse.output]].append(((pulse.start_us - start_us) / 1e6, pulse.width_us))
        return {name: np.array(found, np.float64).reshape(-1, 2) for name, found in rows.items()}
