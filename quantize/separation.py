"""Whether the speakers a model is measured on were kept from its training, and how a card says it."""

from __future__ import annotations

from collections.abc import Iterable

from mandible.errors import InputError
from mandible.models.licences import OWN
from mandible.models.utterance import Utterance

SEPARATE = "by speaker: no speaker of the test sets was heard in training or used to choose the epoch"
Speakers = set[tuple[str, str]]


def speakers(utterances: Iterable[Utterance]) -> Speakers:
    """Return who speaks, as (source, speaker)."""
    return {(one.source, one.speaker) for one in utterances}


def described(learn: Iterable[Utterance], dev: Iterable[Utterance], tests: Iterable[Utterance]) -> str:
    """Return in words which speakers the splits have in common.

    Args:
        learn: recordings that were learned from.
        dev: recordings that the epoch was chosen with.
        tests: recordings that the model is measured on and that belong to neither.

    Raises:
        InputError: a speaker of the test sets was learned from or chosen with, and is not one's own voice.
    """
    tests = list(tests)
    learned, chose = speakers(learn), speakers(dev)
    for one in tests:
        is_own = one.licence is not None and one.licence.name == OWN
        if (one.source, one.speaker) in learned | chose and not is_own:
            raise InputError(
                f"{one.source}: speaker {one.speaker!r} of the test sets was learned from or used to choose "
                "the epoch; give all recordings of a speaker the same split"
            )
    everybody = learned | chose | speakers(tests)
    if len(everybody) == 1:
        return "one speaker in all parts: the figures are for a voice that was learned"
    words = []
    if tests:
        own = speakers(tests) & (learned | chose)
        words.append(f"{len(own)} speakers of the test sets were heard in training" if own else SEPARATE)
    if shared := learned & chose:
        words.append(f"{len(shared)} of the {len(chose)} speakers who chose the epoch were learned from too")
    else:
        words.append("the speakers who chose the epoch were not learned from")
    return "; ".join(words)
