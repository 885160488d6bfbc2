"""Keeps ALSA's library from writing to standard error while a loudspeaker plays.

What it has to say there, such as a line for every block that came late, is counted and told in ``status``.
"""

from __future__ import annotations

import ctypes
import sys


def hush_alsa() -> None:
    """Take ALSA's error messages away, for the whole process and for good; nothing where there is no ALSA."""
    if not sys.platform.startswith("linux"):
        return
    try:
        alsa = ctypes.CDLL("libasound.so.2")
        # Its messages go to a function that looks at none of its arguments and is no Python: ALSA may call it
        # from any thread, at any time, even while this process ends.
        deaf = ctypes.cast(ctypes.CDLL(None).getpid, ctypes.c_void_p)
        alsa.snd_lib_error_set_handler(deaf)
    except (OSError, AttributeError):
        return
