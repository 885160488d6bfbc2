"""The second listener at the virtual microphone, by the name that tests know it by."""

from __future__ import annotations

from mandible.benchmarks.lateness.witness import Witness

__all__ = ["Witness"]
