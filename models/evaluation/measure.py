"""Run models over sets and score what they show: the raw material of tables, cards and pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mandible.device.frames import HOP_SAMPLES
from mandible.models.corpus import Utterance, read_audio
from mandible.models.evaluation.noise import Noises
from mandible.models.evaluation.sets import Sets
from mandible.models.evaluation.subjects import Subject
from mandible.models.evaluation.tracks import WAYS, Shown, features, reference_of, show
from mandible.models.scoring.bootstrap import DRAWS, SEED
from mandible.models.scoring.score import Score, lateness_ms, score_set
from mandible.models.scoring.timeline import Reference

# The signal-to-noise ratio of a recording as it is.
CLEAN = None
Condition = float | None
# Called with the number of recordings heard since the last call.
Progress = Callable[[int], None]


def quiet(_: int) -> None:
    """Show no progress."""


@dataclass(frozen=True)
class Plan:
    """What to measure besides the sets as they are.

    Attributes:
        snrs_db: signal-to-noise ratios to measure too.
        draws: resamples for the intervals; 0 for none.
        seed: of resampling, and of which noise falls on which utterance.
    """

    snrs_db: tuple[float, ...] = ()
    draws: int = DRAWS
    seed: int = SEED

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Clean first, then the noisy ones."""
        return (CLEAN, *self.snrs_db)


@dataclass
class Heard:
    """One set as one model showed it under one condition; the lists run over utterances."""

    utterances: list[Utterance] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    shown: dict[str, list[Shown]] = field(default_factory=lambda: {way: [] for way in WAYS})

    def score(self, way: str, plan: Plan, members: Sequence[int] | None = None) -> Score:
        """Score all utterances, or some by number."""
        some = range(len(self.utterances)) if members is None else members
        return score_set(
            [self.references[number] for number in some],
            [self.shown[way][number].aligned for number in some],
            [self.utterances[number].speaker for number in some],
            plan.draws,
            plan.seed,
        )

    def lateness_ms(self, way: str) -> float:
        """Return by how much the track lags behind the speech when it is stamped as it was known."""
        return lateness_ms(self.references, [one.emitted for one in self.shown[way]])


# (model's position, set, condition) -> what was heard
Results = dict[tuple[int, str, Condition], Heard]


def work(subjects: Sequence[Subject], sets: Sets, plan: Plan) -> int:
    """Return how many times a recording will be heard, for a progress bar."""
    return len(subjects) * len(plan.conditions) * sum(map(len, sets.values()))


def hear(
    subjects: Sequence[Subject], directory: Path, sets: Sets, plan: Plan, progress: Progress = quiet
) -> Results:
    """Run every model over every utterance of every set, with and without noise.

    Raises:
        InputError: a recording, a phone or the noise folder is at fault.
        DeviceError: the package that reads a recording is not installed.
    """
    noises = Noises(directory, plan.seed)
    results: Results = {}
    for name, utterances in sets.items():
        for utterance in utterances:
            pcm, reference = read_audio(utterance.path), reference_of(utterance)
            for condition in plan.conditions:
                sound = pcm if condition is CLEAN else noises.mixed(utterance, pcm, reference, condition)
                hops = -(-len(sound) // HOP_SAMPLES)
                for number, subject in enumerate(subjects):
                    mels = features(sound, subject.lookahead_ms)
                    heard = results.setdefault((number, name, condition), Heard())
                    heard.utterances.append(utterance)
                    heard.references.append(reference)
                    for way, shown in show(subject, mels, hops, len(reference)).items():
                        heard.shown[way].append(shown)
                    progress(1)
    return results
