"""What a part of a mouth does in each viseme, for rigs that say which part a channel moves and no more.

Positions and rules: ``mouth_roles.toml``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mandible.firmware_bridge import toml_source

_TABLES: Mapping[str, Mapping[str, Any]] = toml_source.parse(
    Path(__file__).with_name("mouth_roles.toml").read_text("utf-8")
)
_POSITIONS = _TABLES["positions"]
ROLES: tuple[str, ...] = tuple(_TABLES["roles"])


@dataclass(frozen=True, slots=True)
class Shown:
    """Where a part stands in a viseme: its position, 0 to 1, and the rule that says so, in words."""

    position: float
    rule: str


def shown(role: str, viseme: str, mouth: Collection[str]) -> Shown:
    """Return what ``role``, one of ``ROLES``, shows of ``viseme`` in a mouth of these roles."""
    rule = _TABLES["roles"][role]
    missing = [part for part in rule["needs"] if part not in mouth]
    if not missing:
        return Shown(_POSITIONS[viseme][rule["shows"]], f"role {role}")
    return Shown(_POSITIONS[viseme][rule["alone"]], f"role {role}: {rule['alone']}, without {missing[0]}")
