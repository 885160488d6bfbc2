"""The limits that a parity report holds engines to, and what it says where one is broken."""

from __future__ import annotations

import difflib
import math
import sys
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from mandible.errors import InputError
from mandible.quantize.parity.comparison import Comparison
from mandible.quantize.parity.engine import EXACT, FAST
from mandible.small_file import is_file, read_small
from mandible.wording import shortened, shown

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE = Path(__file__).with_name("tolerances.toml")
MOST_BYTES = 1 << 16
GROUPS = ("exact", "fast", "accuracy")
MODELS = "models"


@dataclass(frozen=True)
class Tolerances:
    """The limits; see ``tolerances.toml`` for what each means."""

    bytes_differing: int
    max_lsb: int
    max_lsb_noise: int
    argmax_agreement: float
    argmax_agreement_noise: float
    lost_points: float

    def broken_by(self, kind: str, found: Comparison) -> list[str]:
        """Return a sentence for each limit that a comparison breaks."""
        if kind == EXACT:
            if found.differing <= self.bytes_differing:
                return []
            at = f"; first at {found.first}" if found.first else ""
            return [f"{found.differing} of {found.values} bytes differ, {self.bytes_differing} may{at}"]
        if kind != FAST:
            return []
        broken = []
        for what, largest, most in (
            ("speech", found.largest[0], self.max_lsb),
            ("noise", found.largest[1], self.max_lsb_noise),
        ):
            if largest is not None and largest > most:
                broken.append(f"logits differ by {largest} steps on {what}, at most {most} are allowed")
        for what, share, least in (
            ("speech", found.agreement[0], self.argmax_agreement),
            ("noise", found.agreement[1], self.argmax_agreement_noise),
        ):
            if share is not None and share < least:
                broken.append(
                    f"the strongest viseme agrees in {share:.2%} of hops of {what}, {least:.2%} are needed"
                )
        if broken and found.first:
            broken[-1] += f"; first difference at {found.first}"
        return broken


def load(model: str, given: str | None = None) -> Tolerances:
    """Return the limits for a model: ours, replaced by those in a file or in ``name=value,name=value``.

    Raises:
        InputError: the file cannot be read, or a name or value does not fit; one line that names it.
    """
    ours = tomllib.loads(FILE.read_text(encoding="utf-8"))
    values = {name: value for group in GROUPS for name, value in ours[group].items()}
    found = Tolerances(**(values | ours.get(MODELS, {}).get(model, {})))
    if given is None:
        return found
    path = Path(given)
    return replace(
        found, **(_of_file(path, model) if "=" not in given or is_file(path) else _of_words(given))
    )


def _of_words(given: str) -> dict[str, Any]:
    found = {}
    for word in given.split(","):
        name, _, text = word.partition("=")
        try:
            value: object = float(text) if not text.strip().lstrip("+-").isdecimal() else int(text)
        except ValueError:
            value = text
        found[name.strip()] = _checked(f"--tolerance {name.strip()}", name.strip(), value)
    return found


def _of_file(path: Path, model: str) -> dict[str, Any]:
    try:
        table = tomllib.loads(read_small(path, MOST_BYTES).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a readable TOML file ({shortened(str(error))})") from None
    found = {}
    models = table.pop(MODELS, {})
    if not isinstance(models, dict):
        raise InputError(f"{path}: {MODELS} must be a table of models")
    for group, rows in [*table.items(), *((f"{MODELS}.{name}", rows) for name, rows in models.items())]:
        if not isinstance(rows, dict):
            raise InputError(f"{path}: {shortened(group)}: put it under one of [{'], ['.join(GROUPS)}]")
        if group not in GROUPS and not group.startswith(f"{MODELS}."):
            raise InputError(
                f"{path}: [{shortened(group)}] is unknown; use {', '.join(GROUPS)} or {MODELS}.NAME"
            )
        for name, value in rows.items():
            checked = _checked(f"{path}: {group}.{shortened(name)}", name, value)
            if group in (*GROUPS, f"{MODELS}.{model}"):
                found[name] = checked
    return found


def _checked(where: str, name: str, value: object) -> float | int:
    kinds = {field.name: field.type for field in fields(Tolerances)}
    if name not in kinds:
        near = difflib.get_close_matches(name, kinds, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(kinds)}"
        raise InputError(f"{where}: no such tolerance; {hint}")
    whole, share = kinds[name] == "int", name.startswith("argmax")
    most = 1.0 if share else 1e9
    fits = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    if not fits or not math.isfinite(float(str(value))) or not 0 <= float(str(value)) <= most:
        wanted = f"{'a whole number' if whole else 'a number'} from 0 {'to 1' if share else 'on'}"
        raise InputError(f"{where}: {shown(value)} must be {wanted}")
    return value  # type: ignore[return-value]  # checked above
