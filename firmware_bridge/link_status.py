"""How a link stands at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mandible.firmware_bridge.board_report import BoardIdentity, BoardState
from mandible.firmware_bridge.phase import Phase
from mandible.firmware_bridge.session import Session


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """A snapshot; counts run from the link's start and survive reconnects.

    Attributes:
        url: the port URL.
        connected: the port is open.
        ready: the board takes set-points.
        phase: how far the conversation with it has come, in words.
        problem: why nothing moves and what to do about it, or None.
        sent, acked: set-points sent, and those the board answered.
        lost: answers to set-points that never came.
        dropped: frames that grew too old while the link could not send.
        skipped: frames held back because they came faster than set-points may go out.
        refusals: set-points the board refused or clamped, by reason.
        reconnects: times the port was opened again.
        clock_drift_ppm: how much faster the board's clock runs than ours.
        bad_frames: damaged frames from the board.
        round_trip_p50_ms, round_trip_p99_ms: of the last thousand pings; None before the first.
        board, state: what the board said of itself at the handshake, and last.
    """

    url: str
    connected: bool
    ready: bool
    phase: str
    problem: str | None
    sent: int
    acked: int
    lost: int
    dropped: int
    skipped: int
    refusals: Mapping[str, int]
    reconnects: int
    bad_frames: int
    clock_drift_ppm: float
    round_trip_p50_ms: float | None
    round_trip_p99_ms: float | None
    board: BoardIdentity | None
    state: BoardState | None

    @classmethod
    def of(
        cls, url: str, connected: bool, session: Session, dropped: int, reconnects: int, problem: str | None
    ) -> LinkStatus:
        """Take the snapshot of a link's ``session``."""
        exchange = session.exchange
        return cls(
            url=url,
            connected=connected,
            ready=connected and session.phase in (Phase.READY, Phase.MOVING),
            phase=session.phase.value if connected else "not connected",
            problem=problem,
            sent=exchange.sent["move"],
            acked=exchange.replied["move"],
            lost=exchange.lost["move"],
            dropped=dropped,
            skipped=session.skipped,
            refusals=dict(session.refusals),
            reconnects=reconnects,
            bad_frames=session.bad_frames,
            clock_drift_ppm=round(session.clock.drift_ppm, 1),
            round_trip_p50_ms=_ms(exchange.round_trip_us(50)),
            round_trip_p99_ms=_ms(exchange.round_trip_us(99)),
            board=session.board,
            state=session.state,
        )


def _ms(value_us: int | None) -> float | None:
    return None if value_us is None else value_us / 1000
