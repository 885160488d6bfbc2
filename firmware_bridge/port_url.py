"""Port URLs: how a person names the board a puppet hangs on."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from mandible.errors import InputError
from mandible.firmware_bridge.rig_keys import nearest
from mandible.wording import shortened

DEFAULT_BAUD = 115_200
_FORMS = {
    "virtual": "virtual: or virtual:PATH",
    "serial": "serial:///dev/ttyACM0?baud=115200",
    "fake": "fake:",
    "none": "none:",
}


@dataclass(frozen=True, slots=True)
class PortUrl:
    """A parsed port URL. ``path`` is empty where the scheme alone says all."""

    text: str
    scheme: str
    path: str
    baud: int


def parse_port_url(text: str) -> PortUrl:
    """Return the parts of the option ``--port text``; InputError, with the right form, for a wrong one."""
    try:
        return read_port_url(text)
    except ValueError as error:
        raise InputError(f"--port {shortened(text)}: {error}") from error


def read_port_url(text: str) -> PortUrl:
    """Return the parts of ``text``; raise ValueError, which shows the right form, where it is no port URL."""
    try:
        parts = urlsplit(text)
    except ValueError:  # a bracket that does not close
        raise ValueError(f"not a port URL; the forms are {', '.join(_FORMS.values())}") from None
    if parts.scheme not in _FORMS:
        if text.startswith("/"):
            raise ValueError(f"write {shlex.quote(f'serial://{text}')}")
        hint = nearest(parts.scheme or text, _FORMS)
        raise ValueError(f"not a port URL this version knows; {hint}")
    form = _FORMS[parts.scheme]
    path = parts.path
    if parts.scheme == "serial" and (parts.netloc or not path.startswith("/")):
        raise ValueError(f"a serial port needs three slashes and its path: {form}")
    if parts.netloc or (parts.scheme in ("fake", "none") and path):
        raise ValueError(f"this form is not known; write {form}")
    return PortUrl(text, parts.scheme, path, _baud(parts.scheme, parts.query))


def _baud(scheme: str, query: str) -> int:
    baud = DEFAULT_BAUD
    for name, value in parse_qsl(query, keep_blank_values=True):
        if scheme != "serial" or name != "baud":
            raise ValueError(f"unknown option {shortened(name)}; write {_FORMS[scheme]}")
        if not value.isdecimal() or len(value) > 7 or not 1200 <= int(value) <= 4_000_000:
            raise ValueError(f"baud = {shortened(value)} is not a rate; it takes 1200 to 4000000")
        baud = int(value)
    return baud
