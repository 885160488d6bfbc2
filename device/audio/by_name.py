"""Choosing a sound device by its name, never by its number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from mandible.errors import DeviceError


class Device(Protocol):
    """What the choice looks at."""

    @property
    def name(self) -> str: ...
    @property
    def is_default(self) -> bool: ...


DeviceT = TypeVar("DeviceT", bound=Device)


def choose_by_name(devices: Sequence[DeviceT], name: str | None, kind: str, option: str) -> DeviceT:
    """Pick the default device (``name`` None), or the one whose name equals, else contains, ``name``.

    Upper and lower case are the same.

    Args:
        devices: those there are, at least one.
        name: as a person wrote it.
        kind: what they are, for messages: ``microphone``.
        option: how one is named, for messages: ``mic:NAME``.

    Raises:
        DeviceError: the name fits none or several; the message lists what exists.
    """
    if name is None:
        chosen = [device for device in devices if device.is_default]
        problem = f"no default {kind} is set"
    else:
        wanted = name.casefold()
        chosen = [device for device in devices if device.name.casefold() == wanted]
        chosen = chosen or [device for device in devices if wanted in device.name.casefold()]
        problem = f"{len(chosen)} {kind}s match {name!r}" if chosen else f"no {kind} is called {name!r}"
    # A device offered twice under one name is one device; the first is PortAudio's preferred way to it.
    if len({device.name for device in chosen}) == 1:
        return chosen[0]
    names = ", ".join(repr(n) for n in dict.fromkeys(device.name for device in chosen or devices))
    raise DeviceError(f"{problem}: give {option} with one of {names}")
