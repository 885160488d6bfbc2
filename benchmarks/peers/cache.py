"""Fetches rivals, at pinned versions whose hashes are known, into a folder of the user's cache."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mandible.benchmarks.peers.catalogue import Peer


def installed(peer: Peer, tell: Callable[[str], None] = lambda _: None) -> Path:
    """Return the folder where a peer is installed, after fetching it where it is not.

    ``folder/node_modules/NAME`` for npm, ``folder/venv`` for pip; for a peer without packages, an empty one.

    Raises:
        DeviceError: a tool is missing, nothing could be fetched, or what came is not what was pinned; one line.
    """
    raise NotImplementedError


def python_of(folder: Path) -> Path:
    """Return the interpreter of a folder that pip filled."""
    return folder / "venv" / "bin" / "python"
