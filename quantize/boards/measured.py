"""What a run on a core gave."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """The outcome of running hops on a core.

    Attributes:
        outputs: what the stage wrote, hop after hop.
        instructions: of one hop, the mean over all hops; measuring itself taken off.
        most_instructions: of the hop that took most.
        stack_bytes: the deepest the measured code went below its caller's frame.
        each_hop: instructions of every hop, in order; QEMU's are right to within its timer's tick.
    """

    outputs: bytes
    instructions: float
    most_instructions: int
    stack_bytes: int
    each_hop: tuple[float, ...] = ()
