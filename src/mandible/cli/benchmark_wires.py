"""Options of ``mandible benchmark`` that name something on a wire: a recording of a mouth, a board's port."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mandible.benchmarks.devices import DEVICES
from mandible.benchmarks.loopback.recording import LEFT, RIGHT
from mandible.benchmarks.probes import link, loopback
from mandible.benchmarks.suite import Step
from mandible.errors import InputError
from mandible.firmware_bridge.rig import Rig


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the options."""
    recorded = parser.add_argument_group("a real mouth, recorded (docs/loopback.md)")
    recorded.add_argument(
        "--loopback", type=Path, metavar="WAV",
        help="how late the mouth in this recording is: sound on one channel, servo or jaw on the other; "
        "measures nothing else",
    )  # fmt: skip
    recorded.add_argument(
        "--loopback-channel", choices=(LEFT, RIGHT), default=RIGHT,
        help="which channel the servo or the jaw is on (default right)",
    )  # fmt: skip
    recorded.add_argument(
        "--loopback-rig", default="skull", metavar="RIG", help="the mouth's rig (default skull)"
    )
    recorded.add_argument(
        "--loopback-model", default="small", metavar="MODEL", help="the model that it ran (default small)"
    )
    wired = parser.add_argument_group("a real board")
    wired.add_argument(
        "--port", metavar="URL",
        help="measure the line to this board, not to a virtual one: greets and pings it, moves no servo",
    )  # fmt: skip
    wired.add_argument(
        "--port-rig", metavar="RIG",
        help="also send it set-points: every one asks for this rig's neutral",
    )  # fmt: skip


def loopback_step(args: argparse.Namespace) -> Step | None:
    """Return the only step that ``--loopback`` leaves, its recording found good; None without.

    Raises:
        InputError: what is wrong with the recording.
    """
    if args.loopback is None:
        return None
    settings = loopback.Settings(
        str(args.loopback), args.loopback_channel, args.loopback_model, args.loopback_rig
    )
    # A probe that fails is only noted in the result; here it is all that was asked for.
    loopback.measured(settings)
    return Step(loopback.PROBE, DEVICES, settings)


def with_port(args: argparse.Namespace, steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return the steps, the line's to the board that ``--port`` names.

    Raises:
        InputError: a wrong URL, no such rig, or none of the steps is about the line.
    """
    if args.port is None:
        if args.port_rig is not None:
            raise InputError("--port-rig: needs --port URL")
        return tuple(steps)
    link.checked(args.port)
    if args.port_rig is not None:
        Rig.load(args.port_rig)
    if not any(step.probe == link.PROBE for step in steps):
        raise InputError(f"--port: this suite has no probe {link.PROBE}; name another --suite")
    return tuple(
        replace(step, settings=replace(step.settings, port=args.port, rig=args.port_rig or ""))
        if step.probe == link.PROBE
        else step
        for step in steps
    )
