"""Who is ahead of whom: our models against every program of a result, worked out from its figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mandible.benchmarks.measurement import Measurement
from mandible.benchmarks.peers.ourselves import CLASSES, is_ours
from mandible.benchmarks.result import Result

PROBE = "peers"
COST = "cpu_s_per_audio_s"
EMULATED = "emulated_cpu_s_per_audio_s"
# What all programs can be compared by; figures for which more is better.
HEARING = ("accuracy", "lip_shapes", "bilabial_f1", "jaw_r")
_WORDS = {
    "accuracy": "accuracy in the other's classes",
    "lip_shapes": "lip shapes",
    "bilabial_f1": "bilabial F1",
    "jaw_r": "jaw r",
}
_JAW_ONLY = "jaw"


@dataclass(frozen=True)
class Standing:
    """One of our models beside one other program.

    Attributes:
        ours: name of our model.
        other: name of the program.
        live: the program answers while it hears.
        shows_visemes: it shows more than an open or shut jaw.
        ahead: by figure, how much better ours is; negative: worse. ``accuracy`` is that in the program's own
            classes, ours read as them. Figures that either lacks are left out.
        clear: the figures whose 95 % intervals do not touch.
        each_in_own: accuracy of ours in ours less that of the program in its classes, which may be fewer.
        cost_ratio: CPU time of ours for one unit of the program's.
        bare_cost_ratio: the same without what stands in for native code of the program's platform, whose own
            cost there nobody measured: an upper bound.
    """

    ours: str
    other: str
    live: bool
    shows_visemes: bool
    ahead: dict[str, float]
    clear: frozenset[str]
    each_in_own: float | None
    cost_ratio: float
    bare_cost_ratio: float


def standings(result: Result) -> list[Standing]:
    """Return every model of ours beside every other program, in the result's order; none without peers."""
    told_of = [one.subject.get("system") for one in result.of(PROBE, COST)]
    systems = list(dict.fromkeys(name for name in told_of if isinstance(name, str)))
    return [
        _standing(result, ours, other)
        for ours in filter(is_ours, systems)
        for other in systems
        if not is_ours(other)
    ]


def _standing(result: Result, ours: str, other: str) -> Standing:
    cost, theirs = result.of(PROBE, COST, system=ours)[0], result.of(PROBE, COST, system=other)[0]
    classes = str(theirs.conditions.get("classes", CLASSES))
    ahead, clear = {}, set()
    for figure in HEARING:
        mine, its = _of(result, ours, figure, classes), _of(result, other, figure)
        if mine is None or its is None:
            continue
        ahead[figure] = mine.value - its.value
        if mine.expected[0] > its.expected[1] or mine.expected[1] < its.expected[0]:
            clear.add(figure)
    emulated = _of(result, other, EMULATED)
    own, its_own = _of(result, ours, "accuracy"), _of(result, other, "accuracy")
    return Standing(
        ours,
        other,
        bool(theirs.conditions.get("live")),
        classes != _JAW_ONLY,
        ahead,
        frozenset(clear),
        None if own is None or its_own is None else own.value - its_own.value,
        _ratio(cost.value, theirs.value),
        _ratio(cost.value, theirs.value - (0.0 if emulated is None else emulated.value)),
    )


def _ratio(ours: float, other: float) -> float:
    return ours / other if other > 0 else float("inf")


def _of(result: Result, system: str, figure: str, classes: str = CLASSES) -> Measurement | None:
    """Return a figure of a system; the accuracy of ours may be asked for in other classes."""
    if figure == "accuracy" and classes != CLASSES:
        found = result.of(PROBE, f"rival_{figure}", system=system, classes=classes)
    else:
        found = result.of(PROBE, figure, system=system)
    return found[0] if found else None


def told(result: Result) -> Iterator[str]:
    """Yield who is ahead of whom, a few lines for each model of ours; nothing without peers."""
    found = standings(result)
    for ours in dict.fromkeys(one.ours for one in found):
        beside = [one for one in found if one.ours == ours]
        for word, live in (("live", True), ("offline", False)):
            some = [one for one in beside if one.live == live]
            if some:
                yield f"{ours} against {len(some)} {word}: {'; '.join(_hearing(some))}"
        rivals = [one for one in beside if one.shows_visemes]
        if rivals:
            # Beside the one that costs least, ours looks dearest.
            cheapest = max(rivals, key=lambda one: one.cost_ratio)
            yield (
                f"{ours}: {cheapest.cost_ratio:.2f} times the CPU time of {cheapest.other}, "
                "the cheapest that shows visemes"
            )
        yield from (
            f"{ours}: {one.bare_cost_ratio:.2f} times the CPU time of {one.other} without what stands in for "
            "its platform's native code, which costs something there too"
            for one in rivals
            if one.bare_cost_ratio > 1 >= one.cost_ratio
        )


def _hearing(beside: Sequence[Standing]) -> Iterator[str]:
    for figure in HEARING:
        judged = [one for one in beside if figure in one.ahead]
        behind = [one for one in judged if one.ahead[figure] <= 0]
        if not judged:
            continue
        if behind:
            names = ", ".join(f"{one.other} {one.ahead[figure]:+.3f}" for one in behind)
            yield f"behind in {_WORDS[figure]} ({names})"
            continue
        least = min(judged, key=lambda one: one.ahead[figure])
        near = "" if figure in least.clear else ", intervals touch"
        yield f"ahead in {_WORDS[figure]} (least: {least.other} {least.ahead[figure]:+.3f}{near})"
    lower = [one for one in beside if one.each_in_own is not None and one.each_in_own <= 0]
    if lower:
        names = ", ".join(f"{one.other} {one.each_in_own:+.3f}" for one in lower)
        yield f"each in its own classes, which may be fewer, less accurate than {names}"
