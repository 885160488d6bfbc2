"""``tcp:HOST:PORT``: listens to a Wyoming service that sends sound, such as a satellite's microphone."""

from __future__ import annotations

import socket

from mandible.device.audio.live_stream import LiveStream
from mandible.device.audio.playout import Playout
from mandible.device.audio.tcp_place import parse_place
from mandible.device.audio.wyoming_conversation import Conversation
from mandible.device.audio.wyoming_sound import SoundEvents
from mandible.device.frames import HOP_MS, SAMPLE_RATE_HZ
from mandible.errors import DeviceError

CONNECT_S = 1.0
# Sound that is live and waits for longer is of no use to a mouth.
QUEUE_HOPS = 5000 // HOP_MS


class WyomingClient(LiveStream):
    """Connects, takes ``audio-chunk`` events, and connects again when that ends.

    Raises:
        InputError: no host and port.
        DeviceError: nothing answers there (unless ``patient``: then it is tried for ever).
    """

    def __init__(self, place: str, patient: bool = False) -> None:
        super().__init__(Playout(QUEUE_HOPS))
        self._place = parse_place("tcp", place)
        self._conversation: Conversation | None = None
        self._socket: socket.socket | None = None
        self.description = f"Wyoming service at {self._place}"
        self.header = live_header(f"tcp:{self._place}")
        try:
            self._socket = self._connect()
        except OSError as error:
            self.state = f"silent: {error.strerror or error}"
            if not patient:
                raise DeviceError(
                    f"tcp:{self._place}: cannot be reached: {error.strerror or error}: start the service "
                    "that sends the sound, or check its address"
                ) from None
        self._start(f"wyoming {self._place}")

    def _connect(self) -> socket.socket:
        return socket.create_connection((self._place.host, self._place.port), CONNECT_S)

    def _session(self) -> None:
        connection, self._socket = self._socket or self._connect(), None
        sound = SoundEvents()
        with connection:
            self._conversation = Conversation(connection, {})
            if self._stopping.is_set():
                return
            self._connected()
            for event in self._conversation.events():
                for pcm in sound.hops(event):
                    if not self._playout.put(pcm):
                        return

    def _hang_up(self) -> None:
        if self._conversation is not None:
            self._conversation.hang_up()


def live_header(source: str) -> dict[str, object]:
    """What outputs say about sound whose format the other side decides from chunk to chunk."""
    return {
        "source": source,
        "sample_rate_hz": SAMPLE_RATE_HZ,
        "channels": 1,
        "sample_format": "int16",
        "conditioning": ["converted to 16 kHz mono int16 where it came as something else (soxr HQ)"],
    }
