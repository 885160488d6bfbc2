"""A streaming int8 network, its front end, decoder and rig as C that a microcontroller compiles."""

from mandible.quantize.c_code.export import export, source_files
from mandible.quantize.c_code.targets import TARGETS, Target, target_named

__all__ = ["TARGETS", "Target", "export", "source_files", "target_named"]
