"""The Python interface: a line over any blocks of samples, and a whole recording at once."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from os import PathLike, fspath

import numpy as np
from numpy.typing import NDArray

from mandible.device import engines
from mandible.device.audio import open_source
from mandible.device.expression import Expression
from mandible.device.frames import HOP_SAMPLES, Frame, Stage
from mandible.device.pipeline import Line, flushed
from mandible.firmware_bridge.arrival import Arrival, held_hops
from mandible.firmware_bridge.expression_channels import ExpressionChannels
from mandible.firmware_bridge.guard import Guard
from mandible.firmware_bridge.idle import IdleLife
from mandible.firmware_bridge.mixer import Mixer
from mandible.firmware_bridge.rig import Rig
from mandible.models import released

DEFAULT_MODEL = "small"


def choose(model: str | None, engine: str | None, rig: Rig | None) -> tuple[released.ModelFile, str]:
    """Return the model file and the engine's name: what is asked for, else the rig's, else the default.

    Raises:
        InputError: no such model or engine, or a damaged file.
    """
    named = model or (None if rig is None else rig.model.name) or DEFAULT_MODEL
    engine = engine or (None if rig is None else rig.model.engine) or engines.default_name()
    return released.resolve(named), engine


def build_line(model: str | None = None, engine: str | None = None, rig: Rig | None = None) -> Line:
    """Return a fresh line.

    Args:
        model: a released model's name, or the path of a streaming ``.tflite``; None is the rig's, else small.
        engine: an engine's name; None is the rig's, else ``c``, or ``litert`` without its kernel.
        rig: with a rig, frames carry ``pulses_us`` too, and the decoder has the rig's smoothing.

    Raises:
        InputError: no such model or engine, or a damaged file.
        DeviceError: the engine's package is not installed.
    """
    return assemble(*choose(model, engine, rig), rig)


def assemble(file: released.ModelFile, engine: str, rig: Rig | None, expression: bool = False) -> Line:
    """Return the line of a chosen model, engine and rig; ``expression`` asks for arousal and emphasis."""
    runner = engines.create(engine, file)
    settings = None if rig is None else rig.smoothing
    stages = motion_of(rig), expression_of(rig, expression)
    return Line(runner, runner.output_scale, file.lookahead_ms, settings, *stages)


def motion_of(rig: Rig | None) -> tuple[Stage, ...]:
    """Return the stages from viseme weights to pulses, the guard last; none without a rig."""
    if rig is None:
        return ()
    idle = (IdleLife(rig),) if rig.idle.moves else ()
    shown = (ExpressionChannels(rig),) if rig.expression else ()
    guard = Guard(rig)
    together = (Arrival(rig), Guard(rig)) if any(held_hops(rig)) else ()
    return (Mixer(rig, guard.servos), *idle, *shown, guard, *together)


def expression_of(rig: Rig | None, asked: bool = False) -> Stage | None:
    """Return the stage that hears how lively the speaker is, where the rig shows it or it is asked for."""
    return Expression() if asked or (rig is not None and rig.expression) else None


def stream(
    blocks: Iterable[NDArray[np.int16]],
    model: str | None = None,
    engine: str | None = None,
    rig: Rig | None = None,
) -> Iterator[Frame]:
    """Yield one decoded frame per 10 ms of sound.

    Args:
        blocks: one-dimensional int16 arrays of any length, 16 kHz mono.
        model: see ``build_line``.
        engine: see ``build_line``.
        rig: see ``build_line``.

    Each frame speaks for the sound ``Line.delay_ms`` before its own; after the last block come the few
    frames that finish the sound.
    """
    line = build_line(model, engine, rig)
    for frame in flushed(_hops(blocks), line.delay_ms):
        yield line.step(frame).having(emitted_ns=time.monotonic_ns())


def bake(
    path: str | PathLike[str], model: str | None = None, engine: str | None = None, rig: Rig | None = None
) -> list[Frame]:
    """Return the decoded frames of a recording (any WAV); raises InputError for a bad file."""
    line = build_line(model, engine, rig)
    with open_source(fspath(path)) as source:
        return [line.step(frame) for frame in flushed(source, line.delay_ms)]


def _hops(blocks: Iterable[NDArray[np.int16]]) -> Iterator[Frame]:
    rest = np.zeros(0, np.int16)
    index = 0
    for block in blocks:
        if block.ndim != 1 or block.dtype != np.int16:
            raise ValueError(
                f"a block is a one-dimensional int16 array, got {block.dtype}{list(block.shape)}"
            )
        rest = np.concatenate([rest, block])
        while len(rest) >= HOP_SAMPLES:
            yield Frame(index, time.monotonic_ns(), rest[:HOP_SAMPLES])
            rest, index = rest[HOP_SAMPLES:], index + 1
    if len(rest):
        last = np.zeros(HOP_SAMPLES, np.int16)
        last[: len(rest)] = rest
        yield Frame(index, time.monotonic_ns(), last)
