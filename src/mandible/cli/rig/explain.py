"""``mandible rig explain``: every value and pose of a rig, and where each comes from."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from mandible.firmware_bridge.arrival import held_hops
from mandible.firmware_bridge.limits import limits_crc
from mandible.firmware_bridge.poses import Pose
from mandible.firmware_bridge.rig import Rig
from mandible.models.visemes import VISEME_NAMES
from mandible.wording import one_line

_HOP_MS = 10
# So many columns of pulses fit a terminal of 80.
_ABREAST = 6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("rig", metavar="FILE", help="rig file, or the name of a shipped rig")


def main(args: argparse.Namespace) -> int:
    """Explain the rig."""
    show(Rig.load(args.rig), args.json)
    return 0


def show(rig: Rig, as_json: bool) -> None:
    """Print tables of values, pulses and the origin of poses, or one JSON object with the same."""
    if as_json:
        print(json.dumps(_as_json(rig), indent=2))
        return
    console = Console()
    console.print(_values(rig))
    for first in range(0, len(rig.posed), _ABREAST):
        console.print(_pulses(rig, rig.posed[first : first + _ABREAST]))
    if rig.posed:
        console.print(_origins(rig))
    for line in (*_waiting(rig), *_resting(rig)):
        console.print(plain(line), highlight=False)


def plain(text: str) -> str:
    """Return text from a rig file as a table shows it: no terminal codes, no markup."""
    return escape(one_line(text))


def _as_json(rig: Rig) -> dict[str, object]:
    return {
        "file": rig.file,
        "limits_crc": limits_crc(rig.limits),
        "values": [
            {
                "key": e.key,
                "value": e.value,
                "line": e.line,
                "source": e.origin or ("default" if e.line is None else "file"),
            }
            for e in rig.effective
        ],
        "poses_us": {
            viseme: {c.name: pulse for c, pulse in zip(rig.channels, poses_us, strict=True)}
            for viseme, poses_us in zip(VISEME_NAMES, rig.poses_us, strict=True)
        },
        "poses": {
            viseme: {
                c.name: {"position": pose.position, "from": pose.kind, "origin": pose.origin}
                for c, pose in zip(rig.channels, row, strict=True)
            }
            for viseme, row in zip(VISEME_NAMES, rig.poses, strict=True)
        },
        "held_back_ms": {
            c.name: _HOP_MS * held for c, held in zip(rig.channels, held_hops(rig), strict=True)
        },
    }


def _values(rig: Rig) -> Table:
    table = Table(Column("key", no_wrap=True), "value", "from", "meaning", title=plain(rig.file))
    for e in rig.effective:
        if not e.origin:  # a pose that is worked out has tables of its own
            table.add_row(plain(e.key), plain(json.dumps(e.value)), e.source, e.about)
    return table


def _pulses(rig: Rig, numbers: Sequence[int]) -> Table:
    columns = [Column(plain(rig.channels[number].name), min_width=4, overflow="fold") for number in numbers]
    table = Table(Column("viseme", no_wrap=True), *columns, title="Pulses in µs")
    for viseme, poses_us in zip(VISEME_NAMES, rig.poses_us, strict=True):
        table.add_row(viseme, *(str(poses_us[number]) for number in numbers))
    table.add_section()
    table.add_row("neutral", *(str(rig.neutral_us[number]) for number in numbers))
    return table


def _origins(rig: Rig) -> Table:
    """Visemes in which a channel's pose comes from the same place share a row."""
    table = Table("channel", "visemes", "pose comes from", title="Where poses come from")
    for number in rig.posed:
        name = plain(rig.channels[number].name)
        for visemes, origin in _grouped([row[number] for row in rig.poses]):
            table.add_row(name, visemes, plain(origin))
            name = ""
        table.add_section()
    return table


def _grouped(poses: Sequence[Pose]) -> list[tuple[str, str]]:
    visemes: dict[str, list[str]] = {}
    for viseme, pose in zip(VISEME_NAMES, poses, strict=True):
        visemes.setdefault(pose.origin, []).append(viseme)
    return [(" ".join(names), origin) for origin, names in visemes.items()]


def _waiting(rig: Rig) -> Iterable[str]:
    slowest_ms = rig.mouth_delay_ms
    for channel, held in zip(rig.channels, held_hops(rig), strict=True):
        if held:
            waits_ms = _HOP_MS * held
            yield f"{channel.name} waits {waits_ms} ms for the slowest servo of the mouth ({slowest_ms} ms)."


def _resting(rig: Rig) -> Iterable[str]:
    for number, channel in enumerate(rig.channels):
        if number not in rig.posed:
            yield f"{channel.name} has no poses: in speech it is at neutral, {channel.neutral_us} µs."
