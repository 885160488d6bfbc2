"""The files of a live run: a mouth does not stop because a disk is full."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from mandible.errors import InputError
from mandible.saying import say

Item = TypeVar("Item")


class Losable(Generic[Item]):
    """An output that may fail while the line goes on.

    With ``goes_on`` the first failure is said once on standard error, the output is given up, and what comes
    later is let go; without, it ends the run as any error does.

    Attributes:
        problem: why the output was given up; None while it is whole.
    """

    def __init__(
        self,
        write: Callable[[Item], None],
        close: Callable[[float], None],
        abort: Callable[[], None],
        *,
        goes_on: bool,
    ) -> None:
        self.problem: str | None = None
        self._write = write
        self._close = close
        self._abort = abort
        self._goes_on = goes_on

    def write(self, item: Item) -> None:
        """Pass one on.

        Raises:
            InputError, BrokenPipeError: the output failed, and the run does not go on without it.
        """
        if self.problem is None:
            self._attempt(lambda: self._write(item))

    def close(self, duration_s: float) -> None:
        """Complete the output where the sound ended."""
        if self.problem is None:
            self._attempt(lambda: self._close(duration_s))

    def _attempt(self, step: Callable[[], None]) -> None:
        try:
            step()
        except (InputError, BrokenPipeError) as error:
            if not self._goes_on:
                raise
            self.problem = str(error) if isinstance(error, InputError) else "-: its reader is gone"
            self._abort()
            say(f"mandible: {self.problem}; the mouth goes on without this output")
