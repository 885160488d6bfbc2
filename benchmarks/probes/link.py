"""The line to a board: there and back, what is lost, and how much fits; to a virtual board, or --port.

A real board is greeted and pinged, nothing else: no servo moves, none is attached. Only with a rig, by
``--port-rig``, it gets set-points, and all of them ask for the rig's neutral. Opening the port restarts many
boards (Arduino Uno and Nano), as it does for any program.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mandible.benchmarks.bench import Bench
from mandible.benchmarks.link_trips import HOP_US, Line, Trips
from mandible.benchmarks.measurement import Measurement, Rounds
from mandible.benchmarks.settings import bounded
from mandible.errors import DeviceError, InputError
from mandible.firmware_bridge.port_url import PortUrl, parse_port_url
from mandible.firmware_bridge.rig import Rig

PROBE = "link"
VIRTUAL, VIRTUAL_RIG = "virtual:", "skull"
# Whose bytes go to a board with our firmware; other controllers know no pings.
_SCHEMES = ("virtual", "serial", "usb")
_ROUNDS = 5


@dataclass(frozen=True)
class Settings:
    """How much is asked.

    Attributes:
        port: URL of the board.
        rig: for set-points to a real board, by name or file; without one it gets none.
        set_points, pings: how many.
        throughput_s: for how long the line is filled.
    """

    port: str = VIRTUAL
    rig: str = ""
    set_points: int = bounded(120, 20, 100_000)
    pings: int = bounded(100, 20, 100_000)
    throughput_s: float = bounded(0.3, 0.1, 60.0)


def measure(settings: Settings, bench: Bench) -> Iterator[Measurement]:
    """Yield round trips of pings and set-points, what was lost or late, and how much the line takes.

    Raises:
        InputError: the port's URL is wrong, or leads to another kind of controller, or there is no such rig.
        DeviceError: no board answers there, or it has other limits stored than the rig's.
    """
    url = checked(settings.port)
    virtual = url.scheme == "virtual"
    named = settings.rig or (VIRTUAL_RIG if virtual else "")
    rig = Rig.load(named) if named else None
    bench.packages.add("pyserial")
    conditions: dict[str, str | int] = {"port": url.scheme}
    try:
        with Line(url) as line:
            bench.tell("pings")
            board = line.greet()
            subject: dict[str, str | int] = {"board": board.kind}
            if not virtual:
                subject["baud"] = url.baud
            yield from _told("ping", line.pings(board, settings.pings), subject, conditions)
            bursts = [line.throughput(settings.throughput_s / _ROUNDS) for _ in range(_ROUNDS)]
            messages = tuple(one.messages_per_s for one in bursts)
            sizes = tuple(one.bytes_per_s for one in bursts)
            yield Measurement(PROBE, "link_messages_per_s", subject, (messages,), conditions)
            yield Measurement(PROBE, "link_bytes_per_s", subject, (sizes,), conditions)
            if rig is not None:
                bench.tell("set-points")
                trips = line.set_points(rig, settings.set_points, store=virtual and board.kind == "virtual")
                more: dict[str, str | int] = {
                    "rig": named,
                    "set_points_per_s": 1_000_000 // HOP_US,
                    "lead_ms": rig.link.lead_ms,
                }
                yield from _told("set-point", trips, subject, {**conditions, **more})
    except OSError as error:  # serial.SerialException is one
        raise DeviceError(f"{url.text}: the port went away ({error}); plug the board in again") from error


def checked(port: str) -> PortUrl:
    """Return a port's URL; InputError where it leads to no board with our firmware."""
    url = parse_port_url(port)
    if url.scheme not in _SCHEMES:
        raise InputError(
            f"--port {url.text}: only a board with the mandible firmware answers pings; give virtual:, "
            "serial:///dev/ttyACM0?baud=115200 or usb:2e8a:000a"
        )
    return url


def _told(
    stage: str, trips: Trips, subject: Mapping[str, str | int], conditions: Mapping[str, str | int]
) -> Iterator[Measurement]:
    if not trips.trips_ms:
        raise DeviceError(f"{trips.board} board: no {stage} was answered; is the line a good one?")
    of = {**subject, "stage": stage}
    asked = len(trips.trips_ms) + trips.lost
    yield Measurement(PROBE, "link_round_trip_ms", of, _rounds(trips.trips_ms), conditions)
    yield Measurement(PROBE, "link_lost_share", of, ((trips.lost / asked,),), conditions)
    if stage == "set-point":
        yield Measurement(PROBE, "link_late_share", of, ((trips.late / asked,),), conditions)


def _rounds(samples: list[float]) -> Rounds:
    """Return samples as fifths of the time that they took."""
    each = max(1, len(samples) // _ROUNDS)
    starts = range(0, each * min(_ROUNDS, len(samples)), each)
    return tuple(tuple(samples[at : at + each]) for at in starts)
