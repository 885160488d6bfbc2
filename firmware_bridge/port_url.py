"""Port URLs: how a person names the board, or the controller, that a puppet hangs on."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import parse_qsl, urlsplit

from mandible.errors import InputError
from mandible.firmware_bridge.port_forms import FORMS, Form
from mandible.firmware_bridge.rig_keys import nearest
from mandible.wording import shortened

DEFAULT_BAUD = 115_200
Options = Mapping[str, str | int]
# Scheme, authority, path: where the URL leads, as (host, path, further options).
_Place = tuple[str, str, Options]

_LONGEST = 1000
_MOST_OPTIONS = 20
# What people call a port who leave its folder out.
_TTY_NAME = re.compile(r"tty[A-Za-z]{1,8}[0-9]{1,3}")
_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}))*")
_I2C = re.compile(r"/(?:0x([0-9a-fA-F]{1,2})|([0-9]{1,3}))")
_USB = re.compile(r"([0-9a-fA-F]{4}):([0-9a-fA-F]{4})(?::([A-Za-z0-9._:+-]{1,126}))?")
_NONE: Options = MappingProxyType({})


def _no_options() -> Options:
    return _NONE


@dataclass(frozen=True, slots=True)
class PortUrl:
    """A parsed port URL.

    Attributes:
        text: as it was written.
        scheme: what kind of board or controller this is; a key of ``port_forms.toml``.
        path: of the tty, or of a virtual board's link; empty where there is none.
        baud: of a tty.
        host: name or IPv4 address of a network device, else empty.
        options: every other option of the form, defaults filled in; one that is left out and has no default
            is absent. A list of numbers stays text (see ``numbers``). ``usb:`` has ``vendor``, ``product``
            and maybe ``serial``; ``pca9685:`` has ``bus`` and ``address``.
    """

    text: str
    scheme: str
    path: str
    baud: int
    host: str = ""
    options: Options = field(default_factory=_no_options, hash=False)

    def number(self, name: str) -> int:
        """Return an option that is one number and was given or has a default; else KeyError."""
        return int(self.options[name])

    def numbers(self, name: str) -> tuple[int, ...]:
        """Return an option that is a list of numbers; empty where it was left out."""
        text = self.options.get(name)
        return () if text is None else tuple(int(part) for part in str(text).split(","))


def parse_port_url(text: str) -> PortUrl:
    """Return the parts of the option ``--port text``; InputError, with the right form, for a wrong one."""
    try:
        return read_port_url(text)
    except ValueError as error:
        raise InputError(f"--port {shortened(text)}: {error}") from error


def read_port_url(text: str) -> PortUrl:
    """Return the parts of ``text``; raise ValueError, which shows the right form, where it is no port URL."""
    if not text.isprintable():
        raise ValueError("it holds characters that no port URL has; type it anew")
    try:
        parts = urlsplit(text)
    except ValueError:  # a bracket that does not close
        raise ValueError(f"not a port URL; the forms are {_all_forms()}") from None
    if parts.scheme not in FORMS:
        if text.startswith("/"):
            raise ValueError(f"write {shlex.quote(f'serial://{text}')}")
        if _TTY_NAME.fullmatch(text):
            raise ValueError(f"write serial:///dev/{text}")
        if text in FORMS:
            raise ValueError(f"what follows is missing; write {FORMS[text].text}")
        hint = nearest(parts.scheme or text, FORMS)
        raise ValueError(f"not a port URL this version knows; {hint}")
    form = FORMS[parts.scheme]
    if parts.fragment:
        raise ValueError(f"nothing may follow a #; write {form.text}")
    host, path, options = _PLACES[form.place](form, parts.netloc, parts.path)
    options = {**options, **_options(form, parts.query)}
    if len(text) > _LONGEST:
        raise ValueError(f"longer than any port URL; write {form.text}")
    baud = int(options.pop("baud", DEFAULT_BAUD))
    return PortUrl(text, parts.scheme, path, baud, host, MappingProxyType(options) if options else _NONE)


def _all_forms() -> str:
    own = [form.text for form in FORMS.values() if form.driver is None]
    others = [scheme for scheme, form in FORMS.items() if form.driver is not None]
    return f"{', '.join(own)}, and {', '.join(others)} for controllers of other makers"


def _options(form: Form, query: str) -> dict[str, str | int]:
    given: dict[str, str | int] = {}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_OPTIONS)
    except ValueError:
        raise ValueError(f"too many options; write {form.text}") from None
    for name, value in pairs:
        if name not in form.options:
            raise ValueError(f"unknown option {shortened(name)}; write {form.text}")
        if name in given:
            raise ValueError(f"{name} is there twice; write it once")
        given[name] = form.options[name].read(value)
    for option in form.options.values():
        if option.required and option.name not in given:
            raise ValueError(f"{option.name} is missing; write {form.text}")
        if option.default is not None and option.name not in given:
            given[option.name] = int(option.default) if str(option.default).isdecimal() else option.default
    low_us, high_us = given.get("low_us"), given.get("high_us")
    if isinstance(low_us, int) and isinstance(high_us, int) and low_us >= high_us:
        raise ValueError("low_us has to be less than high_us")
    return given


def _wrong_form(form: Form) -> ValueError:
    return ValueError(f"this form is not known; write {form.text}")


def _nothing(form: Form, netloc: str, path: str) -> _Place:
    if netloc or path:
        raise _wrong_form(form)
    return "", "", _NONE


def _path_or_nothing(form: Form, netloc: str, path: str) -> _Place:
    if netloc:
        raise _wrong_form(form)
    return "", path, _NONE


def _tty(form: Form, netloc: str, path: str) -> _Place:
    if netloc or not path.startswith("/"):
        raise ValueError(f"a serial port needs three slashes and its path: {form.text}")
    return "", path, _NONE


def _host(form: Form, netloc: str, path: str) -> _Place:
    if path.strip("/") or not _HOST.fullmatch(netloc):
        raise ValueError(f"a host name or IPv4 address is wanted; write {form.text}")
    if re.fullmatch(r"[0-9.]+", netloc):
        octets = netloc.split(".")
        if len(octets) != 4 or any(len(octet) > 3 or int(octet) > 255 for octet in octets):
            raise ValueError(f"{shortened(netloc)} is no IPv4 address; write {form.text}")
    return netloc, "", _NONE


def _i2c(form: Form, netloc: str, path: str) -> _Place:
    address = _I2C.fullmatch(path)
    if not (netloc.isascii() and netloc.isdecimal() and len(netloc) <= 3 and address):
        raise ValueError(f"the number of the I2C bus and the chip's address are wanted; write {form.text}")
    hexadecimal, decimal = address.groups()
    value = int(hexadecimal, 16) if hexadecimal else int(decimal)
    # 0x40 to 0x7f are the chip's to choose from; 0x70 is its all-call address, 0x78 and up are reserved.
    if not 0x40 <= value <= 0x77 or value == 0x70:
        raise ValueError(f"{path[1:]} is not an address of this chip; it takes 0x40 to 0x77 without 0x70")
    return "", "", {"bus": int(netloc), "address": value}


def _usb(form: Form, netloc: str, path: str) -> _Place:
    match = _USB.fullmatch(path)
    if netloc or not match:
        raise ValueError(f"vendor and product are four hexadecimal digits each; write {form.text}")
    options: dict[str, str | int] = {"vendor": int(match[1], 16), "product": int(match[2], 16)}
    if match[3]:
        options["serial"] = match[3]
    return "", "", options


_PLACES: Mapping[str, Callable[[Form, str, str], _Place]] = {
    "nothing": _nothing,
    "path or nothing": _path_or_nothing,
    "tty": _tty,
    "host": _host,
    "i2c": _i2c,
    "usb": _usb,
}
