"""Options of a live run, and what they ask for; ``service`` and ``monitor`` read them as ``run`` does."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from mandible.cli.options import DEFAULT_RIG, add_line_options, keep_apart, port_from, track_format
from mandible.cli.sound_options import add_sound_options, conditioning_from, speaker_delay_from
from mandible.device.daemon.bounded_http import parse_address
from mandible.device.daemon.socket_place import default_path
from mandible.device.daemon.wanted import Wanted
from mandible.errors import InputError
from mandible.line_plan import LinePlan
from mandible.wording import one_line

LONGEST_S = 1e9


def add_live_options(parser: argparse.ArgumentParser) -> None:
    """Define the options of ``run``."""
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
        help=f"virtual:, serial:///dev/ttyACM0?baud=115200, none: (without --rig, for the rig {DEFAULT_RIG})",
    )
    parser.add_argument(
        "--meter",
        action="store_true",
        help="show levels, viseme and pulses in the terminal (by itself where no board moves and nothing is "
        "written)",
    )
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


def read_live_options(words: Sequence[str]) -> argparse.Namespace:
    """Read options as ``mandible run`` does.

    Raises:
        InputError: it would refuse them.
    """
    parser = _InOneLine(prog="mandible run")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("-v", "--verbose", action="store_true")
    add_live_options(parser)
    return parser.parse_args(words)


class _InOneLine(argparse.ArgumentParser):
    """A parser of another verb's options, whose usage would tell nobody how that verb was called."""

    def error(self, message: str) -> NoReturn:
        """Refuse."""
        raise InputError(f"run options: {one_line(message)}; mandible run --help lists them")


def wanted_from(args: argparse.Namespace) -> tuple[LinePlan, Wanted]:
    """Return the line and the run that the options and the rig ask for.

    Raises:
        InputError: what is wrong with them, before anything is opened.
    """
    if args.duration is not None and not 0 < args.duration < LONGEST_S:
        raise InputError(f"--duration {args.duration}: give a positive number of seconds")
    rig_name = DEFAULT_RIG if args.rig is None and args.port is not None else args.rig
    plan = LinePlan.of(args.model, args.engine, rig_name, args.expression)
    rig = plan.rig
    port = port_from(args.port, rig)
    source = args.source or (None if rig is None else rig.audio.source) or "mic"
    if args.record == "-":
        raise InputError("--record -: a recording needs a file")
    keep_apart(source, plan, args.output, args.record)
    if args.metrics is not None:
        parse_address(args.metrics, "--metrics")
    speaker = args.speaker if args.speaker is not None or rig is None else rig.audio.speaker or None
    nothing_else = not (args.output or args.record or port or args.service)
    wanted = Wanted(
        source=source,
        realtime=args.realtime or port is not None or speaker is not None,
        conditioning=conditioning_from(args, source, rig),
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
        control=_control_path(args),
        metrics=args.metrics,
    )
    return plan, wanted


def _control_path(args: argparse.Namespace) -> Path | None:
    """Return where the control socket goes; None for none."""
    if args.control is None:
        return default_path() if args.service else None
    return Path(args.control) if args.control else default_path()
