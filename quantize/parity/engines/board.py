"""Our exported C on a simulated core, where instructions are counted instead of microseconds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mandible.models.visemes import VISEME_COUNT
from mandible.quantize import boards
from mandible.quantize.boards.stage import Stage
from mandible.quantize.parity.engine import INSTRUCTIONS, Hops, Options, Outcome, Progress
from mandible.quantize.parity.engines.exported_c import exported
from mandible.quantize.parity.subject import Subject


class Board:
    """An image for one core."""

    def __init__(self, image: boards.Image) -> None:
        self._image = image

    def run(self, segments: Sequence[Hops], progress: Progress) -> Outcome:
        """Run every segment in a simulator of its own; the price of a hop is the mean over all."""
        logits, spent, most, stack_bytes = [], 0.0, 0, 0
        for hops in segments:
            run = self._image.run(hops.tobytes())
            logits.append(np.frombuffer(run.outputs, np.int8).reshape(-1, VISEME_COUNT))
            spent += run.instructions * len(hops)
            most, stack_bytes = max(most, run.most_instructions), max(stack_bytes, run.stack_bytes)
            progress(len(hops))
        facts: dict[str, float] = {
            "most_instructions": most,
            "flash_bytes": self._image.flash_bytes,
            "ram_bytes": self._image.ram_bytes,
            "stack_bytes": stack_bytes,
        }
        return Outcome(list(logits), spent / max(1, sum(map(len, segments))), INSTRUCTIONS, facts)


def create(name: str, subject: Subject, options: Options) -> Board:
    """Return the engine.

    Raises:
        DeviceError: the compiler or the simulator is missing.
        TooLargeError: the core has too little memory for the model.
    """
    boards.require(name)
    # Without heads: a core is measured on what the mouth needs.
    target = boards.core(name).target
    sources = exported(subject, subject.network_alone, target, options.folder / f"{name}-c")
    return Board(boards.build(sources, name, Stage.NETWORK.value, options.folder / f"{name}-build"))
