"""Fetches other programs ahead of a comparison: ``python -m mandible.benchmarks.peers [NAME ...]``."""

from __future__ import annotations

import sys

from mandible.benchmarks.peers.cache import installed
from mandible.benchmarks.peers.catalogue import chosen, known
from mandible.errors import MandibleError


def main() -> int:
    """Fetch those named, or all, and say where each lies."""
    try:
        for key in chosen(sys.argv[1:]):
            print(f"{key}: {installed(known()[key])}")
    except MandibleError as error:
        print(f"peers: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
