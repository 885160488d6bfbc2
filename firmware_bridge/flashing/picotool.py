"""Writing an RP2040 with picotool, where no drive is mounted."""

from __future__ import annotations

import shutil
import subprocess

from mandible.errors import DeviceError
from mandible.firmware_bridge.flashing.image import Image
from mandible.saying import say
from mandible.wording import shortened

TOOL = "picotool"
_LIMIT_S = 120.0
_HALF = "the board may hold half an image and stays in its boot loader: flash it again"


def find() -> str | None:
    """Return picotool's path, None where it is not installed."""
    return shutil.which(TOOL)


def command(image: Image) -> tuple[str, ...]:
    """Return what writes the image, compares it and starts it."""
    return (TOOL, "load", "-v", "-x", "-t", "uf2", str(image.path))


def write(image: Image) -> None:
    """Write and compare; DeviceError, which says what the board may hold now, where that fails."""
    try:
        done = subprocess.run(command(image), stdin=subprocess.DEVNULL, capture_output=True, timeout=_LIMIT_S)
    except subprocess.TimeoutExpired:
        raise DeviceError(f"{TOOL} did not end within {_LIMIT_S:.0f} s; {_HALF}") from None
    except KeyboardInterrupt:
        say(f"mandible: interrupted; {_HALF}")
        raise
    if done.returncode != 0:
        lines = (done.stdout + done.stderr).decode("utf-8", "replace").split("\n")
        words = next((line.strip() for line in reversed(lines) if line.strip()), "it does not say why")
        raise DeviceError(f"{TOOL} could not write ({shortened(words, 160)}); {_HALF}")
