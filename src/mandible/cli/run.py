"""``mandible run``: listen, and move a mouth, live."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict

import numpy as np

from mandible.cli.options import LinePlan, add_line_options, keep_apart, track_format
from mandible.device.audio import Source, WavWriter, open_source
from mandible.device.frames import HOP_MS, HOP_SAMPLES, Frame
from mandible.device.pipeline import Line, Sink, drive
from mandible.device.sinks.formats import open_track
from mandible.device.sinks.meter import Meter
from mandible.device.stopping import Interruptible
from mandible.device.timing import Timing
from mandible.errors import InputError
from mandible.firmware_bridge.link import Link

DEFAULT_RIG = "skull"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the options of the verb."""
    parser.add_argument(
        "--source",
        metavar="S",
        help="mic, mic:NAME, cmd:COMMAND, a WAV file, or - for raw samples (default: the rig's, else mic)",
    )
    parser.add_argument(
        "--realtime", action="store_true", help="play a file at the speed of speech (always so with a board)"
    )
    parser.add_argument(
        "--port",
        metavar="URL",
        help="virtual:, serial:///dev/ttyACM0?baud=115200, none: (without --rig, for the rig skull)",
    )
    parser.add_argument("--meter", action="store_true", help="show levels, viseme and pulses while running")
    parser.add_argument("-o", "--output", metavar="OUT", help="write the viseme track here (- for stdout)")
    parser.add_argument("--record", metavar="WAV", help="keep what was heard")
    parser.add_argument("--duration", type=float, metavar="S", help="stop after this many seconds of sound")
    add_line_options(parser)


def main(args: argparse.Namespace) -> int:
    """Run until the source ends, the duration is over, or a signal asks to stop."""
    if args.duration is not None and not 0 < args.duration < 1e9:
        raise InputError(f"--duration {args.duration}: give a positive number of seconds")
    if args.port is not None and args.rig is None:
        args.rig = DEFAULT_RIG
    plan = LinePlan.from_options(args)
    rig = plan.rig
    port = args.port or (None if rig is None else rig.link.port)
    spec = args.source or (None if rig is None else rig.audio.source) or "mic"
    format_name = track_format(args)
    if args.record == "-":
        raise InputError("--record -: a recording needs a file")
    keep_apart(spec, args.output, args.record)
    moves = port is not None and not port.startswith("none:")
    line = plan.build()
    timing = Timing()
    with ExitStack() as stack:
        source = stack.enter_context(open_source(spec, realtime=args.realtime or moves))
        sinks: list[Sink] = [timing.write]
        link = None
        if moves and port is not None and rig is not None:
            # Leaving the stack parks the mouth, whatever ends the run.
            link = stack.enter_context(Link(port, rig))
            link.wait_ready()
            sinks.append(link.send)
        if args.meter or not (args.output or args.record or link):
            sinks.append(stack.enter_context(Meter(rig, link)).write)
        hops = listen(args, source, line, plan, format_name, sinks)
        if link is not None:
            warn_of_losses(link)
        summary = {
            "seconds": round(hops * HOP_MS / 1000, 2),
            "source": source.description,
            "dropped_hops": source.dropped_hops,
            "engine": plan.engine,
            "model": plan.model.name,
            "compute_ms": timing.compute_ms(),
            "link": None if link is None else asdict(link.status()),
        }
    if args.json:
        # Where the track takes standard output, the summary would spoil it.
        print(json.dumps(summary), file=sys.stderr if args.output == "-" else sys.stdout)
    elif args.verbose:
        print(json.dumps(summary, indent=2), file=sys.stderr)
    return 0


def warn_of_losses(link: Link) -> None:
    """Say in one line what the board did not get."""
    now = link.status()
    if now.dropped or not now.ready:
        state = now.problem or ("connected" if now.ready else "the board is gone")
        print(f"mandible: {now.url}: {now.dropped} poses never reached the board; {state}", file=sys.stderr)


def listen(
    args: argparse.Namespace,
    source: Source,
    line: Line,
    plan: LinePlan,
    format_name: str,
    sinks: list[Sink],
) -> int:
    """Drive the line; a track or a recording is kept whole on a normal end and discarded on an error."""
    frames: Iterable[Frame] = source
    if args.duration is not None:
        frames = first(frames, round(args.duration * 1000 / HOP_MS))
    with ExitStack() as stack:
        frames = stack.enter_context(Interruptible(frames))
        if args.record is not None:
            frames = recorded(frames, stack.enter_context(WavWriter(args.record)))
        if args.output is None:
            return drive(frames, line, sinks)
        header = plan.header(source.header, args.stamp)
        track = stack.enter_context(
            open_track(args.output, format_name, args.stamp, delay_ms=line.delay_ms, header=header)
        )
        hops = drive(frames, line, [*sinks, track.write])
        track.close(hops * HOP_MS / 1000)
        return hops


def first(frames: Iterable[Frame], hops: int) -> Iterator[Frame]:
    """Pass on the frames of the first ``hops`` hops of time; lost ones count, since their time passed."""
    for frame in frames:
        if frame.index >= hops:
            return
        yield frame
        if frame.index == hops - 1:
            return


def recorded(frames: Iterable[Frame], recorder: WavWriter) -> Iterator[Frame]:
    """Pass frames on, keeping their sound, with silence for lost hops so that the recording keeps time."""
    hops = 0
    for frame in frames:
        recorder.write(np.zeros((frame.index - hops) * HOP_SAMPLES, np.int16))
        recorder.write(frame.pcm)
        hops = frame.index + 1
        yield frame
