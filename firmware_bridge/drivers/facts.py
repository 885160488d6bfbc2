"""The facts of a maker's protocol, as the TOML file of its family beside this module states them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mandible.firmware_bridge import toml_source


def facts(family: str) -> Mapping[str, Any]:
    """Return the table in ``family``.toml."""
    return toml_source.parse(Path(__file__).with_name(f"{family}.toml").read_text("utf-8"))


def named_bits(value: int, names: Mapping[str, int]) -> str:
    """Return the names of the bits set in ``value``, with commas; one without a name reads ``bit 9``."""
    by_bit = {bit: name for name, bit in names.items()}
    return ", ".join(by_bit.get(bit, f"bit {bit}") for bit in range(value.bit_length()) if value >> bit & 1)
