"""How a person starts this program again, in words that can be pasted."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

_NAME = "mandible"


def own_command(*, sudo: bool = False) -> str:
    """Return the words before a verb: ``mandible`` where the shell finds this very program, else its path.

    ``sudo`` looks for programs elsewhere than the shell, so behind it the path stands always.
    """
    beside = Path(sys.executable).with_name(_NAME)
    started = Path(sys.argv[0])
    if started.name == _NAME and os.access(started, os.X_OK):
        words = [str(started.absolute())]
    elif os.access(beside, os.X_OK):
        words = [str(beside)]
    else:
        words = [sys.executable, "-m", "mandible.cli.main"]
    if sudo:
        return shlex.join(["sudo", *words])
    found = shutil.which(_NAME)
    if found is not None and len(words) == 1 and os.path.realpath(found) == os.path.realpath(words[0]):
        return _NAME
    return shlex.join(words)
