"""Puppet on one chip: microphone, exported line and servo firmware in one image, and no computer."""

from mandible.quantize.one_chip.board_table import BOARDS, OneChipBoard, board_named
from mandible.quantize.one_chip.build import Built, build
from mandible.quantize.one_chip.export import export

__all__ = ["BOARDS", "Built", "OneChipBoard", "board_named", "build", "export"]
