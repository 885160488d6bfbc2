"""Which kind of computer this is; figures of a board are refused on any other."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

from mandible.device.doctor.machine import is_jetson
from mandible.device.telemetry.kernel_file import lines, text
from mandible.errors import DeviceError, InputError

DEVICES = ("host", "rpi", "jetson", "mcu")
AUTO = "auto"
ROOT = Path("/")
_BOARD_ARCHITECTURES = ("aarch64", "armv7l")
_NAMES = {"rpi": "a Raspberry Pi", "jetson": "a Jetson"}


@dataclass(frozen=True)
class Device:
    """The device that figures speak of.

    Attributes:
        kind: ``host``, ``rpi``, ``jetson`` or ``mcu``.
        root: the folder that holds ``sys``, ``proc`` and ``etc``.
        simulated: that folder is not this computer's own, so that no figure is the board's.
    """

    kind: str
    root: Path = ROOT

    @property
    def simulated(self) -> bool:
        """Whether figures must not be quoted as the device's."""
        return self.root != ROOT and self.kind != "mcu"


def device(asked: str, root: Path = ROOT) -> Device:
    """Return the device asked for; ``auto`` is what this computer is.

    Raises:
        InputError: ``root`` is no folder.
        DeviceError: this computer is no such board; one line.
    """
    if not root.is_dir():
        raise InputError(f"--root {root}: no such folder; it has to hold sys and proc")
    root = ROOT if root.resolve() == ROOT else root
    found = kind_of(root)
    if asked == AUTO:
        return Device(found, root)
    if asked in _NAMES and found != asked:
        model = text(root / "proc/device-tree/model")
        here = f"{model} ({platform.machine()})" if model else f"a {platform.machine()} computer"
        raise DeviceError(
            f"--device {asked}: this is {here}, not {_NAMES[asked]}; its figures are measured on one only: "
            "run this there, or --device host here"
        )
    return Device(asked, root)


def kind_of(root: Path) -> str:
    """Return ``jetson``, ``rpi`` or, for everything else, ``host``."""
    # A folder may stand for a board on any computer; this computer itself is one only with its processor.
    if root == ROOT and platform.machine() not in _BOARD_ARCHITECTURES:
        return "host"
    if is_jetson(root) and (root != ROOT or _has_tegra(root)):
        return "jetson"
    return "rpi" if "raspberry pi" in (text(root / "proc/device-tree/model") or "").lower() else "host"


def _has_tegra(root: Path) -> bool:
    """Whether the kernel itself says so: a file in ``/etc`` is easily written, or left by an image."""
    files = [root / f"proc/device-tree/{name}" for name in ("model", "compatible")]
    told = " ".join(line for file in files for line in lines(file)).lower()
    return "nvidia jetson" in told or "nvidia,tegra" in told
