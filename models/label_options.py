"""How the label files of a folder of recordings are to be read: its ``labels.toml``, where it has one.

It stands in the folder, so that whatever reads the recordings (a check, a training, a measurement) reads them
alike::

    tier = "by hand"      # TextGrid tier of the phones
    phoneset = "ipa"      # or arpabet
    language = "de"       # what is spoken
    speaker_depth = 3     # which level of folders names the speaker
"""

from __future__ import annotations

import difflib
import re
import sys
from dataclasses import dataclass, fields
from pathlib import Path

from mandible.errors import InputError
from mandible.models.phones import PHONE_SETS
from mandible.small_file import exists, read_small
from mandible.wording import shown

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE_NAME = "labels.toml"
_MAX_BYTES = 1 << 16
_DEEPEST = 8
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")


@dataclass(frozen=True)
class LabelOptions:
    """What shall not be found out: TextGrid tier, phone set, language, speakers; None to find it out.

    ``speaker_depth`` is the level of folders, 1 to 8, whose path names the speaker; 1 unless somebody says.
    """

    tier: str | None = None
    phoneset: str | None = None
    language: str | None = None
    speaker_depth: int | None = None


AS_FOUND = LabelOptions()


def of_folder(directory: Path) -> LabelOptions:
    """Return what a folder's ``labels.toml`` says, nothing where there is none.

    Raises:
        InputError: a field is unknown or wrong; the message names the file, the field and the fix.
    """
    path = directory / FILE_NAME
    if not exists(path):
        return AS_FOUND
    try:
        document = tomllib.loads(read_small(path, _MAX_BYTES).decode("utf-8"))
    except (ValueError, RecursionError) as error:  # ValueError: no TOML, no UTF-8, or thousands of digits
        raise InputError(f"{path}: not a TOML file ({error})") from None
    known = [field.name for field in fields(LabelOptions)]
    for name, value in document.items():
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            fix = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
            raise InputError(f"{path}: {shown(name)} is unknown; {fix}")
        if name == "speaker_depth":
            if type(value) is not int or not 1 <= value <= _DEEPEST:
                raise InputError(f"{path}: {name} must be a number from 1 to {_DEEPEST}, not {shown(value)}")
        elif not isinstance(value, str):
            raise InputError(f"{path}: {name} must be a text in quotes, not {shown(value)}")
    options = LabelOptions(**document)
    if options.phoneset is not None and options.phoneset not in PHONE_SETS:
        raise InputError(
            f"{path}: phoneset {shown(options.phoneset)} is unknown: use {' or '.join(PHONE_SETS)}"
        )
    if options.language is not None and not _LANGUAGE.fullmatch(options.language):
        raise InputError(f"{path}: language {shown(options.language)} must be a code such as de or pt-br")
    return options
