"""The whole examination: what may hang runs in processes of its own beside the rest."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from functools import cached_property, partial
from pathlib import Path

from mandible.device.doctor.background import in_background
from mandible.device.doctor.check import FAIL, REINSTALL, Check
from mandible.device.doctor.child import Child
from mandible.device.doctor.installed import unloadable
from mandible.device.doctor.sound_server import SoundServer, find
from mandible.device.telemetry import Reading, Telemetry

# name of the look, module and function, and the attributes of the Examination that it takes
LOOKS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("python", "installed", "python", ()),
    ("numpy", "installed", "numpy", ()),
    ("packages", "installed", "packages", ()),
    ("kernels", "installed", "kernels", ()),
    ("models", "installed", "models", ()),
    ("engines", "engines", "engines", ("timing",)),
    ("PyAudio", "installed", "pyaudio", ()),
    ("sound server", "sound_server", "sound_server", ("server",)),
    ("microphone", "sound", "microphones", ("listening", "server")),
    ("audio group", "ports", "audio_group", ()),
    ("serial ports", "ports", "serial_ports", ()),
    ("dialout group", "ports", "dialout_group", ()),
    ("telemetry", "machine", "telemetry", ("reading", "root")),
    ("throttling", "machine", "throttling", ("reading",)),
    ("temperature", "machine", "temperature", ("reading",)),
    ("clock governor", "machine", "clock_governor", ("reading", "root")),
    ("service", "system", "service", ("root",)),
    ("limits", "system", "limits", ("root",)),
    ("disk space", "system", "disk_space", ()),
)


def examine(quick: bool = False, root: Path = Path("/")) -> Iterator[Check]:
    """Yield every finding, one look after the other; takes under 5 s, ``quick`` under 2.

    ``quick`` neither listens to microphones nor times engines. A look that breaks is itself a finding, and so
    is one whose module cannot be imported; where a package is the cause, the remedy is that package's.
    """
    examination = Examination(quick, root)
    for name, module, function, needed in LOOKS:
        try:
            look = getattr(importlib.import_module(f"mandible.device.doctor.{module}"), function)
            findings: Iterable[Check] = look(*(getattr(examination, need) for need in needed))
            yield from findings
        except ImportError as error:
            yield unloadable(name, error)
        except Exception as error:
            yield Check(name, FAIL, f"the check itself failed: {type(error).__name__}: {error}", REINSTALL)


class Examination:
    """What several looks share, and what was begun early because it takes long."""

    def __init__(self, quick: bool, root: Path) -> None:
        from mandible.device.doctor import engines, sound

        self.root = root
        self._reading = in_background(partial(_read_once, root))
        self.listening: Child | None = sound.start(quick)
        self.timing: Child | None = None if quick else engines.start()

    @cached_property
    def server(self) -> SoundServer:
        """The sound server."""
        return find()

    @property
    def reading(self) -> Reading:
        """How the computer is doing."""
        return self._reading.result()


def _read_once(root: Path) -> Reading:
    telemetry = Telemetry(root)
    try:
        return telemetry.read()
    finally:
        telemetry.close()
