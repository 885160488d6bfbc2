"""A console for text from result files: prints it as it is, and says so when its reader went away."""

from __future__ import annotations

from typing import IO

from rich.console import Console


class PlainConsole(Console):
    """rich's console without markup: a model may be called ``[red]`` or ``:smile:``."""

    def __init__(self, width: int | None = None, file: IO[str] | None = None) -> None:
        """Print to ``file``, or standard output; ``width`` columns, or as many as the terminal has."""
        super().__init__(width=width, file=file, markup=False, emoji=False)

    def on_broken_pipe(self) -> None:
        """Raise the BrokenPipeError that is being handled; rich would end the program with status 1."""
        raise
