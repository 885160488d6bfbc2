"""Works out where every channel stands in each viseme: what the file says, its axes, mirrors and roles.

Poses are linear, so all of it is settled when a rig is loaded: what is left is a pulse a channel and viseme.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from mandible.firmware_bridge import mouth_roles
from mandible.firmware_bridge.axes import Axis, check_role
from mandible.firmware_bridge.rig_keys import SCHEMA, Effective, RigText, nearest
from mandible.firmware_bridge.toml_source import Path
from mandible.models.visemes import VISEME_NAMES
from mandible.wording import shown

PoseKind = Literal["file", "axis", "mirror", "rule", "neutral"]
_REST = "sil"


class PosedServo(Protocol):
    """What is needed of a rig's channel."""

    @property
    def name(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def mirrors(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a channel stands in a viseme.

    Attributes:
        position: 0 to 1 of the channel's range; None: at its neutral.
        kind: what it comes from.
        origin: the same in words, with lines of the file.
    """

    position: float | None
    kind: PoseKind
    origin: str


_NEUTRAL = Pose(None, "neutral", "no pose: neutral")


def check_mirrors_and_roles(source: RigText, servos: Sequence[PosedServo]) -> frozenset[str]:
    """Return the names of the channels that mirror another; raises InputError for what cannot be."""
    mirrors = {servo.name: servo.mirrors for servo in servos if servo.mirrors}
    names = [servo.name for servo in servos]
    for servo in servos:
        path: Path = ("channels", servo.name)
        check_role(source, (*path, "role"), servo.role)
        if not servo.mirrors:
            continue
        target, key = servo.mirrors, (*path, "mirrors")
        if target not in names:
            raise source.error(key, f"{shown(target)} is no channel; {nearest(target, names)}")
        if target == servo.name:
            raise source.error(key, "a channel cannot mirror itself; name another")
        if target in mirrors:
            follows = f"{shown(target)} mirrors {shown(mirrors[target])}"
            raise source.error(key, f"{follows}; name a channel that has poses of its own")
        if servo.role:
            raise source.error(
                (*path, "role"), f"its poses come from {shown(target)}; remove role or mirrors"
            )
    return frozenset(mirrors)


def read_poses(
    source: RigText, servos: Sequence[PosedServo], axes: Sequence[Axis]
) -> tuple[tuple[Pose, ...], ...]:
    """Return [viseme][channel] of a file whose channels and axes have been checked; raises InputError.

    A channel stands at what is written for it, or else what its role shows, plus what every axis adds, within
    0 to 1; with none of these a mirror stands where its channel does, and all others at neutral.
    """
    source.refuse_unknown(("poses",), VISEME_NAMES, "viseme")
    mouth = {role for role in (*(servo.role for servo in servos), *(axis.role for axis in axes)) if role}
    poses = tuple(_of_viseme(source, viseme, servos, axes, mouth) for viseme in VISEME_NAMES)
    source.effective += _explained(source, servos, poses)
    return poses


def _of_viseme(
    source: RigText, viseme: str, servos: Sequence[PosedServo], axes: Sequence[Axis], mouth: set[str]
) -> tuple[Pose, ...]:
    path = ("poses", viseme)
    names = [*(servo.name for servo in servos), *(axis.name for axis in axes)]
    source.refuse_unknown(path, names, "channel or axis" if axes else "channel")
    written = {
        name: Pose(
            source.value((*path, name), SCHEMA["pose"]["channel"]),
            "file",
            f"line {source.line((*path, name))}",
        )
        for name in names
        if name in source.table(path)
    }
    moves = [(axis, _own(written, axis.name, axis.role, viseme, mouth)) for axis in axes]
    found = {servo.name: _pose(servo, written, moves, viseme, mouth) for servo in servos}
    return tuple(
        _mirrored(servo.mirrors, found) if found[servo.name].kind == "neutral" else found[servo.name]
        for servo in servos
    )


def _own(written: Mapping[str, Pose], name: str, role: str, viseme: str, mouth: set[str]) -> Pose:
    """The pose of a channel or axis by itself. Nobody but the builder knows how it rests: that is neutral."""
    if name in written:
        return written[name]
    if not role or viseme == _REST:
        return _NEUTRAL
    part = mouth_roles.shown(role, viseme, mouth)
    return Pose(part.position, "rule", part.rule)


def _pose(
    servo: PosedServo,
    written: Mapping[str, Pose],
    moves: Iterable[tuple[Axis, Pose]],
    viseme: str,
    mouth: set[str],
) -> Pose:
    own = _own(written, servo.name, servo.role, viseme, mouth)
    added = [
        (axis, pose, axis.gains[servo.name] * pose.position)
        for axis, pose in moves
        if servo.name in axis.gains and pose.position is not None
    ]
    if not added:
        return own
    position = (own.position or 0.0) + sum(share for _, _, share in added)
    parts = [f"axis {axis.name} ({pose.origin})" for axis, pose, _ in added]
    if own.position is not None:
        parts.insert(0, own.origin)
    return Pose(min(max(position, 0.0), 1.0), "axis", " + ".join(parts))


def _mirrored(target: str, found: Mapping[str, Pose]) -> Pose:
    if not target or found[target].kind == "neutral":
        return _NEUTRAL
    return Pose(found[target].position, "mirror", f"mirrors {target}")


def _explained(
    source: RigText, servos: Sequence[PosedServo], poses: Sequence[Sequence[Pose]]
) -> Iterable[Effective]:
    """Every pose that is not a line of the file; of a channel without any there is nothing to explain."""
    posed = [any(row[number].kind != "neutral" for row in poses) for number in range(len(servos))]
    for viseme, row in zip(VISEME_NAMES, poses, strict=True):
        for servo, pose, moved in zip(servos, row, posed, strict=True):
            if moved and pose.kind != "file":
                value = "neutral" if pose.position is None else pose.position
                yield Effective(f"poses.{viseme}.{servo.name}", value, None, "pose", pose.origin)
