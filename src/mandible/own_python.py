"""This very Python once more, with a module of ours as its program, whatever lies in the present folder.

``-m`` and ``-c`` look there first, where a stray ``queue.py`` would stand before the standard library's;
``-P`` says no to that from Python 3.11 on only. So this file is run, with the module's name and its words: it
takes the folders that nobody asked for off the path, and the module is found as if it had been installed.
"""

from __future__ import annotations

import os
import sys

_FOLDER = __file__.rpartition("/")[0]


def own_python(module: str, *words: str) -> list[str]:
    """Return the command line that runs ``python -m MODULE WORDS``, the present folder left out."""
    return [sys.executable, __file__, module, *words]


def own_environment() -> dict[str, str]:
    """Return this process's environment, so that a Python started with it finds what this one finds."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(place for place in sys.path if place)}


def _main() -> None:
    # What `mandible` was found by may be the very folder that went: its home comes back, but last.
    sys.path[:] = [place for place in sys.path if place not in ("", _FOLDER)] + [_FOLDER.rpartition("/")[0]]
    del sys.argv[0]
    import runpy  # by now it is the standard library's

    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()
