"""How trees are compared: rows of work, their blocks and limits, from ``trees.toml``."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TABLE = Path(__file__).with_name("trees.toml")


@dataclass(frozen=True)
class Row:
    """Work that both trees do.

    Attributes:
        name: the workload's.
        figure: a name of ``figures.toml``.
        limit: how much more than the baseline's passes, as a share.
        finds: a ratio; where not even that would be found in 95 of 100 runs, nothing was compared.
        block: units of a block.
        per_ns: the figure of a block of one unit that took 1 ns, or of 1 that the worker gave.
    """

    name: str
    figure: str
    limit: float
    finds: float
    block: int = 1
    per_ns: float = 1.0


@dataclass(frozen=True)
class Design:
    """Everything that is chosen about a comparison; ``trees.toml`` says what each is.

    Attributes:
        timed: rows that long-lived workers do in blocks.
        once: rows of which each worker gives one sample.
        exact: figure -> limit of what is the same each time.
    """

    timed: tuple[Row, ...]
    once: tuple[Row, ...]
    exact: dict[str, float]
    pairs: int
    most_pairs: int
    pair_s: float
    least_quads: int
    rig: str

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every row with samples."""
        return (*self.timed, *self.once)


@lru_cache(maxsize=1)
def design() -> Design:
    """Return the design."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    timed, once = (
        tuple(Row(name=name, **entry) for name, entry in table[kind].items()) for kind in ("timed", "once")
    )
    return Design(timed, once, exact=table["exact"], **table["design"])
