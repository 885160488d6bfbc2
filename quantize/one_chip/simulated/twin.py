"""The host's build of the firmware core, given what a simulated puppet's was given, and when."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from mandible.firmware_bridge import _board
from mandible.firmware_bridge.limits import output_mask
from mandible.firmware_bridge.protocol import MAX_CHANNELS, Decoder, encode
from mandible.firmware_bridge.rig import Rig
from mandible.quantize.one_chip import baked
from mandible.quantize.one_chip.board_table import OneChipBoard
from mandible.quantize.one_chip.simulated.seen import Hop, Seen


def pulses(seen: Seen, rig: Rig, board: OneChipBoard) -> Iterator[tuple[int, ...]]:
    """Yield what the host's core gives for each period of a run.

    Raises ValueError where it answers otherwise than the puppet's core did.
    """
    image = baked.stored_image(rig, board.shortest_period_us)
    core = _board.Board(image, MAX_CHANNELS, board.shortest_period_us)
    order = sorted(range(len(rig.channels)), key=lambda i: rig.channels[i].output)
    mask = output_mask(rig.limits)
    decoder, sequence = Decoder(), 0

    def ask(event: Hop, expected: int, name: str, **values: int | tuple[int, ...]) -> None:
        nonlocal sequence
        sequence = (sequence + 1) & 0xFF
        core.receive(encode(name, sequence, **values), event.moved_us)
        (reply,) = decoder.feed(core.transmit())
        status = reply.number("status")
        if status != expected:
            raise ValueError(f"at {event.moved_us} us {name} gives {status} here, there {expected}")

    for event in seen.events:
        if isinstance(event, Hop):
            if event.attach is not None:
                ask(event, event.attach, "attach", mask=mask)
            widths = tuple(event.pulses_us[i] for i in order)
            ask(event, event.move, "move", due_us=event.due_us, mask=mask, pulse_us=widths)
        else:
            core.poll(event.planned_us)
            yield struct.unpack(f"<{MAX_CHANNELS}H", core.pulses(event.start_us))
