"""Measures the serial line of the Arduino Uno: ``python -m tests.measure.link`` writes ``results/link.json``.

The real image runs on the simulated chip, in virtual time, once for each baud: twelve channels get a
set-point every 10 ms, as a run sends them. Then the same with every gap on the line filled by noise.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from mandible.benchmarks import link
from mandible.benchmarks.machine import machine, versions
from mandible.firmware_bridge.protocol import Decoder, Message
from mandible.whole_file import written
from tests.firmware.chip import Chip
from tests.firmware.wire import CHANNELS, EVERY_CHANNEL, PERIOD_US, WIDE, eeprom_image
from tests.virtual.simavr.uno import Pulse, SimulatedUno

HOP_US = 10_000
HOPS = 300
LEAD_US = 60_000
IMAGE = eeprom_image(dict.fromkeys(range(CHANNELS), WIDE), watchdog_ms=2000, accel_100us_per_s2=4000)


class Line:
    """A host that streams set-points to the chip and watches what comes back."""

    def __init__(self, uno: SimulatedUno, seed: int) -> None:
        """Attach every channel; let the soft start pass."""
        self.uno, self.chip = uno, Chip(uno)
        self._chance = random.Random(seed)
        self._decoder = Decoder()
        self._asked_us: list[float] = []
        self.sent_bytes = 0
        self.trips_us: list[float] = []
        self.pulses: list[Pulse] = []
        assert self.chip.status("attach", mask=EVERY_CHANNEL) == "ok"
        self.chip.run(400_000)
        reply = self.chip.ask("ping", token=1)
        self._due_us = reply.number("clock_us") + LEAD_US

    def hop(self, wanted: tuple[int, ...], *, flood: bool = False) -> None:
        """Send one set-point at an instant of no particular phase, and let 10 ms pass."""
        frame = self.chip.wire.frame("move", due_us=self._due_us, mask=EVERY_CHANNEL, pulse_us=wanted)
        self._due_us += HOP_US
        began_us = self.uno.now_us + 10
        free_bytes = max(0, int((HOP_US - 20) / self.uno.byte_us) - len(frame))
        before_bytes = self._chance.randint(0, free_bytes)
        sent_us = began_us + before_bytes * self.uno.byte_us
        if flood:
            noise = bytes(self._chance.randrange(256) for _ in range(free_bytes))
            self.uno.send(noise[:before_bytes] + frame + noise[before_bytes:], began_us)
        else:
            self.uno.send(frame, sent_us)
        self.sent_bytes += len(frame)
        self.uno.advance(began_us - 10 + HOP_US)
        self.pulses += self.uno.pulses()
        self._asked_us.append(sent_us)
        for at_us, byte in self.uno.received():
            for reply in self._decoder.feed(bytes([byte])):
                if reply.name == "ack" and not flood:  # in a flood some get lost
                    self.trips_us.append(at_us - self._asked_us.pop(0))

    def counts(self) -> Message:
        """Return what the board has counted, once the line is quiet."""
        self.chip.run(400_000)
        self.chip.replies()
        return self.chip.ask("query", wait_us=30_000)


def wander(hops: int, seed: int) -> list[tuple[int, ...]]:
    """Return set-points that jump about every 80 ms."""
    chance = random.Random(seed)
    rows, row = [], (1500,) * CHANNELS
    for hop in range(hops):
        if hop % 8 == 0:
            row = tuple(chance.randint(900, 2100) for _ in range(CHANNELS))
        rows.append(row)
    return rows


def off_us(pulses: list[Pulse]) -> float:
    """Return the most that an edge is off: a width from a whole microsecond, a rise from its period."""
    firsts_us: dict[int, float] = {}
    late_us: list[float] = []
    for pulse in pulses:
        since_us = pulse.start_us - firsts_us.setdefault(pulse.channel, pulse.start_us)
        late_us.append((since_us + PERIOD_US / 2) % PERIOD_US - PERIOD_US / 2)
    widths_us = max(abs(pulse.width_us - round(pulse.width_us)) for pulse in pulses)
    return max(widths_us, *map(abs, late_us))


def measure(baud: int, seed: int = 1, hops: int = HOPS) -> dict[str, Any]:
    """Return one baud's figures."""
    rows = wander(hops, seed)
    with SimulatedUno(IMAGE, baud) as uno:
        line = Line(uno, seed)
        before, began_us = uno.figures(), uno.now_us
        for row in rows:
            line.hop(row)
        after = uno.figures()
        load = 1 - (after.asleep_us - before.asleep_us) / (uno.now_us - began_us)
        counts = line.counts()
    with SimulatedUno(IMAGE, baud) as uno:
        flooded = Line(uno, seed)
        for row in rows:
            flooded.hop(row, flood=True)
        flooded_counts = flooded.counts()
    p50_us, p99_us = np.percentile(line.trips_us, [50, 99])
    return {
        "line_per_cent": round(100 * line.sent_bytes * uno.byte_us / (hops * HOP_US), 1),
        "ack_p50_ms": round(float(p50_us) / 1000, 2),
        "ack_p99_ms": round(float(p99_us) / 1000, 2),
        "processor_per_cent": round(100 * load, 1),
        "overruns": counts.number("overruns"),
        "flooded_overruns": flooded_counts.number("overruns"),
        "width_off_us": round(off_us(line.pulses), 3),
        "flooded_width_off_us": round(off_us(flooded.pulses), 3),
        "planning_worst_us": round(after.worst_us),
    }


def compiler() -> str:
    """Return what made the firmware."""
    done = subprocess.run(["avr-gcc", "--version"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=link.RESULT)
    arguments = parser.parse_args()
    result = {
        "benchmark": "link",
        "machine": machine(),
        "versions": {**versions(("numpy",)), "avr-gcc": compiler()},
        "settings": {
            "board": "ATmega328P at 16 MHz in simavr",
            "channels": CHANNELS,
            "set_points_per_s": 1_000_000 // HOP_US,
            "set_points": HOPS,
            "period_us": PERIOD_US,
            "taken": "in virtual time: nothing of this computer is in the figures",
        },
        "bauds": {str(baud): measure(baud) for baud in link.BAUDS},
    }
    with written(arguments.output) as partial:
        partial.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(link.table(result))


if __name__ == "__main__":
    main()
