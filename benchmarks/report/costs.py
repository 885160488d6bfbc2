"""What an engine, a model or a peer costs, and how well it hears: read together, or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mandible.benchmarks.measurement import Measurement
from mandible.benchmarks.report.told import subjects
from mandible.benchmarks.result import Result

SPEED = "cpu_s_per_audio_s"
ACCURACY = "accuracy"
SCORES = (ACCURACY, "macro_f1", "lip_shapes", "bilabial_f1", "jaw_r")
OURS, LIVE, OFFLINE = "mandible", "live peer", "offline peer"
_NAME, _VISEMES = "mandible", "oculus"
# Counted in a program's own classes; the others are the same for all.
_IN_OWN_CLASSES = (ACCURACY, "macro_f1")


@dataclass(frozen=True)
class Entry:
    """One engine with a model, or one peer, with all that was measured of it by one probe.

    Attributes:
        name: what tells it from the others.
        kind: ``OURS``, ``LIVE`` or ``OFFLINE``.
        figures: by name.
    """

    name: str
    kind: str
    figures: Mapping[str, Measurement]

    def has(self, figure: str) -> bool:
        """Tell whether its speed and this score are both known."""
        return SPEED in self.figures and figure in self.figures

    @property
    def classes(self) -> str:
        """Whose classes its accuracy counts: fewer are easier to tell apart."""
        return next((str(one.conditions["classes"]) for one in self.figures.values()
                     if "classes" in one.conditions), _VISEMES)  # fmt: skip

    @property
    def simulated(self) -> bool:
        """Whether any of its figures is."""
        return any(one.simulated for one in self.figures.values())


def entries(result: Result) -> list[Entry]:
    """Return everything whose speed or accuracy was measured, by probes that measure both."""
    found: dict[tuple[object, ...], dict[str, Measurement]] = {}
    timed = {one.probe for one in result.measurements if one.figure == SPEED}
    for one in result.measurements:
        if one.probe in timed and (one.figure == SPEED or one.figure in SCORES):
            found.setdefault((one.probe, tuple(sorted(one.subject.items()))), {})[one.figure] = one
    firsts = [next(iter(figures.values())) for figures in found.values()]
    names: dict[int, str] = {}
    for peers in (False, True):
        group = [index for index, one in enumerate(firsts) if ("system" in one.subject) == peers]
        names.update(zip(group, subjects([firsts[index].subject for index in group]), strict=True))
    return [
        Entry(names[index], kind_of(firsts[index]), figures) for index, figures in enumerate(found.values())
    ]


def kind_of(one: Measurement) -> str:
    """Return whose it is, and whether a peer answers while the sound goes on."""
    system = one.subject.get("system")
    if system is None or str(system).split(" ")[0] == _NAME:
        return OURS
    return OFFLINE if one.conditions.get("live") is False else LIVE


def comparable(found: Sequence[Entry], figure: str) -> bool:
    """Tell whether all of them count this score in the same classes."""
    return figure not in _IN_OWN_CLASSES or len({one.classes for one in found}) < 2


def best_for_its_cost(found: Sequence[Entry], figure: str) -> list[Entry]:
    """Return those than which none is both cheaper and better, cheapest first."""
    known = sorted(
        (one for one in found if one.has(figure)),
        key=lambda one: (one.figures[SPEED].value, -one.figures[figure].value),
    )
    front: list[Entry] = []
    for one in known:
        if not front or one.figures[figure].value > front[-1].figures[figure].value:
            front.append(one)
    return front
