"""Options for the sound on its way into the line, and out of a loudspeaker."""

from __future__ import annotations

import argparse
from dataclasses import replace

from mandible.device.audio.conditioner import Conditioning
from mandible.device.audio.opening import is_live
from mandible.errors import InputError
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.rig_keys import SCHEMA


def add_sound_options(parser: argparse.ArgumentParser) -> None:
    """Gain, high-pass and loudspeaker of ``run``."""
    sound = parser.add_argument_group("sound")
    sound.add_argument(
        "--gain",
        metavar="G",
        help="auto, off, or a fixed number of dB (default: auto for live sources, off for recordings)",
    )
    sound.add_argument(
        "--high-pass", metavar="HZ", help="take rumble out below so many Hz, or off (default: as --gain)"
    )
    sound.add_argument(
        "--speaker",
        nargs="?",
        const="default",
        metavar="NAME",
        help="repeat the voice on a loudspeaker when the mouth is there",
    )
    sound.add_argument(
        "--speaker-delay", metavar="MS", help="repeat it so much later instead, or auto (the default)"
    )


def conditioning_from(args: argparse.Namespace, spec: str, rig: Rig | None) -> Conditioning:
    """Return what to do to the sound of ``spec``: as the options say, else the rig, else its default."""
    chosen = Conditioning.off()
    if is_live(spec):
        chosen = Conditioning()
        if rig is not None:
            audio = rig.audio
            chosen = Conditioning(audio.high_pass_hz, audio.auto_gain, audio.gain_db)
    if args.gain == "auto":
        chosen = replace(chosen, auto_gain=True)
    elif args.gain is not None:
        text = "0" if args.gain == "off" else args.gain
        gain_db = whole(text, "--gain", "gain_db", "auto, off")
        chosen = replace(chosen, auto_gain=False, gain_db=gain_db)
    if args.high_pass is not None:
        text = "0" if args.high_pass == "off" else args.high_pass
        chosen = replace(chosen, high_pass_hz=whole(text, "--high-pass", "high_pass_hz", "off"))
    return chosen


def speaker_delay_from(args: argparse.Namespace, rig: Rig | None) -> int | None:
    """Return the loudspeaker's delay in ms, or None for the mouth's own.

    Raises:
        InputError: it is none, or there is no loudspeaker to delay.
    """
    asked = args.speaker_delay
    if asked is None:
        asked = "auto" if rig is None else str(rig.audio.speaker_delay_ms)
    delay_ms = None if asked == "auto" else whole(asked, "--speaker-delay", "speaker_delay_ms", "auto")
    there = args.speaker is not None or (rig is not None and rig.audio.speaker)
    if args.speaker_delay is not None and not there:
        raise InputError(f"--speaker-delay {asked}: there is no loudspeaker; add --speaker")
    return delay_ms


def whole(text: str, option: str, key: str, words: str) -> int:
    """Return the whole number that an option was given, bounded as the rig's ``[audio]`` ``key`` is.

    Raises:
        InputError: it is none, or out of range; ``words`` are what else the option takes.
    """
    bounds = SCHEMA["audio"][key]
    low, high = bounds["minimum"], bounds["maximum"]
    try:
        number = int(text)
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise InputError(f"{option} {text}: give {words} or a whole number from {low} to {high}")
    return number
