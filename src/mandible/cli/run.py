"""``mandible run``: listen, and move a mouth, live."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice

from mandible.cli.options import LinePlan, add_line_options
from mandible.device.audio import Source, open_source
from mandible.device.audio.wav_writer import WavWriter
from mandible.device.frames import HOP_MS, Frame
from mandible.device.pipeline import Line, Sink, drive
from mandible.device.sinks import formats
from mandible.device.sinks.meter import Meter
from mandible.device.stopping import Interruptible
from mandible.device.timing import Timing
from mandible.errors import InputError
from mandible.firmware_bridge.link import Link
from mandible.firmware_bridge.rig import Rig

DEFAULT_RIG = "skull"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the options of the verb."""
    parser.add_argument(
        "--source",
        default="mic",
        metavar="S",
        help="mic, mic:NAME, cmd:COMMAND, a WAV file, or - for raw 16 kHz samples (default: mic)",
    )
    parser.add_argument("--realtime", action="store_true", help="play a file at the speed of speech")
    parser.add_argument("--port", metavar="URL", help="virtual:, serial:///dev/ttyACM0?baud=115200, none:")
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
    meter_wanted = args.meter or not (args.output or args.port or args.record)
    plan = LinePlan.from_options(args)
    line = plan.build()
    timing = Timing()
    with ExitStack() as stack:
        source = stack.enter_context(open_source(args.source, realtime=args.realtime))
        sinks: list[Sink] = [timing]
        link = open_link(stack, args.port, plan.rig)
        if link is not None:
            sinks.append(link)
        if meter_wanted:
            sinks.append(stack.enter_context(Meter(plan.rig, link)))
        hops = listen(args, source, line, plan, sinks)
        summary = {
            "seconds": round(hops * HOP_MS / 1000, 2),
            "source": source.description,
            "dropped_hops": source.dropped_hops,
            "engine": plan.engine,
            "model": plan.model.name,
            "compute_ms": timing.compute_ms(),
            "link": None if link is None else link.status().as_dict(),
        }
    if args.json:
        print(json.dumps(summary))
    elif args.verbose:
        print(json.dumps(summary, indent=2), file=sys.stderr)
    return 0


def open_link(stack: ExitStack, port: str | None, rig: Rig | None) -> Link | None:
    """Start the link to the board, if one is wanted; it parks the mouth when the stack unwinds."""
    if port is None or rig is None:
        return None
    link = Link(port, rig)
    link.start()
    stack.callback(link.close)
    return link


def listen(args: argparse.Namespace, source: Source, line: Line, plan: LinePlan, sinks: list[Sink]) -> int:
    """Drive the line; a track or a recording is kept whole on a normal end and discarded on an error."""
    frames: Iterable[Frame] = source
    if args.duration is not None:
        frames = islice(frames, round(args.duration * 1000 / HOP_MS))
    with ExitStack() as stack:
        frames = stack.enter_context(Interruptible(frames))
        recorder = None if args.record is None else stack.enter_context(WavWriter(args.record))
        if recorder is not None:
            frames = recorded(frames, recorder)
        track = None
        if args.output is not None:
            header = plan.header(source.header, args.stamp)
            track = formats.open_track(
                args.output, args.format or "csv", args.stamp, delay_ms=line.delay_ms, header=header
            )
            sinks = [*sinks, track]
        try:
            hops = drive(frames, line, sinks)
            if track is not None:
                track.close(hops * HOP_MS / 1000)
        except BaseException:
            if track is not None:
                track.abort()
            raise
    return hops


def recorded(frames: Iterable[Frame], recorder: WavWriter) -> Iterator[Frame]:
    """Pass frames on, keeping their sound."""
    for frame in frames:
        recorder.write(frame.pcm)
        yield frame
