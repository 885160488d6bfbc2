"""Find the decoder's settings: ``python -m mandible.models.tune_decoder MODEL... --corpus DIR``.

One set of settings serves all models given. Half of the trials are drawn at random, the others vary the best
so far. What is minimised, summed over models and sets: 10 times the accuracy lost beyond ``--accuracy-loss``
against the largest weight, 3 times the changes beyond ``--changes`` and the share of short segments beyond
``--short-share``, minus the precision and 1.2 times the recall of /p b m/; in the first set also 3 times the
recall missing to ``--recall``. All are shares of 1.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from fnmatch import fnmatch
from pathlib import Path

import numpy as np

from mandible.device.decoder_settings import DecoderSettings
from mandible.errors import InputError, MandibleError
from mandible.models.corpus import Utterance
from mandible.models.decoder_trials import (
    Figures,
    Material,
    decided,
    figures,
    fitted_openings,
    followed,
    hear,
    largest,
)
from mandible.models.evaluation import sets, subjects
from mandible.models.visemes import VISEME_NAMES

SETS = ("en_librispeech", "en_speechocean762")
# Setting -> smallest and largest value tried. The rest only delays the weights: jaws follow best without it.
RANGES = {
    "closure_threshold": (70, 170),
    "closure_evidence": (35, 130),
    "closure_evidence_ms": (5, 40),
    "teeth_threshold": (60, 150),
    "closure_release": (10, 90),
    "closure_hold_ms": (10, 60),
    "hysteresis": (10, 80),
    "dwell_ms": (30, 100),
    "dwell_hysteresis": (20, 200),
}
_STEP_MS = 10
_IN_HOPS = ("closure_hold_ms", "dwell_ms")


@dataclass(frozen=True)
class Goals:
    """What a decoded mouth should reach; see the objective above."""

    recall: float = 0.91
    accuracy_loss: float = 0.005
    changes: float = 1.18
    short_share: float = 0.245


@dataclass(frozen=True)
class Trial:
    """Settings, what they cost, and the figures of every material."""

    cost: float
    settings: DecoderSettings
    figures: tuple[Figures, ...]


def cost(shown: Figures, plain: Figures, goals: Goals, recall_wanted: bool) -> float:
    """Return what one model's figures on one set cost, less is better; ``plain`` are without a decision."""
    return (
        10 * max(0.0, plain.accuracy - goals.accuracy_loss - shown.accuracy)
        + 3 * max(0.0, shown.changes - goals.changes)
        + 3 * max(0.0, shown.short_share - goals.short_share)
        + 3 * max(0.0, goals.recall - shown.recall) * recall_wanted
        - _earned(shown.precision)
        - 1.2 * _earned(shown.recall)
    )


def _earned(share: float) -> float:
    """Closures that are never shown are never right, and earn nothing."""
    return 0.0 if math.isnan(share) else share


class Search:
    """Trials on the same materials, the best first."""

    def __init__(self, materials: Sequence[Material], goals: Goals, seed: int = 0) -> None:
        self.materials = materials
        self.plain = [figures(one.reference, largest(one)) for one in materials]
        self.trials: list[Trial] = []
        self._goals, self._rng = goals, np.random.default_rng(seed)

    def run(self, count: int) -> Trial:
        """Try the defaults and ``count`` others; return the best so far."""
        self.attempt(DecoderSettings())
        for number in range(count):
            self.attempt(self._drawn() if number < count // 2 else self._varied())
        return self.trials[0]

    def attempt(self, settings: DecoderSettings) -> Trial:
        """Try given settings."""
        shown = tuple(figures(one.reference, decided(one, settings)) for one in self.materials)
        first = self.materials[0].set_name
        total = sum(
            cost(one, plain, self._goals, material.set_name == first)
            for one, plain, material in zip(shown, self.plain, self.materials, strict=True)
        )
        trial = Trial(total, settings, shown)
        self.trials = sorted([*self.trials, trial], key=lambda one: one.cost)
        return trial

    def _drawn(self, names: Sequence[str] = tuple(RANGES)) -> DecoderSettings:
        values = {name: int(self._rng.integers(RANGES[name][0], RANGES[name][1] + 1)) for name in names}
        return replace(DecoderSettings(), **_in_hops(values))

    def _varied(self) -> DecoderSettings:
        best = self.trials[int(self._rng.integers(min(5, len(self.trials))))].settings
        names = self._rng.choice(list(RANGES), size=int(self._rng.integers(1, 4)), replace=False).tolist()
        values = {}
        for name in names:
            low, high = RANGES[name]
            moved = getattr(best, name) + self._rng.normal(0, (high - low) / 8)
            values[name] = min(high, max(low, round(moved)))
        return replace(best, **_in_hops(values))


def _in_hops(values: Mapping[str, int]) -> dict[str, int]:
    """Durations are tried in whole hops: others mean the same."""
    return {
        name: max(1, round(value / _STEP_MS)) * _STEP_MS if name in _IN_HOPS else value
        for name, value in values.items()
    }


def shortened(utterances: Sequence[Utterance], minutes: float, seed: int = 0) -> list[Utterance]:
    """Return recordings drawn at random that last no longer than this, or all of them."""
    order = np.random.default_rng(seed).permutation(len(utterances)).tolist()
    ends_s = np.cumsum([utterances[number].seconds for number in order])
    return [utterances[number] for number, end_s in zip(order, ends_s, strict=True) if end_s <= minutes * 60]


def _check(args: argparse.Namespace) -> None:
    """Raise InputError for an option that no search can use."""
    for name in ("minutes", "trials", "seed", *(goal.name for goal in fields(Goals))):
        value = getattr(args, name)
        if not 0 <= value < math.inf or (name == "minutes" and value == 0):
            most = "more than 0" if name == "minutes" else "0 or more"
            raise InputError(f"--{name.replace('_', '-')} {value}: must be a number, {most}")


def _material(args: argparse.Namespace) -> list[Material]:
    wanted = args.sets or SETS
    chosen = sets.chosen(args.corpus, wanted, args.split)
    ordered = {name: chosen[name] for one in wanted for name in chosen if fnmatch(name, one)}
    networks = [subjects.named(model) for model in args.models]
    materials = []
    for name, members in ordered.items():
        some = shortened(members, args.minutes)
        if not some:
            raise InputError(f"--minutes {args.minutes:g}: shorter than a recording of {name}; give more")
        materials += [hear(one, name, some) for one in networks]
    return materials


def _line(name: str, values: Figures) -> str:
    return f"  {name:24s} " + "  ".join(f"{key} {value:.3f}" for key, value in asdict(values).items())


def report(search: Search, tried: Mapping[str, Trial]) -> None:
    """Print what each trial shows on every material, and the openings that would fit."""
    for number, material in enumerate(search.materials):
        print(f"{material.model} on {material.set_name}, {len(material.recordings)} recordings")
        print(_line("largest weight", search.plain[number]))
        for name, trial in tried.items():
            rest = followed(material, trial.settings)
            print(f"{_line(name, trial.figures[number])}  jaw {rest.jaw:.3f}  late {rest.lateness_ms:.0f} ms")
    openings = zip(VISEME_NAMES, fitted_openings(search.materials), strict=True)
    print("openness_percent that would fit: " + ", ".join(f"{name} {value}" for name, value in openings))
    for name, trial in tried.items():
        values = [f"{one.name}={getattr(trial.settings, one.name)}" for one in fields(DecoderSettings)]
        print(f"{name} (cost {trial.cost:.4f}): {', '.join(values)}")


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m mandible.models.tune_decoder", description=__doc__)
    parser.add_argument("models", nargs="+", help="released models' names or .tflite files")
    parser.add_argument("--corpus", type=Path, required=True, help="corpus directory")
    parser.add_argument("--set", action="append", dest="sets", help="source; the first counts for --recall")
    parser.add_argument("--split", default="dev")
    parser.add_argument("--minutes", type=float, default=8.0, help="of each set at most")
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    for goal in fields(Goals):
        parser.add_argument(f"--{goal.name.replace('_', '-')}", type=float, default=goal.default)
    args = parser.parse_args(arguments)
    try:
        _check(args)
        goals = Goals(**{goal.name: getattr(args, goal.name) for goal in fields(Goals)})
        search = Search(_material(args), goals, args.seed)
        best = search.run(args.trials)
    except MandibleError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    report(search, {"present": search.attempt(DecoderSettings()), "best": best})
    return 0


if __name__ == "__main__":
    sys.exit(main())
