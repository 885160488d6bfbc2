"""Puppets on one chip for the tests: built once, heard often."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mandible.api import assemble
from mandible.benchmarks import mcu
from mandible.device.frames import Frame
from mandible.firmware_bridge.rig import Rig
from mandible.models import released
from mandible.quantize import one_chip
from mandible.quantize.one_chip.simulated import Seen, twin

MODEL = "nano"


@dataclass(frozen=True)
class Puppet:
    """An image, and what it was made from."""

    board: one_chip.OneChipBoard
    rig: Rig
    microphone: str
    built: one_chip.Built

    @property
    def channels(self) -> int:
        return len(self.rig.channels)


def make(folder: Path, board: str, rig: str, microphone: str | None = None) -> Puppet:
    """Export and build one."""
    chosen, loaded = one_chip.board_named(board), Rig.load(rig)
    one_chip.export(released.resolve(MODEL), loaded, chosen, folder, microphone)
    built = one_chip.build(folder, chosen)
    return Puppet(chosen, loaded, chosen.microphone(microphone).name, built)


def speech(from_s: float, seconds: float) -> bytes:
    """Return a piece of the sample: int16, 16 kHz."""
    pcm = mcu.speech(1059).reshape(-1)[round(from_s * 16000) :][: round(seconds * 100) * 160]
    return pcm.astype("<i2").tobytes()


def samples(pcm: bytes) -> NDArray[np.int16]:
    """Return samples as numbers."""
    return np.frombuffer(pcm, "<i2").astype(np.int16)


def assert_as_the_host(seen: Seen, puppet: Puppet) -> None:
    """Hold every viseme byte and set-point to the host's line, given the samples that the chip's line got."""
    line = assemble(released.resolve(MODEL), mcu.EXACT_ENGINE, puppet.rig)
    hops = samples(seen.given).reshape(-1, 160)
    assert len(hops) == len(seen.hops)
    for index, (pcm, hop) in enumerate(zip(hops, seen.hops, strict=True)):
        frame = line.step(Frame(index, 0, pcm))
        assert frame.weights is not None
        assert (frame.weights.tobytes(), frame.viseme) == (hop.weights, hop.shown), index
        assert frame.pulses_us == hop.pulses_us, index


def assert_pulses_of_the_host(seen: Seen, puppet: Puppet) -> None:
    """Hold the pulses of every period to those of the host's build of the core, within 1 µs."""
    given = np.array([period.pulses_us for period in seen.periods])
    hosts = np.array(list(twin.pulses(seen, puppet.rig, puppet.board)))
    assert given.shape == hosts.shape
    assert np.abs(given - hosts).max() <= 1
    period_us = puppet.rig.link.period_us
    starts_us = [period.start_us for period in seen.periods]
    assert starts_us == list(range(starts_us[0], starts_us[-1] + 1, period_us))
    assert starts_us[0] % period_us == 0


def assert_comes_to_rest(seen: Seen, puppet: Puppet) -> None:
    """The sound is over: neutral first, then no pulses, and no step faster than its servo on the way."""
    assert set(seen.periods[-1].pulses_us) == {0}
    last = next(period for period in reversed(seen.periods) if any(period.pulses_us))
    for channel in puppet.rig.channels:
        assert last.pulses_us[channel.output] == channel.neutral_us
        widths = [period.pulses_us[channel.output] for period in seen.periods]
        reach_us = channel.speed_us_per_s * puppet.rig.link.period_us / 1e6
        steps_us = [abs(b - a) for a, b in pairwise(widths) if a and b]
        assert max(steps_us) <= reach_us + 1
