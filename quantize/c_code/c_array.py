"""Arrays of constants as C text."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import fill

LINE_COLUMNS = 110


def c_array(kind: str, name: str, values: Iterable[int]) -> str:
    """Return ``static const KIND NAME[n] = {...};`` and a newline, wrapped."""
    numbers = [str(int(value)) for value in values]
    body = fill(", ".join(numbers), LINE_COLUMNS, initial_indent=" " * 4, subsequent_indent=" " * 4)
    return f"static const {kind} {name}[{len(numbers)}] = {{\n{body}}};\n"
