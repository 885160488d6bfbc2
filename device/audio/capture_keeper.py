"""Keeps a capture process running: starts it again when it ends, and ends it when it hangs."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import time
from collections import deque
from dataclasses import asdict

from mandible.device.audio.capture_messages import BrokenMessageError, Decoder, Message, Problem
from mandible.device.audio.capture_process import Wish
from mandible.device.audio.capture_ring import Block
from mandible.own_python import own_environment, own_python
from mandible.wake_pipe import WakePipe

# Small, so that sound waits in the ring, where the oldest is dropped, and not in the pipe. 100 ms at 16 kHz.
PIPE_BYTES = 4096
READ_BYTES = 1 << 16
# Sound that stops for so long does not come back by itself. A process that has not found or opened its device
# gets longer: a sound server on a small board takes seconds to start.
STALL_NS = 1_000_000_000
OPENING_NS = 10_000_000_000
FIRST_PAUSE_NS = 100_000_000
LONGEST_PAUSE_NS = 1_000_000_000
END_LIMIT_S = 0.2
_HANGS = "the sound system does not answer: its server hangs, or a driver does"
_STALLED = "no sound arrived for 1 s: the microphone was unplugged, or the sound server hangs"


class CaptureKeeper:
    """Messages of capture processes, one after the other.

    Args:
        wish: what the first process shall do; those after it insist.
        told: tell the first process to open its device at once.
    """

    def __init__(self, wish: Wish, told: bool) -> None:
        self._wish = wish
        self._told = told
        self._arrived: deque[Message] = deque()
        self._pause_ns = FIRST_PAUSE_NS
        self._process: subprocess.Popen[bytes] | None = None
        self._stops = WakePipe()  # Never drained: woken once is woken for good.
        self._poll = select.poll()
        self._poll.register(self._stops.fileno(), select.POLLIN)
        self._fresh = True
        self._start(wish)

    def tell(self) -> None:
        """Let the device be opened now."""
        self._told = True
        if self._process is not None and self._process.stdin is not None:
            # If it has ended, its last words or its status say why.
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(b"g")

    def receive(self, until_ns: int) -> Message | None:
        """Return the next message, or None when the monotonic time is ``until_ns`` or ``wake`` was called.

        An end of the process is a ``Problem`` too, and so is one that cannot be started; the next process is
        started after a pause.
        """
        while True:
            if self._arrived:
                return self._arrived.popleft()
            now_ns = time.monotonic_ns()
            if self._process is None and now_ns >= self._next_start_ns:
                self._start(Wish(**{**asdict(self._wish), "insist": True}))
                continue
            limit_ns = self._next_start_ns if self._process is None else self._give_up_ns
            ready = self._wait(min(until_ns, limit_ns) - now_ns)
            if self._stops.fileno() in ready:
                return None
            if ready:
                self._read()
            elif self._process is not None and time.monotonic_ns() >= self._give_up_ns:
                self._arrived.append(Problem(self._end(_HANGS if self._fresh else _STALLED)))
            elif time.monotonic_ns() >= until_ns:
                return None

    def wake(self) -> None:
        """Make ``receive`` return None from now on. Any thread and any signal handler may call it."""
        self._stops.wake()

    def close(self) -> None:
        """End the process. Only the thread that receives, or one that knows nobody does, may call it."""
        self._end("closed")
        self._stops.close()

    def _start(self, wish: Wish) -> None:
        try:
            self._process = subprocess.Popen(
                own_python("mandible.device.audio.capture_process", json.dumps(asdict(wish))),
                env=own_environment(),
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # The end of the program ends it, not Ctrl-C: what was heard until then is still wanted.
                start_new_session=True,
                pipesize=PIPE_BYTES,
            )
        except OSError as error:  # No memory, no process, no file descriptor left: for now.
            why = error.strerror or str(error)
            self._arrived.append(Problem(self._end(f"the capture process cannot be started: {why}")))
            return
        self._decoder = Decoder()
        self._fresh = True
        self._give_up_ns = time.monotonic_ns() + OPENING_NS
        assert self._process.stdout is not None
        self._poll.register(self._process.stdout.fileno(), select.POLLIN)
        if self._told:
            self.tell()

    def _wait(self, wait_ns: int) -> set[int]:
        # poll() counts in ms; a wait rounded down would spin through the last one.
        wait_ms = max(0, -(-wait_ns // 1_000_000))
        return {fd for fd, _ in self._poll.poll(wait_ms)}

    def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        raw = os.read(self._process.stdout.fileno(), READ_BYTES)
        try:
            self._arrived.extend(self._decoder.push(raw))
        except BrokenMessageError as error:
            self._arrived.append(Problem(self._end(f"the capture process is confused ({error})")))
            return
        if not raw:
            why = self._end(None)
            if why:
                self._arrived.append(Problem(why))
            return
        now_ns = time.monotonic_ns()
        if self._arrived and isinstance(self._arrived[-1], Block):
            self._fresh = False
            self._pause_ns = FIRST_PAUSE_NS
            self._give_up_ns = now_ns + STALL_NS
        else:
            self._give_up_ns = now_ns + OPENING_NS

    def _end(self, why: str | None) -> str:
        """Kill the process and plan the next one; return ``why``, or else what its status says."""
        process, self._process = self._process, None
        self._next_start_ns = time.monotonic_ns() + self._pause_ns
        self._pause_ns = min(2 * self._pause_ns, LONGEST_PAUSE_NS)
        if process is None:
            return why or ""
        status = process.poll()
        process.kill()
        assert process.stdout is not None
        assert process.stdin is not None
        self._poll.unregister(process.stdout.fileno())
        process.stdout.close()
        process.stdin.close()
        # Where the kernel holds it in a driver, subprocess collects it some time later.
        with contextlib.suppress(subprocess.TimeoutExpired):
            status = process.wait(END_LIMIT_S) if status is None else status
        if why is not None or not status:
            return why or ""
        name = signal.strsignal(-status) if status < 0 else f"status {status}"
        return f"the sound libraries ended their process ({name})"
