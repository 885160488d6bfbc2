"""Fetches other programs ahead of a comparison: ``python -m mandible.benchmarks.peers [NAME ...]``."""

from __future__ import annotations

import sys

from mandible.benchmarks.peers.cache import installed
from mandible.benchmarks.peers.catalogue import chosen, known
from mandible.errors import MandibleError


def main() -> int:
    """Fetch those named, or all, and say where each lies, whose it is and what to know of it."""
    try:
        for key in chosen(sys.argv[1:]):
            peer = known()[key]
            print(f"{key}: {installed(peer)}")
            about = (
                f"{peer.name} {peer.version}",
                peer.licence,
                peer.home,
                f"decides {peer.rate_hz:g} times a second",
            )
            print(f"  {', '.join(filter(None, (*about, peer.note)))}")
    except MandibleError as error:
        print(f"peers: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
