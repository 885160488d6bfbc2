"""Keeping two programs on one computer off a device that would let both in."""

from __future__ import annotations

import errno
import socket

from mandible.errors import DeviceError


class Claim:
    """A name that one process has; it goes with the process, however that ends."""

    def __init__(self, text: str, *parts: object) -> None:
        """Claim the device that ``parts`` name; DeviceError, about port ``text``, where another has it."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            # Linux's abstract space: no file to be left behind.
            self._socket.bind("\0mandible " + " ".join(map(str, parts)))
        except OSError as error:
            self._socket.close()
            if error.errno != errno.EADDRINUSE:
                raise
            raise DeviceError(f"{text}: another mandible moves this one; end that first") from error

    def close(self) -> None:
        """Give the name up."""
        self._socket.close()
