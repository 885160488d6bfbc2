"""Every engine of this machine beside the others, and what those that are missing want."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mandible.device.engines.registry import NAMES, available, create, default_name
from mandible.device.engines.starting import Start, start
from mandible.device.engines.trial import Trial, noise_hops, speech_hops, try_out
from mandible.errors import DeviceError

SPEECH_HOPS, NOISE_HOPS = 300, 150
MOST_PASSES = 1000


@dataclass(frozen=True)
class Comparison:
    """What was found.

    Attributes:
        default: the engine that is taken where none is named.
        trials: of the engines that start, in order of preference.
        starts: what starting each of them cost.
        missing: of every other engine why it is not here, and the command that brings it.
    """

    default: str
    trials: tuple[Trial, ...]
    starts: Mapping[str, Start]
    missing: Mapping[str, str]

    def faster(self) -> list[Trial]:
        """Return the engines that are not exact and take less time than the default."""
        default = next((trial for trial in self.trials if trial.name == self.default), None)
        if default is None:
            return []
        return [one for one in self.trials if not one.exact and one.p50_us < default.p50_us]


def compare(model: Path, seconds: float) -> Comparison:
    """Try every engine out on a checked model; timing takes about ``seconds``."""
    starts: dict[str, Start] = {}
    missing: dict[str, str] = {}
    there = available()
    for name in NAMES:
        try:
            if name in there:
                starts[name] = start(name, model)
            else:
                create(name, model)  # which says what it misses
        except DeviceError as error:
            missing[name] = str(error)
    speech, noise = speech_hops()[:SPEECH_HOPS], noise_hops(NOISE_HOPS)
    trials = try_out(list(starts), model, speech, noise, passes=MOST_PASSES, seconds=seconds)
    return Comparison(default_name(), tuple(trials), starts, missing)
