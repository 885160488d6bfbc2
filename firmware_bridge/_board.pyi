EEPROM_BYTES: int
PERIOD_US: int

class Board:
    """The firmware core with its permanent memory; starts detached, its clock at 0.

    Times are microseconds of the board's clock as a plain growing count; one earlier than the last is
    ignored.
    """

    def __new__(cls, eeprom: bytes, channels: int = 12) -> Board:
        """Start from an EEPROM image; what is missing of it reads as erased.

        Raises ValueError for channels outside 1..12.
        """

    def receive(self, data: bytes, now_us: int) -> None:
        """Take bytes from the host, all of them at ``now_us``."""

    def poll(self, now_us: int) -> None:
        """Let time pass: watchdog and session time-outs."""

    def pulses(self, now_us: int, ahead_us: int = 0) -> bytes:
        """Return uint16[12] little-endian pulse widths in µs, 0 for no pulse.

        Call once per period of ``PERIOD_US``: ``ahead_us`` (at most one period) before the period starts.
        """

    def transmit(self) -> bytes:
        """Drain what the board wants to send."""

    def eeprom(self) -> bytes:
        """Return the permanent memory, ``EEPROM_BYTES`` long."""
