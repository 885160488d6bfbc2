"""Keeping other threads and the garbage collector out of the line's way."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Iterator

# A thread that computes in Python lets another one run after this long; Python's default is 5 ms, more than
# a hop may take.
SWITCH_INTERVAL_S = 0.0005


@contextlib.contextmanager
def prompt() -> Iterator[None]:
    """Let the line's thread run within half a millisecond whatever other threads of this process do.

    What exists now is taken out of the collector's sight: a full collection over all modules would hold a
    hop up for ten milliseconds or more.
    """
    before_s = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        sys.setswitchinterval(before_s)
