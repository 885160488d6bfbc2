"""The forms of port URLs, read from ``port_forms.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mandible.firmware_bridge import toml_source
from mandible.wording import shortened

MOST_SERVOS = 12
_LONGEST_NUMBER = 7


@dataclass(frozen=True, slots=True)
class Option:
    """One ``name=value`` a form may have after its question mark."""

    name: str
    kind: str = "number"
    noun: str = "right"
    minimum: int = 0
    maximum: int = 0
    choices: tuple[str, ...] = ()
    default: int | str | None = None
    required: bool = False

    def read(self, text: str) -> int | str:
        """Return the value of ``text``; ValueError, which says what it takes, where it is wrong."""
        if self.choices:
            if text not in self.choices:
                raise self._wrong(text, "not known", " or ".join(self.choices))
            return int(text) if text.isdecimal() else text
        if self.kind == "numbers":
            values = [self._number(part) for part in text.split(",")[: MOST_SERVOS + 1]]
            if None in values or len(set(values)) < len(values) or len(values) > MOST_SERVOS:
                bounds = f"1 to {MOST_SERVOS} different numbers from {self.minimum} to {self.maximum}"
                raise self._wrong(text, f"not {self.noun}", bounds)
            return ",".join(map(str, values))
        value = self._number(text)
        if value is None:
            raise self._wrong(text, f"not {self.noun}", f"{self.minimum} to {self.maximum}")
        return value

    def _number(self, text: str) -> int | None:
        if not (text.isascii() and text.isdecimal()) or len(text) > _LONGEST_NUMBER:
            return None
        value = int(text)
        return value if self.minimum <= value <= self.maximum else None

    def _wrong(self, text: str, verdict: str, takes: str) -> ValueError:
        return ValueError(f"{self.name} = {shortened(text)} is {verdict}; it takes {takes}")


@dataclass(frozen=True, slots=True)
class Form:
    """How the URLs of one scheme look.

    Attributes:
        text: an example, as errors show it.
        place: what follows the scheme.
        driver: the module in ``drivers`` that speaks to it; None for a board with our firmware.
        least_us: the shortest pulse it can give, where that is longer than a servo's shortest; else 0.
    """

    text: str
    place: str
    driver: str | None
    options: Mapping[str, Option]
    least_us: int = 0


def _form(table: Mapping[str, Any]) -> Form:
    options = {
        name: Option(name, **{**keys, "choices": tuple(keys.get("choices", ()))})
        for name, keys in table.get("options", {}).items()
    }
    return Form(table["form"], table["place"], table.get("driver"), options, table.get("least_us", 0))


FORMS: Mapping[str, Form] = {
    scheme: _form(table)
    for scheme, table in toml_source.parse(
        Path(__file__).with_name("port_forms.toml").read_text("utf-8")
    ).items()
}
