"""The parity report: one model on every engine there is, byte by byte against TensorFlow Lite's kernels.

``check`` runs it; ``mandible parity`` is its command. Each engine is one small file with a ``create`` that
the registry knows by name.
"""

from mandible.quantize.parity.checking import Plan, check
from mandible.quantize.parity.registry import NAMES
from mandible.quantize.parity.subject import Subject

__all__ = ["NAMES", "Plan", "Subject", "check"]
