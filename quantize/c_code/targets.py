"""The processors that C is exported for."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from mandible.errors import InputError
from mandible.wording import shown

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class Target:
    """A kind of processor.

    Attributes:
        name: as ``--target`` takes it.
        kind: value of ``MANDIBLE_KERNELS``.
        lanes: weights of one output that lie together.
        kernels: names of the kernel files it takes.
        purpose: which processors it is for, in words.
    """

    name: str
    kind: str
    lanes: int
    kernels: tuple[str, ...]
    purpose: str


def _read() -> dict[str, Target]:
    table = tomllib.loads(Path(__file__).with_name("targets.toml").read_text(encoding="utf-8"))
    return {
        name: Target(name, row["kind"], row["lanes"], tuple(row["kernels"]), row["for"])
        for name, row in table.items()
    }


TARGETS = _read()


def target_named(name: str) -> Target:
    """Return a target; raises InputError for an unknown name."""
    if name not in TARGETS:
        raise InputError(f"target {shown(name)} is unknown: use {', '.join(TARGETS)}")
    return TARGETS[name]
