"""The demo: the sample through the whole line in real time, into the firmware on a virtual board.

Run ``python -m mandible.benchmarks.demo`` (``make demo``). It needs no microphone, board or display. It
leaves in ``demo/``: ``demo.png``, ``track.csv`` (visemes), ``commanded.csv`` and ``measured.csv`` (pulses).
"""

from __future__ import annotations

import contextlib
import importlib.util
import shlex
import statistics
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from mandible.api import build_line
from mandible.benchmarks.board_clock import board_zero_ns
from mandible.device.audio import open_source
from mandible.device.frames import HOP_MS, HOP_NS, Frame
from mandible.device.pipeline import HALF_HOP_MS, drive
from mandible.device.sinks.formats import open_track
from mandible.device.sinks.meter import Meter
from mandible.errors import DeviceError, MandibleError
from mandible.firmware_bridge.link import Link
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.virtual_process import VirtualProcess

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
SOUND, PHONES = SAMPLES / "puppet.wav", SAMPLES / "puppet.phones.csv"
RIG = "skull"
# A board gives a pulse every 20 ms: a pose waits half of that on average.
MEAN_WAIT_S = 0.010
# What a shell reports for a program that Ctrl-C ended.
INTERRUPTED = 130
HEADER = "time_s,channel,pulse_us\n"
NEXT_STEPS = """\
Your own voice:    {mandible} run --source mic --rig skull --port virtual: --meter
A real servo:      flash an Arduino Uno (docs/firmware.md), then
                   {mandible} rig store skull --port {port}
                   {mandible} run --source mic --rig skull --port {port} --meter
What is missing:   {mandible} doctor"""
BOARD_URL = "serial:///dev/ttyACM0?baud=115200"


def main() -> int:
    """Perform, draw, and say what was measured."""
    folder = Path("demo")
    try:
        refuse_without_its_parts()
        folder.mkdir(exist_ok=True)
        print(f"{SOUND.name} -> line -> virtual board, in real time ...", flush=True)
        figures = perform(folder)
    except MandibleError as error:
        print(f"demo: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    print(f"{folder / 'demo.png'}: {figures}\n\n{advice(Path(sys.executable), Path.cwd())}")
    return 0


def refuse_without_its_parts() -> None:
    """Raise DeviceError where the recording or the drawing package is missing."""
    absent = [file.name for file in (SOUND, PHONES) if not file.is_file()]
    if absent:
        raise DeviceError(
            f"{', '.join(absent)}: not there; the demo runs in mandible's source folder: make demo"
        )
    if importlib.util.find_spec("matplotlib") is None:
        raise DeviceError("the picture needs matplotlib, which is not installed: pip install matplotlib")


def advice(python: Path, folder: Path) -> str:
    """Say what to do next, in commands that can be pasted in ``folder``."""
    program = python.with_name("mandible")
    if program.is_relative_to(folder):
        program = program.relative_to(folder)
    return NEXT_STEPS.format(mandible=shlex.quote(str(program)), port=shlex.quote(BOARD_URL))


def perform(folder: Path) -> str:
    """Play the sample once, write every file of the demo into ``folder``, and return the figures."""
    from mandible.benchmarks.picture import draw  # only who draws needs matplotlib

    rig = Rig.load(RIG)
    line = build_line(rig.model.name, rig.model.engine or None, rig)
    log, track = folder / "board.csv", folder / "track.csv"
    log.unlink(missing_ok=True)
    frames: list[Frame] = []
    started_ns = time.monotonic_ns()
    with virtual_board(log) as port:
        with (
            open_source(str(SOUND), realtime=True) as source,
            Link(port, rig) as link,
            Meter(rig, link) as meter,
            open_track(track, delay_ms=line.delay_ms, header=source.header) as visemes,
        ):
            link.wait_ready()
            hops = drive(source, line, [link.send, meter.write, visemes.write, frames.append])
            visemes.close(hops * HOP_MS / 1000)
        zero_ns = board_zero_ns(port, rig, started_ns)
    sound_ns = frames[0].captured_ns - HOP_NS
    commanded, measured = folder / "commanded.csv", folder / "measured.csv"
    write_rows(commanded, commanded_rows(frames, sound_ns, rig))
    write_rows(measured, measured_rows(log, (sound_ns - zero_ns) / 1e9))
    log.unlink()
    line_s = (line.delay_ms - HALF_HOP_MS) / 1000
    delay_s = line_s + compute_s(frames, hops) + rig.link.lead_ms / 1000 + MEAN_WAIT_S
    picture = folder / "demo.png"
    return draw(SOUND, track, commanded, measured, picture, rig=rig, delay_s=delay_s, phones=PHONES)


@contextlib.contextmanager
def virtual_board(log: Path) -> Iterator[str]:
    """Start a board that logs its pulses, and yield its port URL."""
    board = VirtualProcess("--pulses", str(log))
    try:
        yield f"virtual:{board.path}"
    finally:
        board.end()


def compute_s(frames: Iterable[Frame], hops: int) -> float:
    """Median time from a hop's last sample to its frame; those after the sound were never captured."""
    heard = [frame for frame in frames if frame.index < hops]
    return statistics.median((frame.emitted_ns or 0) - frame.captured_ns for frame in heard) / 1e9


def commanded_rows(frames: Iterable[Frame], sound_ns: int, rig: Rig) -> Iterator[str]:
    """Each set-point when it left the line, in seconds from the first sample."""
    for frame in frames:
        time_s = ((frame.emitted_ns or 0) - sound_ns) / 1e9
        for channel, pulse_us in zip(rig.channels, frame.pulses_us or (), strict=True):
            yield f"{time_s:.6f},{channel.output},{pulse_us}\n"


def measured_rows(log: Path, sound_s: float) -> Iterator[str]:
    """The board's pulses, moved from its clock to seconds from the first sample."""
    for row in log.read_text(encoding="utf-8").splitlines()[1:]:
        time_s, rest = row.split(",", 1)
        yield f"{float(time_s) - sound_s:.6f},{rest}\n"


def write_rows(path: Path, rows: Iterable[str]) -> None:
    """Write a pulse file, whole or not at all."""
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_text(HEADER + "".join(rows), encoding="utf-8")
    temporary.replace(path)


if __name__ == "__main__":
    sys.exit(main())
