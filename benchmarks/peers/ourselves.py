"""This project's own models as programs beside the others: run, timed and asked in the same way."""

from __future__ import annotations

from collections.abc import Sequence

from mandible import __version__
from mandible.benchmarks.peers.catalogue import Peer

PREFIX = "mandible "
CLASSES = "oculus"
_HOPS_PER_S = 100.0


def ours(models: Sequence[str]) -> tuple[Peer, ...]:
    """Return a peer for each model, named ``mandible MODEL``."""
    return tuple(
        Peer(
            key=f"mandible-{model}",
            name=f"{PREFIX}{model}",
            version=__version__,
            source="none",
            adapter="mandible_line.py",
            class_set=CLASSES,
            live=True,
            rate_hz=_HOPS_PER_S,
            licence="Apache-2.0",
            home="",
            options={"model": model},
            note="the line that `run` and `bake` use, stamped when each state was known",
        )
        for model in models
    )


def is_ours(system: str) -> bool:
    """Tell whether the name of a system is that of a model of ours."""
    return system.startswith(PREFIX)
