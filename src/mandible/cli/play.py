"""``mandible play``: a recording through the loudspeaker, and the mouth in time with it."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from mandible.cli.options import DEFAULT_RIG, port_from
from mandible.device.audio.wav_file import WavFile
from mandible.device.daemon.promptness import prompt
from mandible.device.daemon.summary import line_summary, tell_losses
from mandible.device.pipeline import Sink, drive
from mandible.device.sinks.meter import Meter
from mandible.device.speaker.coinciding import auto_delay_ms
from mandible.device.speaker.file_playback import FilePlayback
from mandible.device.speaker.performance import ahead_of_the_sound
from mandible.device.stopping import Interruptible, StopOnce
from mandible.device.timing import Timing
from mandible.errors import InputError
from mandible.firmware_bridge.link import Link
from mandible.line_plan import LinePlan

MOST_LEAD_MS = 1000
GAIN_DB = (-60.0, 20.0)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the options of the verb."""
    parser.add_argument("file", metavar="FILE", help="a WAV file")
    parser.add_argument(
        "--rig", metavar="FILE", help=f"a rig file, or the name of one that ships (default: {DEFAULT_RIG})"
    )
    parser.add_argument("--port", metavar="URL", help="where the board is (default: the rig's)")
    parser.add_argument(
        "--speaker", metavar="NAME", help="the loudspeaker (default: the rig's, else the default one)"
    )
    parser.add_argument(
        "--lead-ms", type=int, default=0, metavar="N", help="let the mouth come so much before the sound"
    )
    parser.add_argument(
        "--gain-db", type=float, default=0.0, metavar="DB", help="louder, or softer (negative)"
    )
    parser.add_argument("--model", metavar="M", help="a released model's name or a .tflite file")
    parser.add_argument("--engine", metavar="E", help="see docs/engines.md")
    parser.add_argument("--meter", action="store_true", help="show levels, viseme and pulses while playing")


def main(args: argparse.Namespace) -> int:
    """Play until the recording ends or a signal asks to stop; then the mouth is parked."""
    if not -MOST_LEAD_MS <= args.lead_ms <= MOST_LEAD_MS:
        raise InputError(f"--lead-ms {args.lead_ms}: give -{MOST_LEAD_MS} to {MOST_LEAD_MS}")
    if not GAIN_DB[0] <= args.gain_db <= GAIN_DB[1]:
        raise InputError(f"--gain-db {args.gain_db}: give {GAIN_DB[0]:.0f} to {GAIN_DB[1]:.0f}")
    plan = LinePlan.of(args.model, args.engine, args.rig or DEFAULT_RIG)
    rig = plan.rig
    assert rig is not None
    line = plan.build()
    early_ms = auto_delay_ms(line, rig) + args.lead_ms
    port = port_from(args.port, rig)
    timing = Timing()
    with StopOnce() as once, ExitStack() as stack:
        source = stack.enter_context(WavFile(Path(args.file)))
        sinks: list[Sink] = [timing.write]
        link = None
        if port is not None:
            # Leaving the stack parks the mouth, whatever ends the performance.
            link = stack.enter_context(Link(port, rig))
            link.wait_ready()
            sinks.append(link.send)
        if args.meter or link is None:
            sinks.append(stack.enter_context(Meter(rig, link)).write)
        speaker = args.speaker or rig.audio.speaker or None
        playback = FilePlayback(Path(args.file), speaker, max(0.0, early_ms), args.gain_db)
        stack.enter_context(playback)
        frames = ahead_of_the_sound(source, playback, early_ms)
        with Interruptible(frames, once=once) as until_stopped, prompt():
            drive(until_stopped, line, sinks)
        once.stopping = True
        summary = {
            "seconds": round(playback.duration_s, 2),
            "sound": playback.sound.description,
            "speaker": asdict(playback.output.format)
            | {
                "state": playback.output.state,
                "reconnects": playback.output.reconnects,
                "latency_ms": round(playback.output.latency_ms, 1),
            },
            "underruns": playback.underruns,
            "mouth_ahead_of_sound_ms": args.lead_ms,
            "line_ahead_of_sound_ms": round(early_ms, 1),
            **line_summary(plan, line, timing, link),
        }
        tell_losses(link)
    if args.json:
        print(json.dumps(summary))
    elif args.verbose:
        print(json.dumps(summary, indent=2), file=sys.stderr)
    return 0
