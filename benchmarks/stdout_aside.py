"""Standard output for the result alone, whatever libraries print while something is measured."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress


@contextmanager
def stdout_aside() -> Iterator[None]:
    """Send what is printed meanwhile to standard error, by Python, by C and by programs we start."""
    with redirect_stdout(sys.stderr):
        try:
            before = os.dup(1)
        except OSError:  # it is closed
            yield
            return
        try:
            with suppress(OSError):
                os.dup2(2, 1)
            yield
        finally:
            os.dup2(before, 1)
            os.close(before)
