"""Why a streaming model of the family cannot hold an operator, and what to do instead."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE = Path(__file__).with_name("refused_operators.toml")
# The entry for all that the others do not name.
ANY = "*"


def reason_against(operator: str) -> str:
    """Return the reason and the remedy, for one line, by the schema's name of an operator."""
    return _reasons().get(operator, _reasons()[ANY])


@cache
def _reasons() -> dict[str, str]:
    return {
        operator: group["reason"]
        for group in tomllib.loads(FILE.read_text(encoding="utf-8"))["group"]
        for operator in group["operators"]
    }
