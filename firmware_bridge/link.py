"""The host's end of the cable: keeps one board moving, and comes back after it was unplugged.

``send`` never waits: while all is well it hands a set-point to the port's driver itself, which costs half of
what waking another thread does. The link's own thread reads replies, keeps the conversation up, opens the
port again, and sends what the driver had no room for. Frames that cannot go out are dropped, and counted.
"""

from __future__ import annotations

import contextlib
import select
import shlex
import threading
from collections.abc import Callable

from mandible.device.frames import Frame
from mandible.device.histogram import Histogram
from mandible.errors import DeviceError
from mandible.firmware_bridge.drivers.registry import has_driver
from mandible.firmware_bridge.host_clock import now_us
from mandible.firmware_bridge.link_status import LinkStatus
from mandible.firmware_bridge.phase import Phase
from mandible.firmware_bridge.port_url import parse_port_url
from mandible.firmware_bridge.ports import CHUNK_BYTES, Port, open_port
from mandible.firmware_bridge.reach import within_reach
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.session import Session
from mandible.firmware_bridge.stranger import Stranger
from mandible.firmware_bridge.waiting_frames import WaitingFrames
from mandible.stop_flag import StopFlag
from mandible.wake_pipe import WakePipe

_POLL_S, _LISTENING_POLL_S = 0.05, 0.02
# A board queues eight set-points: with more acknowledgements unread than this it is time to look.
_UNREAD = 4
# A port that always has more to read is left alone this long between two readings.
_FLOOD_PAUSE_S = 0.005
_BACKLOG_BYTES = 4096
_FIRST_RETRY_S = 0.05
# With the handshake this keeps the way back under a second from the port's return.
_LONGEST_RETRY_S = 0.4
_CLOSE_S = 6.0
_LIVE = (Phase.READY, Phase.MOVING)
_STUCK = (Phase.REFUSED, Phase.UNCALIBRATED)


class Link:
    """Sends frames' pulses to the board at a port URL.

    A virtual board gets the rig's limits stored by itself, since nothing there can break. A real board is
    moved only when the limits stored on it are the rig's.
    """

    def __init__(self, url: str, rig: Rig, *, patient: bool = False) -> None:
        """Check ``url`` (InputError: wrong, or not for ``rig``); opens nothing. A ``patient`` one waits."""
        self._url = within_reach(parse_port_url(url), rig)
        self._patient = patient
        self._rig = rig
        self._session = Session(rig, now_us())
        self._port: Port | None = None
        self._out = bytearray()
        self._flooded = False
        self._frames = WaitingFrames(rig.link.lead_ms)
        self._reconnects = 0
        self._opened = False
        # From the end of the line to the port.
        self.queued = Histogram()
        # What went wrong in a way that nobody foresaw, until the board takes set-points again.
        self._fault: str | None = None
        self._stranger = Stranger(self._url)
        # Guards all of the above; held for microseconds, also while a driver takes bytes without waiting.
        self._changed = threading.Condition()
        self._stopping = StopFlag()
        self._wake_pipe = WakePipe()
        self._thread: threading.Thread | None = None
        self._started = False

    def __enter__(self) -> Link:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Park and close."""
        self.close()

    def start(self) -> None:
        """Open the port and begin to talk; once in a link's life, else RuntimeError.

        Raises DeviceError, with the remedy, where the port cannot be opened; the link is then closed.
        A patient one tries again for as long as it lives.
        """
        if self._stopping.is_set():
            raise RuntimeError("this link is closed; make a new one")
        if self._started:
            raise RuntimeError("this link has been started already")
        self._started = True
        if self._url.scheme == "none":
            return
        try:
            self._port = open_port(self._url)
            self._stranger.opened(now_us())
            self._opened = True
        except DeviceError as error:
            if not self._patient:
                self.close()
                raise
            self._fault = str(error)
        except BaseException:
            self.close()
            raise
        self._thread = threading.Thread(target=self._run, name=f"link {self._url.text}", daemon=True)
        self._thread.start()

    def wait_ready(self, timeout_s: float = 6.0) -> None:
        """Wait until the board takes set-points. Raises DeviceError, with the remedy, where it will not."""
        if self._url.scheme == "none":
            return
        with self._changed:
            self._changed.wait_for(
                lambda: self._session.phase in (*_LIVE, *_STUCK) or self._stranger.told is not None, timeout_s
            )
            if self._session.phase in _LIVE:
                return
            problem = self._problem()
        silent = f"the board does not answer within {timeout_s:g} s; is the mandible firmware on it?"
        raise DeviceError(f"{self._url.text}: {problem or silent}")

    def send(self, frame: Frame) -> None:
        """Send ``frame.pulses_us``, due ``lead_ms`` after ``frame.emitted_ns``, or queue them. Never waits.

        Raises ValueError for pulses that are not one 16-bit number for each channel of the rig.
        """
        if frame.pulses_us is None or self._url.scheme == "none":
            return
        count = len(self._rig.channels)
        if len(frame.pulses_us) != count or not all(0 <= pulse_us <= 0xFFFF for pulse_us in frame.pulses_us):
            raise ValueError(f"{count} pulse(s) of 0..65535 µs wanted, not {frame.pulses_us}")
        emitted_us = now_us() if frame.emitted_ns is None else frame.emitted_ns // 1000
        with self._changed:
            if self._send_now(emitted_us, frame.pulses_us):
                return
            self._frames.add(emitted_us, frame.pulses_us)
            self._wake_pipe.wake()

    def _send_now(self, emitted_us: int, pulses_us: tuple[int, ...]) -> bool:
        """Hand a set-point to the port, if nothing stands in the way; to be called with ``_changed`` held."""
        port, host_us = self._port, now_us()
        if port is None or self._out or self._frames or not self._session.moves_on(host_us):
            return False
        if self._frames.stale(emitted_us, host_us):
            return False
        self._move(pulses_us, emitted_us, host_us)
        with contextlib.suppress(OSError):  # which the thread will find as well, and mend
            self._flush(port)
        if self._out or self._session.exchange.waiting("move") > _UNREAD:
            self._wake_pipe.wake()
        return True

    def _move(self, pulses_us: tuple[int, ...], emitted_us: int, host_us: int) -> None:
        self._session.move(pulses_us, emitted_us, host_us)
        self.queued.add((host_us - emitted_us) * 1000)

    def status(self) -> LinkStatus:
        """Return a snapshot of how things stand."""
        with self._changed:
            connected = self._port is not None
            text, dropped, reconnects = self._url.text, self._frames.dropped, self._reconnects
            return LinkStatus.of(text, connected, self._session, dropped, reconnects, self._problem())

    def close(self) -> None:
        """Bring the puppet to rest (neutral, then no pulses) and let go of the port, in under six seconds."""
        self._stopping.set()
        with self._changed:
            self._wake_pipe.wake()
        if self._thread is not None:
            self._thread.join(_CLOSE_S)
            if self._thread.is_alive():
                return  # stuck in a driver: its descriptors stay its own
            self._thread = None
        with self._changed:
            self._wake_pipe.close()

    def _run(self) -> None:
        retry_s = _FIRST_RETRY_S
        while not self._stopping.is_set():
            if self._port is None:
                if not self._stopping.wait(retry_s):
                    self._attempt(self._reopen)
                retry_s = min(2 * retry_s, _LONGEST_RETRY_S)
            else:
                retry_s = _FIRST_RETRY_S
                strange = self._stranger.wanted(self._session.greetings, now_us())
                self._attempt(self._ask_who if strange else self._turn)
        self._attempt(self._begin_to_park)
        while self._port is not None and self._session.phase is not Phase.CLOSED:
            self._attempt(self._turn)
        self._close_port()

    def _attempt(self, step: Callable[[], None]) -> None:
        """Do ``step``; where it fails, the port is closed, for ``_run`` to open again."""
        try:
            step()
        except (DeviceError, OSError):  # serial.SerialException is one
            self._close_port()
        except Exception as error:  # a thread that dies of it would leave a puppet that nobody parks
            with self._changed:
                self._fault = f"the link stumbled over {type(error).__name__}: {error}; please report it"
            self._close_port()

    def _ask_who(self) -> None:
        """Find out what else is on the port; it is opened again afterwards."""
        self._close_port()
        self._stranger.ask()
        with self._changed:
            self._changed.notify_all()

    def _begin_to_park(self) -> None:
        with self._changed:
            self._frames.clear()
            self._session.park(now_us())

    def _reopen(self) -> None:
        port = open_port(self._url)
        with self._changed:
            self._port = port
            self._stranger.opened(now_us())
            self._out.clear()
            self._reconnects += self._opened
            self._opened = True
            self._session.reconnect(now_us())

    def _close_port(self) -> None:
        with self._changed:
            # Forgotten before it is closed: its descriptor's number may soon mean another file.
            port, self._port = self._port, None
            self._changed.notify_all()
        if port is not None:
            # A port that is gone may refuse even this, each kind in its own way.
            with contextlib.suppress(Exception):
                port.close()

    def _turn(self) -> None:
        """Wait for something to do, and do it."""
        port = self._port
        assert port is not None
        with self._changed:
            # Acknowledgements do not wake anybody: a handful of them is read at a time.
            listens = self._session.listens
        reading = [self._wake_pipe.fileno()] + [port.fileno()] * (listens and not self._flooded)
        pause_s = _FLOOD_PAUSE_S if self._flooded else _LISTENING_POLL_S if listens else _POLL_S
        select.select(reading, [port.fileno()] if self._out else [], [], pause_s)
        self._wake_pipe.drain()
        data = port.read()
        self._flooded = len(data) == CHUNK_BYTES
        with self._changed:
            self._advance(data)
            self._flush(port)
        if len(self._out) > _BACKLOG_BYTES:
            raise OSError("the port takes no more bytes")

    def _flush(self, port: Port) -> None:
        """Hand the driver what it has room for; to be called with ``_changed`` held."""
        self._out += self._session.transmit()
        if self._out:
            del self._out[: port.write(bytes(self._out))]

    def _advance(self, data: bytes) -> None:
        session, before = self._session, self._session.phase
        host_us = now_us()
        session.receive(data, host_us)
        session.poll(host_us)
        if session.phase is Phase.UNCALIBRATED and self._is_virtual():
            session.store(host_us)
        self._frames.drop_stale(host_us)
        while session.phase in _LIVE and (waiting := self._frames.next(host_us)) is not None:
            emitted_us, pulses_us = waiting
            self._move(pulses_us, emitted_us, host_us)
        if session.phase in _LIVE:
            self._fault = self._stranger.told = None
        if session.phase is not before:
            self._changed.notify_all()

    def _is_virtual(self) -> bool:
        board, scheme = self._session.board, self._url.scheme
        own = scheme in ("virtual", "fake") or has_driver(scheme)
        return own and board is not None and board.kind in ("virtual", "bridge")

    def _problem(self) -> str | None:
        problem = self._session.problem
        if problem is not None and self._session.phase is Phase.UNCALIBRATED:
            rig, port = shlex.quote(self._rig.file), shlex.quote(self._url.text)
            return f"{problem}; run: mandible rig store {rig} --port {port}"
        return problem or self._stranger.told or self._fault
