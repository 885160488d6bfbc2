"""``mandible doctor``: what works here, what does not, and the command that mends it."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from rich.console import Console

from mandible.cli import devices
from mandible.errors import MandibleError

OK, WARN, FAIL = "ok", "warn", "fail"
COLOURS = {OK: "green", WARN: "yellow", FAIL: "red"}
OLDEST_PYTHON, NEWEST_PYTHON = (3, 10), (3, 13)
KERNELS = {
    "front end kernel": "mandible.device.frontend._logmel",
    "engine kernel": "mandible.device.engines._tcn",
    "virtual board kernel": "mandible.firmware_bridge._board",
}
REINSTALL = "in mandible's source folder: pip install --force-reinstall --no-deps -e ."
MODEL = "small"


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. ``remedy`` is empty when nothing needs mending."""

    name: str
    result: str
    finding: str
    remedy: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``doctor`` has no options of its own."""


def main(args: argparse.Namespace) -> int:
    """Print every check; exit code 1 if one that the line cannot do without failed."""
    checks = list(examine())
    failed = any(check.result == FAIL for check in checks)
    if args.json:
        print(json.dumps({"ok": not failed, "checks": [asdict(check) for check in checks]}))
        return int(failed)
    console = Console()
    for check in checks:
        console.print(f"[{COLOURS[check.result]}]{check.result:>4}[/] ", end="")
        console.print(f"{check.name}: {check.finding}", markup=False, highlight=False, soft_wrap=True)
        if check.remedy:
            console.print(f"       mend it: {check.remedy}", markup=False, highlight=False, soft_wrap=True)
    return int(failed)


def examine() -> Iterator[Check]:
    """Run all checks, one after the other; a check that breaks is itself a finding."""
    checks: tuple[Callable[[], Check], ...] = (
        python,
        numpy,
        *(partial(kernel, name, module) for name, module in KERNELS.items()),
        engines,
        model,
        microphone,
        serial,
        dialout_group,
        audio_group,
    )
    for check in checks:
        try:
            yield check()
        except Exception as error:
            name = getattr(check, "__name__", "check").replace("_", " ")
            yield Check(name, FAIL, f"the check itself failed: {type(error).__name__}: {error}", REINSTALL)


def python() -> Check:
    """A Python this release was built for."""
    version = platform.python_version()
    if OLDEST_PYTHON <= sys.version_info[:2] <= NEWEST_PYTHON:
        return Check("python", OK, version)
    wanted = f"{'.'.join(map(str, OLDEST_PYTHON))} to {'.'.join(map(str, NEWEST_PYTHON))}"
    return Check(
        "python",
        FAIL,
        f"{version}; {wanted} are supported",
        "in mandible's source folder: rm -rf .venv && make install PYTHON=python3.11",
    )


def numpy() -> Check:
    """NumPy imports."""
    try:
        return Check("numpy", OK, str(importlib.import_module("numpy").__version__))
    except ImportError as error:
        return Check("numpy", FAIL, str(error), "pip install numpy")


def kernel(name: str, module: str) -> Check:
    """A compiled part imports."""
    try:
        importlib.import_module(module)
    except ImportError as error:
        return Check(name, FAIL, str(error), REINSTALL)
    return Check(name, OK, "loads")


def engines() -> Check:
    """At least one exact engine, and the default one."""
    registry = importlib.import_module("mandible.device.engines")
    names = ", ".join(registry.available())
    return Check("engines", OK, f"{names}; default {registry.default_name()}")


def model() -> Check:
    """The released model is whole: finding it compares its bytes with those its card names."""
    try:
        found = importlib.import_module("mandible.models.released").resolve(MODEL)
    except MandibleError as error:
        return Check("model", FAIL, str(error), REINSTALL)
    return Check("model", OK, f"{found.name}, sha256 {found.sha256[:12]}…")


def microphone() -> Check:
    """PyAudio, and an input to listen to. Recordings work without."""
    try:
        found = devices.microphones()
    except MandibleError as error:
        problem, _, remedy = str(error).partition(": ")
        return Check("microphone", WARN, problem, remedy)
    default = next((m for m in found if m["default"]), None)
    if default is not None:
        return Check("microphone", OK, f"{len(found)} found, default {default['name']}")
    if found:
        names = ", ".join(m["source"] for m in found)
        return Check("microphone", WARN, "no default input", f"run with --source and one of: {names}")
    return Check("microphone", WARN, "PyAudio works, but there is no input", "plug a microphone in")


def serial() -> Check:
    """Serial ports for a board. The virtual board works without."""
    try:
        found = devices.serial_ports()
    except MandibleError as error:
        return Check("serial ports", FAIL, str(error), "pip install pyserial")
    if not found:
        return Check("serial ports", OK, "none: no board plugged in (--port virtual: needs none)")
    return Check("serial ports", OK, ", ".join(port["port"] for port in found))


def dialout_group() -> Check:
    """May this user open the serial ports there are?"""
    try:
        nodes = [Path(port["port"]) for port in devices.serial_ports()]
    except MandibleError as error:
        return Check("dialout group", WARN, f"unknown while serial ports cannot be listed: {error}")
    return group("dialout", "serial ports", nodes)


def audio_group() -> Check:
    """May this user open sound cards?"""
    return group("audio", "sound cards", list(Path("/dev/snd").glob("pcm*c")))


def group(name: str, what: str, nodes: list[Path]) -> Check:
    """Whether the device files there are can be opened; without any there is nothing to forbid."""
    closed = [str(node) for node in nodes if not os.access(node, os.R_OK | os.W_OK)]
    if closed:
        remedy = f"sudo usermod -a -G {name} $USER, then log in again"
        return Check(f"{name} group", WARN, f"you may not open {', '.join(closed)}", remedy)
    return Check(f"{name} group", OK, f"{what} can be opened" if nodes else f"no {what} to open")
