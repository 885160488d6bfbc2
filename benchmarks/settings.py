"""A probe's settings: a frozen dataclass, filled from a table and checked against its fields' bounds."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import field, fields
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from mandible.errors import InputError
from mandible.firmware_bridge.rig_keys import nearest
from mandible.wording import shortened, shown

S = TypeVar("S")
_LONGEST_LIST = 64


def bounded(default: float, low: float, high: float) -> Any:
    """Declare a number's field with the least and the most it may be."""
    return field(default=default, metadata={"low": low, "high": high})


def chosen(default: tuple[Any, ...], choices: tuple[Any, ...]) -> Any:
    """Declare a list's field with all that it may hold."""
    return field(default=default, metadata={"choices": choices})


def read_settings(kind: type[S], table: Mapping[str, Any], where: str) -> S:
    """Return ``kind`` with the values of a table; what the table lacks keeps its default.

    Fields are ``int``, ``float``, ``bool``, ``str``, ``tuple[str, ...]`` or ``tuple[int, ...]``.

    Raises:
        InputError: an unknown key, another type, or a number out of bounds; one line, ``where`` first.
    """
    hints = get_type_hints(kind)
    known = {one.name: one for one in fields(kind)}  # type: ignore[arg-type]
    values = {}
    for key, value in table.items():
        if key not in known:
            raise InputError(f"{where}.{shortened(key)}: no such key; {nearest(key, list(known))}")
        values[key] = _checked(value, hints[key], known[key].metadata, f"{where}.{key}")
    return kind(**values)


def _checked(value: Any, hint: Any, limits: types.MappingProxyType[Any, Any], where: str) -> Any:
    if get_origin(hint) is tuple:
        if not isinstance(value, list) or not 0 < len(value) <= _LONGEST_LIST:
            raise InputError(f"{where}: must be a list of 1 to {_LONGEST_LIST}")
        items = tuple(_one(item, get_args(hint)[0], limits, where) for item in value)
        for item in items:
            if items.count(item) > 1:  # each figure would be there twice, and none could be compared
                raise InputError(f"{where}: {shown(item)} is there twice")
        return items
    return _one(value, hint, limits, where)


def _one(value: Any, hint: Any, limits: types.MappingProxyType[Any, Any], where: str) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not hint:
        raise InputError(f"{where}: must be {_WORDS[hint]}")
    if "low" in limits and not limits["low"] <= value <= limits["high"]:
        raise InputError(f"{where}: must be {limits['low']:g} to {limits['high']:g}, got {shown(value)}")
    if "choices" in limits and value not in limits["choices"]:
        raise InputError(f"{where}: {shown(value)} is none of {', '.join(map(str, limits['choices']))}")
    return value


_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
