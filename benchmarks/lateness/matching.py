"""Which hop a pose on the wire belongs to, and what became of it: the way of each hop from sound to pulse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mandible.api import build_line
from mandible.benchmarks.latency import Hops
from mandible.benchmarks.lateness.board_log import outputs_of
from mandible.benchmarks.lateness.performance import Seen
from mandible.device.frames import HOP_MS, HOP_NS, HOP_SAMPLES, Frame, Pcm
from mandible.device.pipeline import HALF_HOP_MS, Line
from mandible.errors import DeviceError
from mandible.firmware_bridge.rig import Channel, Rig

# How many poses may have been lost before one that is recognised again.
LOOK_AHEAD_HOPS = 100
# A pulse takes its width from the clock a little before it begins.
EARLY_NS = 500_000


@dataclass(frozen=True)
class Spoken:
    """What the line says of the sound, computed again from the recording.

    Attributes:
        frames: one for every hop.
        line: the line; its ``delay_ms`` tells what sound a hop speaks for.
        rig: the rig.
    """

    frames: list[Frame]
    line: Line
    rig: Rig

    @classmethod
    def of(cls, heard: Pcm, rig: Rig, model: str | None = None, engine: str | None = None) -> Spoken:
        """Let a fresh line hear (n,) samples."""
        line = build_line(model, engine, rig)
        hops = heard[: len(heard) // HOP_SAMPLES * HOP_SAMPLES].reshape(-1, HOP_SAMPLES)
        return cls([line.step(Frame(i, i * HOP_NS, pcm)) for i, pcm in enumerate(hops)], line, rig)

    @property
    def jaw(self) -> Channel:
        """The channel that is compared with the speech."""
        return self.rig.channels[jaw_of(self.rig)]

    @property
    def pulses_us(self) -> list[tuple[int, ...]]:
        """The pose of every hop, by output number as it goes over the wire."""
        order = sorted(range(len(self.rig.channels)), key=lambda i: self.rig.channels[i].output)
        return [tuple((frame.pulses_us or ())[i] for i in order) for frame in self.frames]

    @property
    def opening(self) -> NDArray[np.float64]:
        """(n,) what each hop asks of the jaw, 0 closed to 1 wide."""
        number = jaw_of(self.rig)
        return opening(self.jaw, np.array([(frame.pulses_us or ())[number] for frame in self.frames], float))

    @property
    def begins_ms(self) -> NDArray[np.float64]:
        """(n,) where in the sound, in ms, the 10 ms begin that each hop speaks for."""
        return np.asarray((np.arange(len(self.frames)) + 1.0) * HOP_MS - self.line.delay_ms)


def opening(jaw: Channel, pulses_us: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return pulses as openings: 0 at the channel's shortest, 1 at its longest; turned round if reversed."""
    share = (pulses_us - jaw.min_us) / (jaw.max_us - jaw.min_us)
    return np.asarray(1 - share if jaw.reversed else share, np.float64)


def jaw_of(rig: Rig) -> int:
    """Return the number of the channel that opens the mouth: the one called jaw, else the first."""
    return next((number for number, one in enumerate(rig.channels) if one.name == "jaw"), 0)


def hops_of(seen: Seen, spoken: Spoken) -> tuple[NDArray[np.int64], Hops]:
    """Return the hops within sentences whose pose was seen on the wire, and their times.

    A pose is recognised by its pulses: they are the same bytes whenever the same sound is heard.

    Raises:
        DeviceError: none was recognised: the line that ran is not the one that was computed.
    """
    asked, matched, at = spoken.pulses_us, [], 0
    for number, move in enumerate(seen.moves):
        window = asked[at : at + LOOK_AHEAD_HOPS]
        if move.pulses_us in window:
            at += window.index(move.pulses_us)
            matched.append((at, number))
            at += 1
    if not matched:
        raise DeviceError("no pose that the board got is one that the line gives for this sound; try again")
    hop, number = np.array(matched, np.int64).T
    last = np.minimum((hop + 1) * HOP_SAMPLES, len(seen.given_ns)) - 1
    inside = np.zeros(len(hop), bool)
    for start, sentence in zip(seen.starts, seen.sentences, strict=True):
        inside |= (last >= start) & (last < start + sentence.samples)
    hop, number, last = hop[inside], number[inside], last[inside]
    jaw = outputs_of(seen.pulses, spoken.jaw.output)
    starts = np.array([pulse.start_ns for pulse in jaw], np.int64)
    due = np.array([seen.moves[i].due_ns for i in number], np.int64)
    shown = np.searchsorted(starts, due - EARLY_NS)
    known = shown < len(starts)
    if not known.any():
        raise DeviceError("the board gave no pulse for any pose within a sentence; try again")
    pose = np.array([seen.moves[i].time_ns for i in number], np.int64)
    delay_ms = spoken.line.delay_ms - HALF_HOP_MS
    times = Hops(seen.given_ns[last][known], pose[known], due[known], starts[shown[known]], delay_ms)
    return hop[known], times
