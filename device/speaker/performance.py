"""A recording's frames, handed out so early that the mouth they move comes with the sound."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

import numpy as np

from mandible.device.frames import HOP_MS, HOP_SAMPLES, Frame
from mandible.device.speaker.file_playback import FilePlayback
from mandible.device.speaker.output import PLAYING
from mandible.errors import DeviceError

# How often the wait for a hop looks at the loudspeaker again.
LOOK_S = 0.05
LOST_LIMIT_S = 10.0
# Closing a loudspeaker cuts off what still lies with it, and it may know that only roughly.
AFTERWARDS_S = 0.25


def ahead_of_the_sound(frames: Iterable[Frame], playback: FilePlayback, early_ms: float) -> Iterator[Frame]:
    """Yield the frames of a recording, each ``early_ms`` before its last sample is heard.

    ``captured_ns`` becomes that time. Silent frames follow until all of the sound was heard, so that the
    mouth stays in time to the end.

    Raises:
        DeviceError: the loudspeaker was lost and did not come back.
    """
    for frame in followed_by_silence(frames):
        if frame.index * HOP_MS / 1000 > playback.duration_s:
            heard_ns = playback.heard_at_ns(playback.duration_s + AFTERWARDS_S)
            if heard_ns is not None and heard_ns < time.monotonic_ns():
                return
        due_ns = _wait(playback, (frame.index + 1) * HOP_MS / 1000, early_ms)
        yield frame.having(captured_ns=due_ns)


def followed_by_silence(frames: Iterable[Frame]) -> Iterator[Frame]:
    """Yield the frames, and silent ones without end."""
    index = -1
    for frame in frames:
        index = frame.index
        yield frame
    while True:
        index += 1
        yield Frame(index, 0, np.zeros(HOP_SAMPLES, np.int16))


def _wait(playback: FilePlayback, sound_s: float, early_ms: float) -> int:
    stalled_s = None
    while True:
        playback.top_up()
        now_ns = time.monotonic_ns()
        heard_ns = playback.heard_at_ns(sound_s)
        if heard_ns is None:
            stalled_s = stalled_s or time.monotonic()
            if time.monotonic() - stalled_s > LOST_LIMIT_S:
                state = playback.output.state
                why = f"its sound stood still for {LOST_LIMIT_S:.0f} s" if state == PLAYING else state
                raise DeviceError(
                    f"speaker {playback.output.format.name}: {why}; choose another with --speaker "
                    "(and leave PULSE_LATENCY_MSEC unset)"
                )
            time.sleep(LOOK_S)
            continue
        stalled_s = None
        due_ns = round(heard_ns - early_ms * 1e6)
        if now_ns >= due_ns:
            return due_ns
        time.sleep(min((due_ns - now_ns) / 1e9, LOOK_S))
