"""Errors a person can act on: one clear line, and the exit code the command line ends with."""

from __future__ import annotations

from mandible.wording import one_line


class MandibleError(Exception):
    """Base of every error shown to a person as one line, without a traceback."""

    exit_code = 1

    def __str__(self) -> str:
        """Return the message on one line, whatever a file's or a board's own words in it hold."""
        return one_line(super().__str__())


class InputError(MandibleError):
    """A file, field or argument is wrong. The message names it and the fix. Exit code 2."""

    exit_code = 2


class DeviceError(MandibleError):
    """A device or an installed package is missing or busy. The message names the remedy. Exit code 3."""

    exit_code = 3
