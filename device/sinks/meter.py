"""A live view of the line in the terminal: level, viseme, mouth, channels, link."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Protocol

from rich.console import Console, ConsoleOptions
from rich.live import Live
from rich.segment import Segment
from rich.style import Style

from mandible.device.frames import Frame
from mandible.device.level import FLOOR_DB, level_db
from mandible.stop_flag import StopFlag
from mandible.wording import one_line

# As fast as an eye follows a bar, and every picture costs a millisecond on a small computer.
REFRESH_HZ = 6
FULL_OPENNESS = 255
BAR, BAR_WIDTH = "━", 30
NAME_WIDTH = 12
BOLD, FILLED, EMPTY = Style(bold=True), Style(color="green"), Style(color="bright_black")


class Channel(Protocol):
    """What the meter needs to know of a servo: its name and the ends of its bar in µs."""

    @property
    def name(self) -> str: ...
    @property
    def min_us(self) -> int: ...
    @property
    def max_us(self) -> int: ...


class Rig(Protocol):
    """What the meter needs to know of a rig: its servos, in the order of ``Frame.pulses_us``."""

    @property
    def channels(self) -> Sequence[Channel]: ...


class LinkStatus(Protocol):
    """What the meter shows of a link to a board."""

    @property
    def phase(self) -> str: ...
    @property
    def problem(self) -> str | None: ...
    @property
    def sent(self) -> int: ...
    @property
    def lost(self) -> int: ...
    @property
    def dropped(self) -> int: ...
    @property
    def reconnects(self) -> int: ...


class Link(Protocol):
    """A link to a board that can be asked how it stands, from any thread."""

    def status(self) -> LinkStatus: ...


class Meter:
    """Shows the newest frame six times a second from a thread of its own.

    ``write`` only keeps a reference, so the line never waits for the terminal. Where the output (standard
    error, unless a console is given) is no terminal nothing is shown at all, unless ``force`` is set.
    """

    def __init__(
        self,
        rig: Rig | None = None,
        link: Link | None = None,
        *,
        console: Console | None = None,
        force: bool = False,
    ) -> None:
        self._channels: Sequence[Channel] = () if rig is None else rig.channels
        self._link = link
        self._console = console or Console(stderr=True)
        self.active = force or self._console.is_terminal
        self._newest: Frame | None = None
        self._written = 0
        self._ended = StopFlag()
        self._thread = threading.Thread(target=self._show, name="meter", daemon=True)

    def start(self) -> None:
        """Begin to show frames."""
        if self.active:
            self._thread.start()

    def write(self, frame: Frame) -> None:
        """Take a frame; it is shown when the terminal gets round to it."""
        self._newest = frame
        self._written += 1

    def close(self) -> None:
        """Show the last frame and give the terminal back."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def __enter__(self) -> Meter:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _show(self) -> None:
        with Live(console=self._console, auto_refresh=False, transient=False) as live:
            ended = False
            while not ended:
                ended = self._ended.wait(1 / REFRESH_HZ)
                frame = self._newest
                if frame is not None:
                    live.update(self.render(frame), refresh=True)

    def render(self, frame: Frame) -> Picture:
        """One picture of a frame, a line a fact."""
        picture = Picture()
        level = level_db(frame.pcm)
        picture.bar("level", (level - FLOOR_DB) / -FLOOR_DB, f"{level:.0f} dB")
        if frame.openness is not None:
            fraction = frame.openness / FULL_OPENNESS
            viseme = "" if frame.viseme is None else frame.viseme.name
            picture.bar("mouth", fraction, f"{viseme:<3} {fraction:4.0%}")
        for channel, pulse_us in zip(self._channels, frame.pulses_us or (), strict=False):
            span_us = max(1, channel.max_us - channel.min_us)
            picture.bar(one_line(channel.name), (pulse_us - channel.min_us) / span_us, f"{pulse_us} µs")
        for name, value in self._facts(frame).items():
            picture.fact(name, one_line(value))
        return picture

    def _facts(self, frame: Frame) -> dict[str, str]:
        facts = {"time": f"{(frame.index + 1) / 100:.1f} s"}
        # They show as a gap between how far the numbers went and how many came.
        facts["dropped hops"] = str(max(0, frame.index + 1 - self._written))
        # From a hop's last sample on; the sound that the network waits for is not in it. The hops that flush
        # the line at the end are stamped ahead of time.
        if frame.emitted_ns is not None and frame.emitted_ns >= frame.captured_ns:
            facts["compute"] = f"{(frame.emitted_ns - frame.captured_ns) / 1e6:.1f} ms"
        if self._link is not None:
            status = self._link.status()
            facts["link"] = status.problem or status.phase
            facts["sent"] = f"{status.sent}, lost {status.lost}, dropped {status.dropped}"
            facts["reconnects"] = str(status.reconnects)
        return facts


class Picture:
    """Lines as rich's own segments: laying out text or a table costs three to fifteen times as much."""

    def __init__(self) -> None:
        self._segments: list[Segment] = []

    def bar(self, name: str, fraction: float, value: str) -> None:
        """Add a bar filled to ``fraction`` (0..1), and what it means."""
        filled = round(BAR_WIDTH * min(1.0, max(0.0, fraction)))
        self._begin(name)
        self._segments += [Segment(BAR * filled, FILLED), Segment(BAR * (BAR_WIDTH - filled), EMPTY)]
        self._segments += [Segment(f" {value}"), Segment.line()]

    def fact(self, name: str, value: str) -> None:
        """Add a line of words."""
        self._begin(name)
        self._segments += [Segment(value), Segment.line()]

    def _begin(self, name: str) -> None:
        self._segments.append(Segment(f"{name:>{NAME_WIDTH}} ", BOLD))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        """Yield the lines, the last one left open."""
        return iter(self._segments[:-1])
