"""Errors a person can act on: one clear line, and the exit code the command line ends with."""

from __future__ import annotations


class MandibleError(Exception):
    """Base of every error shown to a person as one line, without a traceback."""

    exit_code = 1


class InputError(MandibleError):
    """A file, field or argument is wrong. The message names it and the fix. Exit code 2."""

    exit_code = 2


class DeviceError(MandibleError):
    """A device or an installed package is missing or busy. The message names the remedy. Exit code 3."""

    exit_code = 3
