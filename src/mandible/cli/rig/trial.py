"""``mandible rig test``: moves every channel gently through its poses, and says which."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import asdict

import numpy as np

from mandible.device.frames import HOP_NS, HOP_SAMPLES, Frame
from mandible.device.stopping import StopOnce
from mandible.errors import DeviceError, InputError
from mandible.firmware_bridge.link import Link
from mandible.firmware_bridge.port_url import parse_port_url
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.rig_keys import nearest
from mandible.firmware_bridge.trial import Saying, TrialHop, trial
from mandible.wording import one_line, shortened

_SILENCE = np.zeros(HOP_SAMPLES, np.int16)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("rig", metavar="RIG", help="rig file, or the name of a shipped rig")
    parser.add_argument("--port", metavar="URL", help="where the board is (default: the rig's)")
    parser.add_argument(
        "--channel", action="append", default=[], metavar="NAME", help="move only this one; may be repeated"
    )


def main(args: argparse.Namespace) -> int:
    """Move until all have had their turn or somebody presses Ctrl-C; either way the puppet is parked."""
    rig = Rig.load(args.rig)
    names = [channel.name for channel in rig.channels]
    for name in args.channel:
        if name not in names:
            raise InputError(f"--channel {shortened(name)}: {rig.file} has none; {nearest(name, names)}")
    url = args.port or rig.link.port
    if parse_port_url(url).scheme == "none":
        raise InputError("nothing moves on none:; add --port URL, e.g. --port serial:///dev/ttyACM0")
    with StopOnce() as once, Link(url, rig) as link:
        link.wait_ready()
        if not args.json:
            print("Ctrl-C stops and parks.", flush=True)
        for number, hop in enumerate(paced(trial(rig, args.channel))):
            if hop.saying is not None:
                tell(hop.saying, args.json)
            now_ns = time.monotonic_ns()
            link.send(Frame(number, now_ns, _SILENCE, pulses_us=hop.pulses_us, emitted_ns=now_ns))
        once.stopping = True
        problem = link.status().problem
    if problem is not None:
        raise DeviceError(problem)
    if not args.json:
        print("Parked.")
    return 0


def paced(trial_hops: Iterator[TrialHop]) -> Iterator[TrialHop]:
    """Yield one hop every 10 ms; after a pause of the computer it goes on from there."""
    due_ns = time.monotonic_ns()
    for hop in trial_hops:
        due_ns = max(due_ns + HOP_NS, time.monotonic_ns() - HOP_NS)
        time.sleep(max(due_ns - time.monotonic_ns(), 0) / 1e9)
        yield hop


def tell(saying: Saying, as_json: bool) -> None:
    """Print what begins now, in a line."""
    if as_json:
        print(json.dumps(asdict(saying)), flush=True)
    elif saying.pulse_us is None:
        print(f"all: {saying.shows}", flush=True)
    else:
        print(one_line(f"{saying.channel}: {saying.pulse_us} µs, {saying.shows}"), flush=True)
