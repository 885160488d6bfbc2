"""``monitor:``: what this machine plays, such as the voice of a speech synthesiser."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
import time

import numpy as np

from mandible.device.audio.live_stream import LiveStream
from mandible.device.audio.playout import Playout
from mandible.device.audio.sound_server import (
    INSTALL_PACTL,
    Sink,
    choose_sink,
    default_sink_name,
    list_sinks,
    sinks_played_to,
)
from mandible.device.audio.source import LISTENING
from mandible.device.frames import HOP_MS, HOP_SAMPLES, SAMPLE_RATE_HZ
from mandible.errors import DeviceError

HOP_BYTES = 2 * HOP_SAMPLES
# The server hands sound over in lumps of about this length.
LATENCY_MS = 20
QUEUE_HOPS = 2000 // HOP_MS
POLL_S = 0.2
# A loudspeaker of ours can be moved into the sink we listen to at any time; it is looked for this often.
LOOK_S = 3.0
END_S = 2.0
FIRST_S = 2.0
QUIET_S = 1.0


class MonitorSource(LiveStream):
    """Listens to a sink's monitor through ``parec``, at 16 kHz mono; the server does the converting.

    A sink that is not there any more, or a server that restarts, gives silence until it is back.

    Raises:
        DeviceError: no ``pactl`` or ``parec``, no sound server, or no such sink (unless ``patient``).
    """

    def __init__(self, name: str | None = None, patient: bool = False) -> None:
        super().__init__(Playout(QUEUE_HOPS))
        self._name = name
        self._process: subprocess.Popen[bytes] | None = None
        self._speaks_itself = self._hears_itself = False
        self._listened: Sink | None = None
        self.description = "what the machine plays" if name is None else f"what is played to {name}"
        self.header = {
            "source": "monitor:" if name is None else f"monitor:{name}",
            "sample_rate_hz": SAMPLE_RATE_HZ,
            "channels": 1,
            "sample_format": "int16",
            "conditioning": [],
        }
        try:
            self._sink()
        except DeviceError as error:
            self.state = f"silent: {error}"
            if not patient:
                raise
        self._start("monitor")
        if not patient:
            # What is played from now on is heard. A sink that is asleep gives nothing yet, which is no error.
            self._first_connection.wait(FIRST_S)

    def avoid_own_playback(self) -> None:
        """From now on, go silent whenever this program itself plays into the sink that is listened to.

        Call it once a loudspeaker of ours is open.

        Raises:
            DeviceError: it does already, with the way out.
        """
        if not self._speaks_itself:
            self._speaks_itself = True
            threading.Thread(target=self._watch, name="monitor watch", daemon=True).start()
        try:
            sink = self._sink()
        except DeviceError:
            return  # It is not there now; every session looks for itself.
        self._refuse_own_playback(sink)

    def _sink(self) -> Sink:
        return choose_sink(list_sinks(), self._name, default_sink_name())

    def _refuse_own_playback(self, sink: Sink) -> None:
        if sink.number in sinks_played_to(os.getpid()):
            raise _hears_itself(sink)

    def _watch(self) -> None:
        """Look where our own loudspeaker plays; asking may take long, so the listening thread never does."""
        while not self._stopping.wait(LOOK_S):
            sink = self._listened
            if sink is not None:
                # A server that does not answer is noticed by the one who listens.
                with contextlib.suppress(DeviceError):
                    self._hears_itself = sink.number in sinks_played_to(os.getpid())

    def _session(self) -> None:
        sink = self._sink()
        if self._speaks_itself:
            self._refuse_own_playback(sink)
        self._hears_itself, self._listened = False, sink
        try:
            process = subprocess.Popen(
                [
                    "parec",
                    *("--device", sink.monitor, "--format=s16le", f"--rate={SAMPLE_RATE_HZ}", "--channels=1"),
                    *("--raw", f"--latency-msec={LATENCY_MS}", "--client-name=mandible"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except FileNotFoundError:
            raise DeviceError(f"monitor: needs parec, which is not installed: {INSTALL_PACTL}") from None
        self._process = process
        try:
            self._listen(process, sink)
        finally:
            self._listened = None
            self._hang_up()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(END_S)
            if process.poll() is None:
                process.kill()
                process.wait()
            assert process.stdout is not None
            process.stdout.close()

    def _listen(self, process: subprocess.Popen[bytes], sink: Sink) -> None:
        assert process.stdout is not None
        pipe, waiting, heard = process.stdout.fileno(), b"", False
        came_s = time.monotonic()
        while not self._stopping.is_set():
            if self._hears_itself:
                raise _hears_itself(sink)
            if not select.select([pipe], [], [], POLL_S)[0]:
                if time.monotonic() - came_s > QUIET_S:
                    self.state = f"silent: nothing comes from {sink.name}; it is asleep, or the server hangs"
                continue
            came_s = time.monotonic()
            data = os.read(pipe, 100 * HOP_BYTES)
            if not data:
                raise DeviceError(f"the sound server ended the recording of {sink.name}")
            if not heard:
                self._connected()
                heard = True
            self.state = LISTENING
            waiting += data
            whole = len(waiting) // HOP_BYTES * HOP_BYTES
            for hop in np.frombuffer(waiting[:whole], "<i2").astype(np.int16).reshape(-1, HOP_SAMPLES):
                self._playout.put(hop)
            waiting = waiting[whole:]

    def _hang_up(self) -> None:
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)


def _hears_itself(sink: Sink) -> DeviceError:
    return DeviceError(
        f"monitor:{sink.name}: the loudspeaker plays into the sink that is listened to, and the mouth would "
        "hear itself: let the voice play to a null sink and listen to that one "
        "(pactl load-module module-null-sink sink_name=voice; --source monitor:voice)"
    )
