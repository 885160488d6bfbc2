"""What a driver of somebody else's servo controller can do, and what it says about itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

# ramp: to neutral at the channel's own speed, then no pulses. hold: stays where it is. detach: no pulses.
HostLoss = Literal["ramp", "hold", "detach"]


class Driver(Protocol):
    """Hands pulses to one controller; one process at a time owns it.

    Attributes:
        name: what a person calls it, as in ``a Pololu Maestro on /dev/ttyACM0``.
        outputs: how many servos it can have, 1 to 12.
        period_us: how often it takes pulses, 3000 to 20000.
        host_loss: what the mouth does when our own program dies.
        computer_loss: what it does when the whole computer stops, or this process is killed.

    A driver that can tell may also have ``problem: str | None``, what is wrong with a device that goes on;
    the supervisor says it once.
    """

    name: str
    outputs: int
    period_us: int
    host_loss: HostLoss
    computer_loss: HostLoss

    def give(self, pulses_us: Sequence[int]) -> None:
        """Pass on 12 pulse widths in µs; 0 is no pulse: detach that servo, where the hardware can.

        Blocks for a few ms at most. Raises OSError when the device is gone.
        """
        ...

    def close(self) -> None:
        """Stop every pulse, where the hardware can, and give the device back; raises nothing."""
        ...
