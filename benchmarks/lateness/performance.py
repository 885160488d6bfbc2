"""Speech played to ``mandible run``, and everything that was seen of it afterwards."""

from __future__ import annotations

import time
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mandible.benchmarks.lateness import pipe
from mandible.benchmarks.lateness.board_log import Move, Pulse
from mandible.benchmarks.lateness.run_process import RunProcess
from mandible.benchmarks.lateness.sentence import Programme, Sentence
from mandible.benchmarks.lateness.virtual_microphone import VirtualMicrophone
from mandible.benchmarks.lateness.witness import Witness
from mandible.device.audio import WavWriter
from mandible.device.frames import HOP_SAMPLES, SAMPLE_RATE_HZ, Pcm
from mandible.errors import DeviceError

START_S = 30.0
_LOOK_S = 0.01
# What was played last is still on its way to the mouth.
AFTERGLOW_S = 0.5
# A sound server keeps some of it back as well.
HELD_BACK_S = 0.5
LEAD_IN_SAMPLES = 8000
# A sound server may hold this much sound back, and the program takes its time to start.
_SLACK_S = 60


class Board(Protocol):
    """A board that is watched: see ``watched_board``.

    Attributes:
        port: its port URL.
    """

    port: str

    def moved(self) -> bool:
        """Tell whether a set-point has come yet."""
        ...

    def close(self) -> None:
        """Switch it off."""
        ...

    def read(self) -> tuple[list[Move], list[Pulse]]:
        """Return what it saw and gave, once closed."""
        ...


@dataclass(frozen=True)
class Seen:
    """One performance.

    Attributes:
        sentences: what was said.
        starts: first sample of each sentence in ``heard``.
        heard: (n,) every sample that the program heard; hop h is complete with sample 160 (h + 1).
        given_ns: (n,) when each of these samples was given to the program, as somebody outside knows.
        even_ns: (n,) the same for a source that never holds anything back: evenly spaced, never later.
        moves, pulses: what the board saw and gave.
        report: the program's own summary.
    """

    sentences: tuple[Sentence, ...]
    starts: tuple[int, ...]
    heard: Pcm
    given_ns: NDArray[np.int64]
    even_ns: NDArray[np.int64]
    moves: list[Move]
    pulses: list[Pulse]
    report: dict[str, Any]


def with_silence(played: Programme) -> Programme:
    """Return a programme with silence before it, and its last hop whole."""
    rest = -(LEAD_IN_SAMPLES + len(played.pcm)) % HOP_SAMPLES
    pcm = np.concatenate([np.zeros(LEAD_IN_SAMPLES, np.int16), played.pcm, np.zeros(rest, np.int16)])
    return Programme(pcm, played.sentences, tuple(start + LEAD_IN_SAMPLES for start in played.starts))


def through_a_pipe(programme: Programme, board: Board, *words: str) -> Seen:
    """Hand samples to the program's standard input at the pace of speech; needs no sound server.

    Args:
        programme: what is played.
        board: a fresh one; it is closed.
        words: further words for ``mandible run``: model, engine, rig.

    Raises:
        DeviceError: the program failed, or the board's log is not whole.
    """
    played = with_silence(programme)
    after = np.zeros(round(AFTERGLOW_S * SAMPLE_RATE_HZ), np.int16)
    heard = np.concatenate([played.pcm, after])
    with RunProcess("--source", "-", "--port", board.port, *words) as run:
        given = pipe.play(run, heard)
        report = run.report()
    board.close()
    moves, pulses = board.read()
    return Seen(played.sentences, played.starts, heard, given.given_ns, given.even_ns, moves, pulses, report)


def through_a_microphone(programme: Programme, folder: Path, board: Board, *words: str) -> Seen:
    """Play to a virtual microphone, which the program hears through PortAudio and a real sound server.

    Args:
        programme: what is played.
        folder: for files; empty.
        board: a fresh one; it is closed.
        words: as above.

    Raises:
        DeviceError: as above, a program of the sound server is missing, or it did not keep up.
    """
    played = with_silence(programme)
    with WavWriter(folder / "played.wav") as writer:
        writer.write(played.pcm)
    card = folder / "card"
    card.mkdir()
    with VirtualMicrophone(card) as microphone:
        # Should we be killed, it ends all the same.
        limit = ("--duration", f"{played.seconds + _SLACK_S:.0f}")
        source = ("--source", f"mic:{microphone.name}", "--gain", "off", "--high-pass", "off", *limit)
        mouth = ("--port", board.port, "--record", str(folder / "heard.wav"))
        with (
            Witness(microphone.environment) as witness,
            RunProcess(*source, *mouth, *words, environment=microphone.environment) as run,
        ):
            _wait_for_moves(board, run)
            microphone.play(folder / "played.wav")
            time.sleep(AFTERGLOW_S + HELD_BACK_S)
            report = run.stop()
        board.close()
        moves, pulses = board.read()
    with wave.open(str(folder / "heard.wav")) as file:
        heard = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int16)
    begin = found(played.pcm, heard)
    given_ns, even_ns = sample_times(witness, found(played.pcm, witness.heard()) - begin, len(heard))
    starts = tuple(begin + start for start in played.starts)
    return Seen(played.sentences, starts, heard, given_ns, even_ns, moves, pulses, report)


def _wait_for_moves(board: Board, run: RunProcess) -> None:
    give_up_s = time.monotonic() + START_S
    while not board.moved():
        if not run.alive:
            raise DeviceError(run.failure())
        if time.monotonic() > give_up_s:
            raise DeviceError(f"mandible run moves nothing within {START_S:g} s; is this computer too busy?")
        time.sleep(_LOOK_S)


def found(played: Pcm, recording: Pcm) -> int:
    """Return where in the recording ``played`` begins; DeviceError where not every sample of it is there."""
    loud = np.flatnonzero(recording)
    begin = int(loud[0]) - int(np.flatnonzero(played)[0]) if len(loud) else -1
    if begin < 0 or not np.array_equal(recording[begin : begin + len(played)], played):
        raise DeviceError("the sound server did not keep up: not all that was played was heard; try again")
    return begin


def sample_times(witness: Witness, ahead: int, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (count,) when each sample was given out, and when it was at the earliest.

    Args:
        witness: who heard them all, with the time of every block.
        ahead: how many samples the witness had heard before the first of those in question.
        count: how many samples are in question.
    """
    ends, at_ns = np.array(witness.blocks, np.int64).T
    samples = np.arange(ahead, ahead + count)
    blocks = np.minimum(np.searchsorted(ends, samples, "right"), len(ends) - 1)
    zero_ns = np.min(at_ns - ends * 1_000_000_000 // SAMPLE_RATE_HZ)
    return at_ns[blocks], zero_ns + (samples + 1) * 1_000_000_000 // SAMPLE_RATE_HZ
