"""What is said when exported code does not come to a good end on a core."""

from __future__ import annotations

from pathlib import Path

from mandible.errors import InputError
from mandible.quantize.boards.cores import Core

EXCEPTIONS = {2: "NMI", 3: "HardFault", 4: "MemManage", 5: "BusFault", 6: "UsageFault", 7: "SecureFault"}


class TooLargeError(InputError):
    """The image does not fit the memory of its core."""


def fault(sources: Path, core: Core, hop: int, reason: str) -> InputError:
    """Return the error for code that stopped in ``hop`` (counted from 0)."""
    return InputError(f"{sources}: faulted on {core.name} in hop {hop}: {reason}; export the model again")
