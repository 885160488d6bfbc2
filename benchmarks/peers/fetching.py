"""Fills a folder with npm or pip: only what is pinned, nothing of it run, and never for ever."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from mandible.benchmarks.peers.catalogue import Peer, requirements_of
from mandible.device.telemetry.bounded_command import output_of
from mandible.errors import DeviceError
from mandible.wording import shortened

# A hundred megabytes over a slow line.
LIMIT_S = 600.0
_MOST_BYTES = 256 * 1024
_LONGEST_REASON = 160
_LOCK_VERSION = 3
# Both streams, and how it ended as the last line.
_SHELL = ("/bin/sh", "-c", '"$@" 2>&1; echo "exit $?"', "sh")
_ENDED_WELL = "exit 0"
# How npm and pip say that a file has another hash than the one asked for.
_CHANGED = ("EINTEGRITY", "DO NOT MATCH THE HASHES")


def npm(peer: Peer, folder: Path) -> None:
    """Put the peer's packages into ``folder/node_modules``, those with the pinned hash and no others.

    Raises:
        DeviceError: npm or Node.js is missing, nothing came, or something else than what was pinned.
    """
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            raise DeviceError(f"{peer.name}: needs {tool}: sudo apt install nodejs npm")
    pins = {name: pin.split() for name, pin in peer.packages.items()}
    wanted = {name: version for name, (version, _) in pins.items()}
    root = {"name": "peers", "version": "1.0.0", "private": True, "dependencies": wanted}
    lock = {
        **root,
        "lockfileVersion": _LOCK_VERSION,
        "requires": True,
        "packages": {
            "": root,
            **{
                f"node_modules/{name}": {"version": version, "integrity": integrity}
                for name, (version, integrity) in pins.items()
            },
        },
    }
    (folder / "package.json").write_text(json.dumps(root), encoding="utf-8")
    (folder / "package-lock.json").write_text(json.dumps(lock), encoding="utf-8")
    # ``ci`` installs what the lock says and refuses any other hash.
    quiet = ("--no-audit", "--no-fund", "--loglevel=error")
    once_more = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000")
    command = ["npm", "ci", "--ignore-scripts", *quiet, *once_more, "--prefix", str(folder)]
    _run(peer, command, wanted)
    _check(peer, [folder / "node_modules" / name / "package.json" for name in pins])


def wheels(peer: Peer, folder: Path) -> None:
    """Unpack the peer's wheels, without what they need, into ``folder/python``; raises as ``npm``."""
    pins = {name: pin.split() for name, pin in peer.wheels.items()}
    file = folder / "wheels.txt"
    file.write_text(
        "".join(f"{name}=={version} --hash={digest}\n" for name, (version, digest) in pins.items()),
        encoding="utf-8",
    )
    options = ["--no-deps", "--target", str(folder / "python")]
    _pip(peer, Path(sys.executable), options, file, pins)
    _check(peer, [folder / "python" / name for name in pins])


def venv(peer: Peer, folder: Path) -> None:
    """Make ``folder/venv`` and fill it with what the peer's requirements pin; raises as ``npm``."""
    place = folder / "venv"
    told = _told([sys.executable, "-I", "-m", "venv", str(place)])
    if not told.endswith(_ENDED_WELL):
        raise DeviceError(f"{peer.name}: no virtual environment can be made: sudo apt install python3-venv")
    _pip(peer, place / "bin" / "python", [], requirements_of(peer), [peer.key])


def _pip(peer: Peer, python: Path, options: Sequence[str], pins: Path, names: Iterable[str]) -> None:
    # Wheels alone, as building would run what was fetched. -I: a pip.py in the folder one is in is not pip.
    asked = [
        "install",
        "--quiet",
        "--require-hashes",
        "--only-binary",
        ":all:",
        "--no-input",
        "--retries",
        "1",
    ]
    pip = [str(python), "-I", "-m", "pip", "--disable-pip-version-check"]
    _run(peer, [*pip, *asked, *options, "-r", str(pins)], names)


def _told(command: Sequence[str]) -> str:
    told = output_of([*_SHELL, *command], LIMIT_S, _MOST_BYTES)
    return (told or "").rstrip()


def _run(peer: Peer, command: Sequence[str], names: Iterable[str]) -> None:
    told = _told(command)
    if told.endswith(_ENDED_WELL):
        return
    what = f"{peer.name}: {', '.join(names)}"
    if any(sign in told for sign in _CHANGED):
        raise DeviceError(
            f"{what}: what came is not what was pinned (its hash differs), so it was not installed; "
            "somebody changed the package, or a proxy did"
        )
    raise DeviceError(
        f"{what}: could not be fetched ({_reason(told)}); it needs the network once, and room on the disk"
    )


def _reason(told: str) -> str:
    """Return the line that says most: the first that speaks of an error."""
    lines = [line.strip() for line in told.splitlines() if line.strip() and not line.startswith("exit ")]
    wrong = [line for line in lines if "error" in line.lower()] or lines
    return shortened(wrong[0], _LONGEST_REASON) if wrong else f"no answer in {LIMIT_S:g} s"


def _check(peer: Peer, paths: Sequence[Path]) -> None:
    for path in paths:
        if not path.exists():
            raise DeviceError(f"{peer.name}: {path.name} is missing from what was fetched; try again")
