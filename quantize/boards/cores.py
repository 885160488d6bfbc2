"""The cores that exported C is run on, read from ``cores.toml``."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mandible.errors import InputError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE = Path(__file__).with_name("cores.toml")


@dataclass(frozen=True)
class Region:
    """A piece of memory: first address and size in bytes."""

    start: int
    size_bytes: int


@dataclass(frozen=True)
class Core:
    """What has to be known to build for a core and to run on it; the fields are those of ``cores.toml``."""

    key: str
    name: str
    note: str
    target: str
    runner: str
    machine: str
    flags: tuple[str, ...]
    code: Region
    ram: Region
    stack_bytes: int
    instructions_per_tick: float
    coprocessors: bool


@cache
def _content() -> dict[str, Any]:
    with FILE.open("rb") as file:
        return tomllib.load(file)


def _region(entry: dict[str, int]) -> Region:
    return Region(entry["start"], entry["size"])


def names() -> tuple[str, ...]:
    """Return the names of the cores, as in ``-mcpu``."""
    return tuple(_content()["cores"])


def optimisation() -> str:
    """Return the compiler's optimisation flag that everything is built with."""
    return str(_content()["build"]["optimisation"])


def core(name: str) -> Core:
    """Return the core of that name; raises InputError, which lists the names, where there is none."""
    entry = _content()["cores"].get(name)
    if entry is None:
        raise InputError(f"core {name!r} does not exist; choose one of {', '.join(names())}")
    fields = {**entry, "flags": tuple(entry["flags"])}
    return Core(**{**fields, "key": name, "code": _region(entry["code"]), "ram": _region(entry["ram"])})
