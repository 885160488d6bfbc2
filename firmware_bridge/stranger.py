"""What is on a port where no board of ours answers."""

from __future__ import annotations

from mandible.errors import DeviceError
from mandible.firmware_bridge.port_url import PortUrl
from mandible.firmware_bridge.usb_ports import usb_tty

# An Arduino that was just opened restarts, which takes two seconds.
_UNANSWERED_US = 3_000_000


class Stranger:
    """Asks, once, who else is there, when no board has answered for three seconds.

    Attributes:
        told: what answers and how to write it; None where nothing known does, or nobody asked.
    """

    def __init__(self, url: PortUrl) -> None:
        """Know nothing of the port at ``url``."""
        self.told: str | None = None
        self._url = url
        self._opened_us = 0
        self._asked = url.scheme not in ("serial", "usb")

    def opened(self, now_us: int) -> None:
        """Note that the port was opened."""
        self._opened_us = now_us

    def wanted(self, greetings: int, now_us: int) -> bool:
        """Whether it is time to ask, after so many answered greetings."""
        return not self._asked and greetings == 0 and now_us - self._opened_us > _UNANSWERED_US

    def ask(self) -> str | None:
        """Ask; takes up to two seconds and moves nothing. The port must not be open."""
        # Only a person with the wrong port pays for what all the questions need.
        from mandible.firmware_bridge.drivers.recognition import MANDIBLE, recognise, wrong_device

        url, self._asked = self._url, True
        if url.scheme not in ("serial", "usb"):
            return None
        try:
            path = url.path if url.scheme == "serial" else usb_tty(url)
            other = recognise(path, url.baud)
        except DeviceError:
            return None
        if other is not None and other != MANDIBLE:
            self.told = str(wrong_device(path, url.baud, other))
        return self.told
