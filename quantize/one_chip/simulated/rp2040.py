"""Running an image for a Pico on npm's ``rp2040js``, its microphone's wires and servo pins simulated."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from mandible.errors import DeviceError
from mandible.quantize.boards import rp2040, tools
from mandible.quantize.one_chip.simulated.seen import Pulse, Seen, hop_bytes, parse

RUNNER = Path(__file__).with_name("rp2040_puppet.mjs")
SYMBOLS = ("microphone_read", "mandible_push", "watch_hop", "board_give_pulses")
# What the microphone's clocks are: two steps for each of 64 bits a sample.
STEPS_A_SAMPLE = 128
GAIN_BITS = {"i2s": 4, "pdm": 4, "adc": 0}
STARTING_S = 60.0
HOP_S = 2.0
AFTER_MS = 1500
SAMPLE_RATE = 16000
NO_PIN = -1


def run(
    elf: Path,
    channels: int,
    pcm: bytes,
    microphone: str,
    gone_at_s: float = -1.0,
    gone_ms: int = 0,
    after_ms: int = AFTER_MS,
    low: tuple[int, float] | None = None,
) -> Seen:
    """Let the puppet hear ``pcm`` (int16, 16 kHz); then its microphone dies (an analog one goes silent).

    Args:
        elf: as it was built.
        channels: of its rig.
        pcm: whole hops.
        microphone: for which it was built.
        gone_at_s: when a digital microphone is gone for ``gone_ms``, in seconds of the sound; below 0: never.
        gone_ms: and for how long.
        after_ms: goes on for so long after the sound.
        low: the number of an input (14: a servo stalls, 15: one is hot) that is pulled low, and when, in
            seconds of the sound.

    Raises:
        DeviceError: the simulator is missing or did not come to an end, or the program faulted.
    """
    modules = rp2040.require()
    with tempfile.TemporaryDirectory(prefix="mandible-puppet-") as name:
        folder = Path(name)
        (folder / "microphone").write_bytes(pcm)
        flat = tools.call(["arm-none-eabi-objcopy", "-O", "binary", elf, folder / "image"], 30)
        if flat.returncode != 0:
            raise DeviceError(f"arm-none-eabi-objcopy: {tools.first_complaint(flat.stderr)}")
        request = {
            "modules": str(modules.resolve()),
            "microphone": microphone,
            "machine_steps_a_sample": STEPS_A_SAMPLE,
            "gain_bits": GAIN_BITS[microphone],
            "after_ms": after_ms,
            "gone_at": round(gone_at_s * SAMPLE_RATE),
            "gone_ms": gone_ms,
            "low_pin": NO_PIN if low is None else low[0],
            "low_at": NO_PIN if low is None else round(low[1] * SAMPLE_RATE),
            "record_bytes": hop_bytes(channels),
            **_symbols(elf),
        }
        (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
        done = tools.call(["node", RUNNER], STARTING_S + HOP_S * len(pcm) / 320, folder)
        if not (folder / "result.json").is_file():
            raise DeviceError(f"rp2040js: ended with {done.returncode}: {tools.first_complaint(done.stderr)}")
        result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        if result["fault"] is not None:
            raise DeviceError(f"rp2040js: the puppet faulted: {result['fault']}; export it again")
        missing = len(pcm) // 320 - len(result["hops"])
        if missing > 0:
            raise DeviceError(f"rp2040js: the puppet has not heard the last {missing} hops; export it again")
        events = parse((folder / "record").read_bytes(), channels)
        given = (folder / "given").read_bytes()
    pulses = (Pulse(output, start / 1000, width / 1000) for output, start, width in result["pulses"])
    instructions, cycles = (tuple(row[i] for row in result["hops"]) for i in (0, 1))
    return Seen(events, instructions, given[: 320 * len(instructions)], tuple(pulses), cycles)


def _symbols(elf: Path) -> dict[str, int]:
    rows = [line.split() for line in tools.call(["arm-none-eabi-nm", elf], 30).stdout.splitlines()]
    found = {row[2]: int(row[0], 16) for row in rows if len(row) == 3}
    return {name: found[name] for name in SYMBOLS}
