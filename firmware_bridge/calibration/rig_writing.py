"""Putting found limits into a rig file: only the numbers change, every comment and blank line stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from mandible.errors import InputError
from mandible.firmware_bridge import toml_source
from mandible.firmware_bridge.calibration.found import Found
from mandible.firmware_bridge.rig import MOST_BYTES, Rig
from mandible.small_file import exists, read_small
from mandible.whole_file import written

_BACKUP = ".before-calibration"


def rig_text(path: Path) -> str:
    """Return the text of a rig file that ``Rig.load`` has found right."""
    return read_small(path, MOST_BYTES).decode("utf-8-sig")


def with_limits(file: str, text: str, found: Iterable[Found]) -> str:
    """Return the ``text`` of a rig file with what was found for its channels.

    Raises:
        InputError: the text is none that can be edited, or would be no right rig.
    """
    for one in found:
        wanted = asdict(one)
        name = wanted.pop("channel")
        try:
            text = _edited(text, name, wanted)
        except (TOMLKitError, KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{file}: [channels.{name}] cannot be edited ({error}); edit it by hand"
            ) from error
    Rig.parse(file, text)
    return text


def save_rig(path: Path, text: str) -> Path | None:
    """Write a rig file, whole or not at all; return where the one that was there before is kept.

    Raises:
        InputError: it cannot be written; the old file is as it was.
    """
    backup = None
    if exists(path):
        old = read_small(path, MOST_BYTES)
        backup = backup_of(path)
        with written(backup) as partial:
            partial.write_bytes(old)
    try:
        with written(path) as partial:
            partial.write_text(text, encoding="utf-8", newline="")
    except InputError:
        if backup is not None:  # of nothing, as it turns out
            backup.unlink(missing_ok=True)
        raise
    return backup


def backup_of(path: Path) -> Path:
    """Return where a rig file is kept before it is written over: the first such name that is free."""
    number = 1
    backup = path.with_name(f"{path.stem}{_BACKUP}{path.suffix}")
    while exists(backup):
        number += 1
        backup = path.with_name(f"{path.stem}{_BACKUP}-{number}{path.suffix}")
    return backup


def _edited(text: str, name: str, wanted: dict[str, int]) -> str:
    """Return ``text`` with other values for one channel; raises what a text that is no rig raises."""
    document = tomlkit.parse(text)
    table = _channel(document, name)
    # False is what a channel without the key is.
    missing = {key: value for key, value in wanted.items() if key not in table and value is not False}
    for key, value in wanted.items():
        if key in table and table[key] != value:
            table[key] = value
    edited = tomlkit.dumps(document)
    if not missing:
        return edited
    inserted = _inserted(edited, name, missing)
    if inserted is not None and _channel(tomlkit.parse(inserted), name) == {**table, **missing}:
        return inserted
    table.update(missing)
    return tomlkit.dumps(document)


def _channel(document: Mapping[str, Any], name: str) -> MutableMapping[str, Any]:
    table = document["channels"][name]
    if not isinstance(table, MutableMapping):
        raise TypeError("it is no table")
    return table


def _inserted(text: str, name: str, values: Mapping[str, object]) -> str | None:
    """Return ``text`` with new keys right below the channel's last one, before any comment that follows it.

    A library would put them after such a comment, which may speak of something else. None where the channel's
    keys have no lines of their own.
    """
    keys = {
        path: line for path, line in toml_source.key_lines(text).items() if path[:2] == ("channels", name)
    }
    own = [line for path, line in keys.items() if len(path) == 3]
    if not own or keys[("channels", name)] >= max(own):
        return None
    lines = text.splitlines(keepends=True)
    below = max(own)
    end = "\r\n" if lines[below - 1].endswith("\r\n") else "\n"
    if not lines[below - 1].endswith("\n"):
        lines[below - 1] += end
    new = [f"{key} = {tomlkit.item(value).as_string()}{end}" for key, value in values.items()]
    return "".join([*lines[:below], *new, *lines[below:]])
