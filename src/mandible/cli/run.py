"""``mandible run``: listen, and move a mouth, live."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from mandible.cli.options import add_line_options, keep_apart, plan_from, track_format
from mandible.cli.sound_options import add_sound_options, conditioning_from, speaker_delay_from
from mandible.device.daemon.live import Live
from mandible.device.daemon.socket_place import default_path
from mandible.device.daemon.wanted import Wanted
from mandible.errors import InputError

DEFAULT_RIG = "skull"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the options of the verb."""
    parser.add_argument(
        "--source",
        metavar="S",
        help="mic, mic:NAME, monitor:, tcp:HOST:PORT, cmd:COMMAND, a WAV file, or - for raw samples"
        " (default: the rig's, else mic)",
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
    add_sound_options(parser)
    add_line_options(parser)
    daemon = parser.add_argument_group("for a run that nobody watches")
    daemon.add_argument(
        "--service",
        action="store_true",
        help="wait for devices that are not there yet, read the rig again on SIGHUP, tell systemd",
    )
    daemon.add_argument(
        "--control",
        nargs="?",
        const="",
        metavar="SOCKET",
        help="listen for wishes (mandible monitor) on this Unix socket; --service does it by itself",
    )
    daemon.add_argument("--metrics", metavar="HOST:PORT", help="figures for Prometheus, e.g. 127.0.0.1:9464")


def main(args: argparse.Namespace) -> int:
    """Run until the source ends, the duration is over, or a signal asks to stop."""
    if args.duration is not None and not 0 < args.duration < 1e9:
        raise InputError(f"--duration {args.duration}: give a positive number of seconds")
    if args.port is not None and args.rig is None:
        args.rig = DEFAULT_RIG
    plan = plan_from(args)
    rig = plan.rig
    port = args.port or (None if rig is None else rig.link.port)
    if port is not None and port.startswith("none:"):
        port = None
    spec = args.source or (None if rig is None else rig.audio.source) or "mic"
    if args.record == "-":
        raise InputError("--record -: a recording needs a file")
    keep_apart(spec, args.output, args.record)
    speaker = args.speaker if args.speaker is not None or rig is None else rig.audio.speaker or None
    nothing_else = not (args.output or args.record or port or args.service)
    wanted = Wanted(
        source=spec,
        realtime=args.realtime or port is not None or speaker is not None,
        conditioning=conditioning_from(args, spec, rig),
        port=port,
        speaker=speaker,
        speaker_delay_ms=speaker_delay_from(args, rig),
        output=args.output,
        format_name=track_format(args),
        stamp=args.stamp,
        record=args.record,
        duration_s=args.duration,
        meter=args.meter or nothing_else,
        service=args.service,
        control=control_path(args),
        metrics=args.metrics,
    )
    with Live(plan, wanted) as live:
        live.run()
        summary = live.summary()
    if args.json:
        # Where the track takes standard output, the summary would spoil it.
        print(json.dumps(summary), file=sys.stderr if args.output == "-" else sys.stdout)
    elif args.verbose:
        print(json.dumps(summary, indent=2), file=sys.stderr)
    return 1 if live.lost else 0


def control_path(args: argparse.Namespace) -> Path | None:
    """Return where the control socket goes; None for none."""
    if args.control is None:
        return default_path() if args.service else None
    return Path(args.control) if args.control else default_path()
