"""``tcp-listen:HOST:PORT``: the sound service a Wyoming satellite plays its voice to (its ``--snd-uri``)."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

from mandible import __version__
from mandible.device.audio.live_stream import LiveStream
from mandible.device.audio.playout import Playout
from mandible.device.audio.tcp_place import TcpPlace, parse_place
from mandible.device.audio.wyoming_client import live_header
from mandible.device.audio.wyoming_conversation import Conversation
from mandible.device.audio.wyoming_events import Event, ProtocolError
from mandible.device.audio.wyoming_sound import SoundEvents
from mandible.device.frames import HOP_MS
from mandible.errors import DeviceError
from mandible.stop_flag import ended_within

# Speech comes as fast as the network is; beyond this much of it the satellite waits, as for a sound card.
QUEUE_HOPS = 2000 // HOP_MS
MOST_CONNECTIONS = 8
# Who speaks and then says nothing for this long, nor that it has finished, gives the floor away.
FLOOR_S = 2.0
# So long a connection that was sent away may take to go.
LEAVE_S = 0.5
INFO = {
    "snd": [
        {
            "name": "mandible",
            "attribution": {"name": "mandible", "url": ""},
            "installed": True,
            "description": "moves a mouth to what it is given to play",
            "version": __version__,
            "snd_format": {"rate": 16_000, "width": 2, "channels": 1},
        }
    ]
}


class WyomingService(LiveStream):
    """Waits for connections and hands their sound out at the pace of speech; nothing of it is dropped.

    One connection speaks at a time: while one is between its ``audio-start`` (or first chunk) and its
    ``audio-stop``, the sound of others is left out. When all of it was heard, the speaker gets ``played``.
    Where there are too many connections, a new one takes the place of the one that was silent for longest.

    Raises:
        InputError: no host and port.
        DeviceError: the port cannot be had (unless ``patient``: then it is tried for ever).
    """

    def __init__(self, place: str, patient: bool = False) -> None:
        super().__init__(Playout(QUEUE_HOPS, whole=True))
        self._place = parse_place("tcp-listen", place, lowest_port=0)
        self._talks: dict[Conversation, threading.Thread] = {}
        self._speaking: Conversation | None = None
        self._spoke_s = 0.0
        # Guards the talks and who speaks.
        self._floor = threading.Lock()
        self._server: socket.socket | None = None
        try:
            self._server = self._bind()
        except OSError as error:
            self.state = f"silent: {error.strerror or error}"
            if not patient:
                raise DeviceError(
                    f"tcp-listen:{self._place}: cannot listen there: {error.strerror or error}: choose an "
                    "address of this machine and a free port"
                ) from None
        if self._server is not None:
            # Port 0 took a free one.
            self._place = TcpPlace(self._place.host, int(self._server.getsockname()[1]))
        self.description = f"Wyoming sound service at {self._place}"
        self.header = live_header(f"tcp-listen:{self._place}")
        self._start(f"wyoming service {self._place}")

    @property
    def port(self) -> int:
        """The TCP port it listens at."""
        return self._place.port

    def close(self) -> None:
        """Stop listening and end every connection."""
        super().close()
        with self._floor:
            talks = dict(self._talks)
        for talk in talks:
            talk.hang_up()
        for thread in talks.values():
            ended_within(thread, FLOOR_S)

    def _bind(self) -> socket.socket:
        place = (self._place.host, self._place.port)
        family = socket.getaddrinfo(*place, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server(place, family=family, backlog=MOST_CONNECTIONS)

    def _session(self) -> None:
        server, self._server = self._server or self._bind(), None
        with server:
            server.settimeout(0.2)
            self._connected()
            while not self._stopping.is_set():
                with suppress(TimeoutError):
                    self._welcome(server.accept()[0])

    def _welcome(self, connection: socket.socket) -> None:
        if not self._has_room():
            connection.close()
            return
        try:
            talk = Conversation(connection, INFO)
        except OSError:  # gone before it was welcomed
            connection.close()
            return
        thread = threading.Thread(
            target=self._talk, args=(talk, connection), name="wyoming talk", daemon=True
        )
        with self._floor:
            self._talks[talk] = thread
        try:
            thread.start()
        except RuntimeError:  # no more threads to be had
            with self._floor:
                del self._talks[talk]
            connection.close()

    def _has_room(self) -> bool:
        """Whether one more can be taken; sends the longest silent one away for it, never the one speaking."""
        with self._floor:
            if len(self._talks) < MOST_CONNECTIONS:
                return True
            spoken_for = time.monotonic() - self._spoke_s < FLOOR_S
            speaking = self._speaking if spoken_for else None
            silent = min((t for t in self._talks if t is not speaking), key=lambda talk: talk.heard_s)
            thread = self._talks[silent]
        silent.hang_up()
        return ended_within(thread, LEAVE_S)

    def _talk(self, talk: Conversation, connection: socket.socket) -> None:
        sound = SoundEvents()
        try:
            with connection, suppress(OSError, ProtocolError):
                for event in talk.events():
                    if not event.type.startswith("audio-") or not self._has_floor(talk):
                        continue
                    if not self._heard(talk, sound, event):
                        return
        finally:
            with self._floor:
                del self._talks[talk]
                if self._speaking is talk:
                    self._speaking = None

    def _heard(self, talk: Conversation, sound: SoundEvents, event: Event) -> bool:
        """Pass the event's sound on; say whether there is still somebody to take it."""
        for pcm in sound.hops(event):
            self._spoke_s = time.monotonic()
            if not self._playout.put(pcm):
                return False
        with self._floor:
            if event.type == "audio-stop":
                self._speaking = None
        if event.type == "audio-stop":
            self._playout.wait_empty()
            talk.send(Event("played"))
        return True

    def _has_floor(self, talk: Conversation) -> bool:
        """Whether this connection speaks, or may from now on."""
        with self._floor:
            now_s = time.monotonic()
            if self._speaking not in (None, talk) and now_s - self._spoke_s < FLOOR_S:
                return False
            if self._speaking is not talk:
                self._speaking, self._spoke_s = talk, now_s
            return True

    def _hang_up(self) -> None:
        return
