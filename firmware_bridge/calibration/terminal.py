"""The calibration on a terminal: one key an answer, the space bar lets go of the servo at once."""

from __future__ import annotations

import os
import select
import sys
import termios
import tty
from types import TracebackType
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from mandible.errors import InputError
from mandible.firmware_bridge.calibration.live import LiveCalibration
from mandible.firmware_bridge.calibration.view import View
from mandible.wording import one_line

STOP_KEY = " "
_KEYS_AT_ONCE = 64


class Terminal:
    """Shows a calibration and reads keys; a context manager that puts the terminal back as it was."""

    def __init__(self, live: LiveCalibration, console: Console) -> None:
        """Take the terminal at standard input; InputError where there is none."""
        if not sys.stdin.isatty():
            raise InputError("calibrating needs a person at a terminal; run it in one, or add --web")
        self._live = live
        self._screen = Live(console=console, auto_refresh=False, transient=True)
        self._descriptor = sys.stdin.fileno()
        self._before: list[Any] = []
        self._shown: View = {}

    def __enter__(self) -> Terminal:
        self._before = termios.tcgetattr(self._descriptor)
        tty.setcbreak(self._descriptor)
        self._screen.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._screen.stop()
        # Keys that were pressed for the wizard are none for the shell.
        termios.tcsetattr(self._descriptor, termios.TCSAFLUSH, self._before)

    def fileno(self) -> int:
        """Return the terminal's descriptor."""
        return self._descriptor

    def turn(self) -> None:
        """Take the keys pressed, and show what has changed."""
        # A shell that suspends and continues us leaves a terminal in which the stop key would wait for Enter.
        if termios.tcgetattr(self._descriptor)[3] & termios.ICANON:
            tty.setcbreak(self._descriptor)
        if select.select([self._descriptor], [], [], 0)[0]:
            keys = os.read(self._descriptor, _KEYS_AT_ONCE).decode("utf-8", "replace")
            if not keys:  # the terminal has gone
                raise KeyboardInterrupt
            self._take(keys)
        view = self._live.view()
        if view != self._shown:
            self._shown = view
            self._screen.update(picture(view), refresh=True)

    def _take(self, keys: str) -> None:
        """Stop before anything else; of keys that came together only the last counts."""
        if STOP_KEY in keys:
            self._live.stop()
            return
        view = self._live.view()
        word = next((one["word"] for one in view["answers"] if one["key"] == keys[-1].lower()), None)
        if word is not None:
            self._live.answer(word, view["serial"])


def picture(view: View) -> Group:
    """Return what is shown of a view."""
    answers = Table.grid(padding=(0, 2))
    for one in view["answers"]:
        label = _plain(one["label"])
        answers.add_row(f"[bold]{_plain(one['key'])}[/]", label if view["ready"] else f"[dim]{label}[/]")
    parts: list[RenderableType] = [
        Padding(Text(one_line(view["text"])), (0, 0, 1, 0)),
        answers,
        Text(_state(view), style="dim"),
    ]
    if view["note"]:
        parts.append(Text(one_line(view["note"]), style="yellow"))
    bar = "[bold]space bar: stop, no pulses[/]" if view["powered"] else "no pulses"
    return Group(
        _limits(view), Panel(Group(*parts), title=_plain(view["title"]), subtitle=bar, padding=(1, 2))
    )


def _limits(view: View) -> Table:
    table = Table(
        "", "output", "part", "in the file µs", "found µs", "rests at", box=None, padding=(0, 2, 0, 0)
    )
    for one in view["channels"]:
        before, found = one["before"], one["found"]
        mark = "[bold]▸[/]" if one["now"] else "✓" if found else ""
        table.add_row(
            mark,
            str(one["output"]),
            _plain(one["name"]),
            _ends(before),
            _ends(found) if found else "",
            str((found or before)["neutral_us"]),
        )
    return table


def _ends(limits: View) -> str:
    return f"{limits['min_us']} to {limits['max_us']}{', reversed' if limits['reversed'] else ''}"


def _state(view: View) -> str:
    if view["goal_us"] is None:
        return ""
    if view["position_us"] == view["goal_us"]:
        return f"stands at {view['goal_us']} µs"
    now = "" if view["position_us"] is None else f", now at {view['position_us']}"
    return f"on its way to {view['goal_us']} µs{now}"


def _plain(text: str) -> str:
    return escape(one_line(text))
