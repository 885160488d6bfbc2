"""Running an image for a Cortex-M4 in QEMU, in virtual time at a stated pace."""

from __future__ import annotations

import tempfile
from pathlib import Path

from mandible.errors import DeviceError
from mandible.quantize.boards import tools
from mandible.quantize.one_chip.simulated.seen import Hop, Seen, parse

PROGRAM = "qemu-system-arm"
MACHINE = "mps2-an386"
# An instruction takes 2**5 ns: 31.25 million a second, which is a 64 MHz core at 2.05 cycles an instruction.
SHIFT = 5
NS_PER_INSTRUCTION = 1 << SHIFT
STARTING_S = 60.0
HOP_S = 0.1


def command(elf: Path, *serial: str) -> list[str]:
    """Return QEMU's command line for an image, with its serial lines."""
    words = [PROGRAM, "-M", MACHINE, "-display", "none", "-monitor", "none", "-no-reboot"]
    for line in serial:
        words += ["-serial", line]
    return [*words, "-semihosting-config", "enable=on,target=native", "-kernel", str(elf.resolve())]


def run(elf: Path, channels: int, pcm: bytes) -> Seen:
    """Let the puppet hear ``pcm``, and then nothing for three seconds.

    Raises:
        DeviceError: QEMU is missing or did not come to an end, or the program faulted.
    """
    with tempfile.TemporaryDirectory(prefix="mandible-puppet-") as name:
        folder = Path(name)
        (folder / "microphone").write_bytes(pcm)
        words = command(elf, "none", "file:record")
        # Where all wait, time jumps to the next thing to do.
        words += ["-icount", f"shift={SHIFT},sleep=off"]
        done = tools.call(words, STARTING_S + HOP_S * len(pcm) / 320, folder)
        if done.returncode != 0:
            raise DeviceError(
                f"{PROGRAM}: ended with {done.returncode}: {tools.first_complaint(done.stderr)}"
            )
        events = parse((folder / "record").read_bytes(), channels)
    hops = [event for event in events if isinstance(event, Hop)]
    if len(hops) != len(pcm) // 320:
        raise DeviceError(f"{PROGRAM}: the puppet stopped in hop {len(hops)}; export it again")
    # To a microsecond of the board's clock: 31 instructions.
    instructions = (1000 * (hop.moved_us - hop.began_us) // NS_PER_INSTRUCTION for hop in hops)
    return Seen(events, tuple(instructions), pcm)
