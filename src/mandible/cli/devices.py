"""``mandible devices``: which microphones, loudspeakers and serial ports this machine has."""

from __future__ import annotations

import argparse
import json
from typing import Any

from mandible.device.doctor.inventory import loudspeakers, microphones, serial_ports
from mandible.errors import DeviceError, MandibleError

SOUND = ("microphones", "loudspeakers")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``devices`` has no options of its own."""


def main(args: argparse.Namespace) -> int:
    """List what there is; what cannot be listed is said, and only fails when nothing could be."""
    found: dict[str, list[dict[str, Any]]] = {}
    problems: dict[str, str] = {}
    for kind, look in (
        ("microphones", microphones),
        ("loudspeakers", loudspeakers),
        ("serial_ports", serial_ports),
    ):
        try:
            found[kind] = look()
        except MandibleError as error:
            problems[kind] = str(error)
    if args.json:
        print(json.dumps({**found, "problems": problems}))
    else:
        show(found, problems)
    if not found:
        raise DeviceError("nothing could be listed: " + "; ".join(dict.fromkeys(problems.values())))
    return 0


def show(found: dict[str, list[dict[str, Any]]], problems: dict[str, str]) -> None:
    """Print one line a device; what stands first on it can be copied into a command."""
    told: set[str] = set()
    for kind, describe in (
        ("microphones", microphone_line),
        ("loudspeakers", loudspeaker_line),
        ("serial_ports", serial_line),
    ):
        title = kind.replace("_", " ")
        if kind in problems:
            problem = problems[kind]
            if problem not in told:  # microphones and loudspeakers may well miss the same
                print(problem if title in problem.partition(" need ")[0] else f"{title}: {problem}")
            told.add(problem)
        elif not found[kind]:
            print(f"{title}: none" + (" (mandible doctor looks for the reason)" if kind in SOUND else ""))
        else:
            print(f"{title}:")
            for device in found[kind]:
                name, facts = describe(device)
                print(f"  {name:<32}  {', '.join(facts)}".rstrip())


def microphone_line(microphone: dict[str, Any]) -> tuple[str, list[str]]:
    """What ``--source`` takes, and what there is to know."""
    default = ["default"] if microphone["default"] else []
    channels = microphone["channels"]
    rates = "/".join(map(str, microphone["rates_hz"])) or "no usable rate"
    facts = [f"{channels} channel{'s' * (channels != 1)}", f"{rates} Hz", microphone["host_api"]]
    return microphone["source"], default + facts


def loudspeaker_line(loudspeaker: dict[str, Any]) -> tuple[str, list[str]]:
    """Return what ``--speaker`` takes, and what there is to know."""
    channels = loudspeaker["channels"]
    facts = [f"{channels} channel{'s' * (channels != 1)}", f"{loudspeaker['default_rate_hz']} Hz"]
    return loudspeaker["name"], ["default"] * bool(loudspeaker["default"]) + facts


def serial_line(port: dict[str, Any]) -> tuple[str, list[str]]:
    """What ``--port`` takes, and what there is to know."""
    usb = [] if port["usb"] is None else [f"USB {port['usb']}"]
    return port["url"], usb + [port["description"]] * (port["description"] is not None)
