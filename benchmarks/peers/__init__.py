"""Rival programs, each behind a small adapter, on the same recordings.

``catalogue`` knows them (``peers.toml``), ``cache`` fetches them, ``adapter`` runs one over recordings, and
``adapters/`` holds the part that is peculiar to each.
"""

from __future__ import annotations

from mandible.benchmarks.peers.catalogue import chosen

__all__ = ["chosen"]
