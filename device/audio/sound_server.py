"""What the sound server (PulseAudio, or PipeWire in its place) plays, and where to: asked of ``pactl``."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mandible.errors import DeviceError

INSTALL_PACTL = "apt install pulseaudio-utils"
ANSWER_S = 5.0
MOST_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Sink:
    """Something the sound server plays to. ``number`` holds until the server is started again."""

    number: int
    name: str
    description: str
    monitor: str


def list_sinks() -> list[Sink]:
    """Every sink of the running sound server.

    Raises:
        DeviceError: no ``pactl``, or no sound server.
    """
    found = []
    for number, fields in _records(ask("list", "sinks"), "Sink"):
        name = fields.get("Name", "")
        monitor = fields.get("Monitor Source", f"{name}.monitor")
        found.append(Sink(number, name, fields.get("Description", name), monitor))
    return found


def default_sink_name() -> str | None:
    """Name of the sink that programs play to unless told otherwise."""
    said = re.search(r"^Default Sink: *(\S+)", ask("info"), re.MULTILINE)
    return None if said is None or said[1] == "n/a" else said[1]


def choose_sink(sinks: Sequence[Sink], name: str | None, default: str | None) -> Sink:
    """Pick the default sink, or the one whose name or description equals, else contains, ``name``.

    Raises:
        DeviceError: there is none, or the name fits none or several; the message lists what exists.
    """
    if not sinks:
        raise DeviceError("the sound server plays to nothing: plug a loudspeaker in, or make a null sink")
    if name is None:
        chosen = [sink for sink in sinks if sink.name == default]
        problem = "the sound server has no default sink"
    else:
        wanted = name.casefold()
        called = [(sink, (sink.name.casefold(), sink.description.casefold())) for sink in sinks]
        chosen = [sink for sink, names in called if wanted in names]
        chosen = chosen or [sink for sink, names in called if any(wanted in n for n in names)]
        problem = f"{len(chosen)} sinks match {name!r}" if chosen else f"no sink is called {name!r}"
    if len(chosen) == 1:
        return chosen[0]
    names = ", ".join(f"{s.name!r} ({s.description})" for s in chosen or sinks)
    raise DeviceError(f"{problem}: give monitor:NAME with one of {names}")


def sinks_played_to(process_id: int) -> set[int]:
    """Numbers of the sinks that a process is playing to now."""
    numbers = set()
    for _, fields in _records(ask("list", "sink-inputs"), "Sink Input"):
        if fields.get("application.process.id") == str(process_id) and fields.get("Sink", "").isdecimal():
            numbers.add(int(fields["Sink"]))
    return numbers


def ask(*words: str, program: str = "pactl", limit_s: float = ANSWER_S) -> str:
    """Return what ``pactl`` says, in English.

    Raises:
        DeviceError: it is not there, fails, or does not answer in time.
    """
    try:
        said = subprocess.run(
            [program, *words],
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limit_s,
        )
    except FileNotFoundError:
        raise DeviceError(
            f"monitor: needs pactl and parec, which are not installed: {INSTALL_PACTL}"
        ) from None
    except (OSError, subprocess.TimeoutExpired):
        raise DeviceError("the sound server does not answer (pactl): start PipeWire or PulseAudio") from None
    if said.returncode != 0:
        reason = said.stderr.decode("utf-8", "replace").strip().splitlines()
        raise DeviceError(
            f"no sound server ({reason[-1] if reason else 'pactl failed'}): start PipeWire or PulseAudio"
        )
    return said.stdout[:MOST_BYTES].decode("utf-8", "replace")


def _records(listing: str, kind: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield number and fields of each ``KIND #N`` block; ``Name: x`` and ``name = "x"`` are both fields."""
    for block in re.split(rf"^(?={kind} #\d)", listing, flags=re.MULTILINE):
        head = re.match(rf"{kind} #(\d{{1,10}})", block)
        if head is not None:
            lines = re.findall(r'^\s+([\w. -]+?)(?:: | = ")(.*?)"?$', block, re.MULTILINE)
            # The first of a name counts: later ones belong to ports and formats.
            yield int(head[1]), dict(reversed(lines))
