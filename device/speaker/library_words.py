"""Keeps the sound libraries from writing to standard error while a loudspeaker plays.

Sending that descriptor elsewhere would take it from the whole process, for as long as a library hangs. What
ALSA has to say, such as a line for every block that came late, is counted and told in ``status``.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys


def hush_libraries() -> None:
    """Take ALSA's and JACK's messages away, for the whole process and for good, where there are such."""
    if not sys.platform.startswith("linux"):
        return
    # Messages go to a function that looks at none of its arguments and is no Python: they may come from any
    # thread, at any time, even while this process ends.
    deaf = ctypes.cast(ctypes.CDLL(None).getpid, ctypes.c_void_p)
    for library, takes in (
        ("libasound.so.2", ("snd_lib_error_set_handler",)),
        ("libjack.so.0", ("jack_set_error_function", "jack_set_info_function")),
    ):
        with contextlib.suppress(OSError, AttributeError):
            loaded = ctypes.CDLL(library)
            for name in takes:
                getattr(loaded, name)(deaf)
