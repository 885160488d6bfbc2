"""Text that came from elsewhere (files, boards, command lines), made fit for one line on a terminal."""

from __future__ import annotations

import textwrap

_LONGEST_VALUE = 60
# More digits than any number of ours has; past a few thousand, Python refuses to write a number out at all.
_LONGEST_NUMBER_BITS = 64


def one_line(text: str) -> str:
    """Return ``text`` with everything unprintable (line ends, terminal codes, lone surrogates) escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def shortened(text: str, longest: int = _LONGEST_VALUE) -> str:
    """Return ``text`` on one line, its middle left out where it has more than ``longest`` characters."""
    if len(text) <= longest:
        return one_line(text)
    kept = longest // 2
    return one_line(f"{text[:kept]}...{text[-kept:]}")


def wrapped(text: str, width: int, indent: str = "") -> str:
    """Break one line between words, into lines of at most ``width``; later ones begin with ``indent``.

    Words are left whole, also those that are wider: they are paths, names and numbers.
    """
    return "\n".join(
        textwrap.wrap(
            text, max(width, 1), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )
    )


def shown(value: object) -> str:
    """Return a value of a TOML or JSON file as an error line shows it, whatever its length."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "an array"
    if isinstance(value, int) and value.bit_length() > _LONGEST_NUMBER_BITS:
        return "a number with more digits than fit here"
    return f'"{shortened(value)}"' if isinstance(value, str) else shortened(str(value))
