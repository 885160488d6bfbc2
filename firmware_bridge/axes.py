"""Reads ``[axes]`` of a rig file: names for moves that take several servos, such as a jaw on two."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from mandible.firmware_bridge.mouth_roles import ROLES
from mandible.firmware_bridge.rig_keys import SCHEMA, RigText, nearest
from mandible.firmware_bridge.toml_source import Path
from mandible.wording import shown

# Twelve servos can be put together in more ways, but no mouth needs them.
MOST_AXES = 24


@dataclass(frozen=True, slots=True)
class Axis:
    """One move: at position 1 each channel gets its gain, -1.0 to 1.0, added; ``role`` as a channel's."""

    name: str
    role: str
    gains: Mapping[str, float]


def read_axes(source: RigText, channels: Collection[str], mirrors: Collection[str]) -> tuple[Axis, ...]:
    """Return the axes over the ``channels`` named; raises InputError, also where one moves a mirror."""
    names = source.table(("axes",))
    if len(names) > MOST_AXES:
        raise source.error(("axes",), f"{len(names)} of them; a rig takes {MOST_AXES} at most")
    return tuple(_axis(source, name, channels, mirrors) for name in names)


def check_role(source: RigText, path: Path, role: str) -> None:
    """Raise InputError where ``role``, the value of the key at ``path``, is neither empty nor one we know."""
    if role and role not in ROLES:
        raise source.error(path, f"{shown(role)} is no part of a mouth; {nearest(role, ROLES)}")


def _axis(source: RigText, name: str, channels: Collection[str], mirrors: Collection[str]) -> Axis:
    path: Path = ("axes", name)
    if name in channels:
        raise source.error(path, "is a channel, too; a pose could mean either: rename one")
    source.refuse_unknown(path, (*SCHEMA["axis"], "channels"))
    role = source.value((*path, "role"), SCHEMA["axis"]["role"])
    check_role(source, (*path, "role"), role)
    moved = (*path, "channels")
    if not source.table(moved):
        example = f"channels = {{ {next(iter(channels))} = 1.0 }}"
        raise source.error(moved, f"missing; say how far it moves which, e.g. {example}")
    source.refuse_unknown(moved, channels, "channel")
    gains = {}
    for channel in source.table(moved):
        if channel in mirrors:
            message = "is a mirror, and follows another channel; name that one alone"
            raise source.error((*moved, channel), message)
        gains[channel] = source.value((*moved, channel), SCHEMA["axis_gain"]["gain"])
    return Axis(name, role, gains)
