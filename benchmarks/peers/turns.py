"""Several programs hear the same recordings in turns, so that a busy moment of the machine hits them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mandible.benchmarks.peers.adapter import Heard, Pass, heard
from mandible.benchmarks.peers.catalogue import Peer
from mandible.benchmarks.speech import Recording
from mandible.errors import MandibleError

# As ``adapter.heard``; a test puts another in its place.
Hear = Callable[[Peer, Path, Sequence[Recording], Path, Callable[[str], None]], Pass]


@dataclass
class Turns:
    """What came of it.

    Attributes:
        rounds: the recordings of each round, by position.
        passes: by peer's key, one a round; only of those that finished every round.
        failed: by peer's key, why it did not.
    """

    rounds: list[list[int]]
    passes: dict[str, list[Pass]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def of(self, key: str) -> list[Heard]:
        """Return what a peer made of every recording, in the order of the recordings."""
        found: dict[int, Heard] = {}
        for members, one in zip(self.rounds, self.passes[key], strict=True):
            for number, answer in zip(members, one.recordings, strict=True):
                found.setdefault(number, answer)
        return [found[number] for number in sorted(found)]


def rounds_of(recordings: int, rounds: int) -> list[list[int]]:
    """Divide recordings among rounds, every n-th to each; where there are too few, each round hears all."""
    if recordings < rounds:
        return [list(range(recordings)) for _ in range(rounds)]
    return [list(range(first, recordings, rounds)) for first in range(rounds)]


def in_turns(
    peers: Sequence[tuple[Peer, Path]],
    recordings: Sequence[Recording],
    rounds: int,
    scratch: Path,
    tell: Callable[[str], None],
    hear: Hear = heard,
) -> Turns:
    """Let every peer hear a round's recordings, then the next round's, each time in another order.

    A peer that fails is left out from there on, and the others go on.

    Args:
        peers: with the folders where they are installed.
        recordings: what is heard.
        rounds: how often they take turns, at least 1.
        scratch: where requests may lie.
        tell: called with a word on what is being done.
        hear: runs one of them.
    """
    waiting = list(peers)
    turns = Turns(rounds_of(len(recordings), rounds), {peer.key: [] for peer, _ in waiting})
    for number, members in enumerate(turns.rounds):
        chosen = [recordings[member] for member in members]
        first = number % max(1, len(waiting))
        for peer, folder in waiting[first:] + waiting[:first]:
            if peer.key in turns.failed:
                continue
            tell(f"{peer.name}, round {number + 1} of {len(turns.rounds)}")
            try:
                turns.passes[peer.key].append(hear(peer, folder, chosen, scratch, tell))
            except MandibleError as error:
                turns.failed[peer.key] = str(error)
                del turns.passes[peer.key]
    return turns
