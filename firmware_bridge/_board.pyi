EEPROM_BYTES: int
PERIOD_US: int

class Board:
    """The firmware core with its permanent memory; starts detached, its clock at 0.

    Times are microseconds of the board's clock as a plain growing count; one earlier than the last is
    ignored.
    """

    def __new__(
        cls, eeprom: bytes = b"", channels: int = 12, shortest_period_us: int = 3000, board_id: int = 1
    ) -> Board:
        """Start from the two slots of permanent memory; what is missing of them reads as erased.

        Raises ValueError for channels outside 1..12 or a shortest period outside 3000..20000 us.
        """

    @property
    def period_us(self) -> int:
        """How long the next period is; ``PERIOD_US`` where nothing else is stored."""

    def receive(self, data: bytes, now_us: int) -> None:
        """Take bytes from the host, all of them at ``now_us``."""

    def poll(self, now_us: int) -> None:
        """Let time pass: watchdog and session time-outs."""

    def alarm(self, stalled: bool, hot: bool) -> None:
        """Set the levels of the inputs for a servo that is held fast, or too hot."""

    def pulses(self, start_us: int) -> bytes:
        """Return uint16[12] little-endian pulse widths in us, 0 for no pulse, of the period that starts then.

        Call once per period of ``period_us``, which start at its multiples; time passes by ``poll`` only.
        """

    def transmit(self) -> bytes:
        """Drain what the board wants to send."""

    def eeprom(self) -> bytes:
        """Return both slots of permanent memory, ``EEPROM_BYTES`` long."""
