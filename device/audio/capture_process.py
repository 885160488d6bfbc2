"""The process that holds the microphone, so that nothing the sound libraries do can stop the mouth.

PortAudio's ALSA layer may wait for ever on a sound server that hangs (while it starts, and while it closes),
and aborts its process over some broken configurations. Here that stops only this process, which its owner
kills and starts again: ``mandible.device.audio.capture_keeper``. It imports PyAudio and nothing heavier.

Standard input: a byte says "open the device now"; its end says that the owner is gone.
Standard output: the messages of ``capture_messages``. The one argument is JSON: the fields of ``Wish``.
"""

from __future__ import annotations

import faulthandler
import json
import os
import select
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from mandible.device.audio.capture_messages import Found, Message, Problem, Started, encode
from mandible.device.audio.capture_ring import CaptureRing
from mandible.device.audio.portaudio import (
    LIST_THEM,
    Microphone,
    capture_settings,
    choose,
    list_microphones,
    open_portaudio,
)
from mandible.errors import DeviceError

OWNER_FD = 0
# Far beyond what the owner waits: this ends a process that hangs in a library while its owner has died.
LIBRARY_LIMIT_S = 60.0
# Looking for a device costs about 3 ms of computing here; the pauses grow so that a month without one is
# cheap, and stay short enough for being back within 2 s of the device's return.
PAUSES_S = (0.1, 0.25, 0.5, 1.0)
# After so many looks a fresh process goes on, whatever the libraries may have left behind in this one.
MOST_LOOKS = 300
LOOK_S = 0.1


@dataclass(frozen=True, slots=True)
class Wish:
    """What the owner asks for.

    Attributes:
        name: the device's name or a part of it; None for the default one.
        rate_hz: rate at which to open it if it can.
        blocks_per_s: how often the callback shall run.
        ring_blocks: how many blocks are kept for an owner that is busy.
        insist: keep looking until the device is there, instead of giving up.
    """

    name: str | None
    rate_hz: int
    blocks_per_s: int
    ring_blocks: int
    insist: bool


def main() -> NoReturn:
    """Look for the device, capture until it is lost or the owner is gone, and end without tidying up.

    Closing a stream is where the libraries hang; the end of the process closes everything just as well.
    """
    wish = Wish(**json.loads(sys.argv[1]))
    owner = _Owner()
    # The audio thread and this one hand the interpreter to each other; neither ever needs it for long.
    sys.setswitchinterval(0.0005)
    try:
        for look in range(MOST_LOOKS if wish.insist else 1):
            if look > 0:
                owner.pause(PAUSES_S[min(look, len(PAUSES_S)) - 1])
            try:
                _capture(wish, owner)
            except DeviceError as error:
                owner.hear(Problem(str(error)))
    except BrokenPipeError:
        pass
    except Exception as error:
        # Standard error leads nowhere: the owner is the only one who can tell.
        owner.hear(Problem(f"capturing failed: {type(error).__name__}: {error}"))
    os._exit(0)


def _capture(wish: Wish, owner: _Owner) -> None:
    """Find the device and, once told to, hand its sound over until it stops.

    Raises:
        DeviceError: it is not there, or cannot be opened.
    """
    with Path(os.devnull).open("w") as nowhere:
        # Works while a library holds the interpreter; the file must stay open until then.
        faulthandler.dump_traceback_later(LIBRARY_LIMIT_S, exit=True, file=nowhere)
        pyaudio, audio = open_portaudio()
        try:
            microphone = choose(list_microphones(audio), wish.name)
            rate_hz, channels = capture_settings(pyaudio, audio, microphone, wish.rate_hz)
            faulthandler.cancel_dump_traceback_later()
            owner.hear(Found(microphone.name, rate_hz, channels))
            owner.wait_for_word()
            faulthandler.dump_traceback_later(LIBRARY_LIMIT_S, exit=True, file=nowhere)
            ring = CaptureRing(wish.ring_blocks)
            stream = _open(pyaudio, audio, microphone, rate_hz, channels, rate_hz // wish.blocks_per_s, ring)
        except DeviceError:
            audio.terminate()  # Only a fresh start of PortAudio sees new devices.
            raise
        finally:
            faulthandler.cancel_dump_traceback_later()
    owner.hear(Started())
    _hand_over(stream, ring, owner)
    owner.hear(Problem(f"mic:{microphone.name}: the device stopped: unplugged, or the sound server ended"))
    os._exit(0)


def _open(
    pyaudio: Any,
    audio: Any,
    microphone: Microphone,
    rate_hz: int,
    channels: int,
    block_samples: int,
    ring: CaptureRing,
) -> Any:
    keep_going = (None, pyaudio.paContinue)
    overflow_flag = pyaudio.paInputOverflow
    overflows = 0

    # Runs in the audio thread: count, stamp, store.
    def on_block(raw: bytes, _count: int, _times: object, status: int) -> tuple[None, int]:
        nonlocal overflows
        if status & overflow_flag:
            overflows += 1
        ring.put(raw, time.monotonic_ns(), overflows)
        return keep_going

    try:
        return audio.open(
            format=pyaudio.paInt16,
            channels=channels,
            rate=rate_hz,
            input=True,
            input_device_index=microphone.index,
            frames_per_buffer=block_samples,
            stream_callback=on_block,
        )
    except OSError as error:
        raise DeviceError(
            f"mic:{microphone.name}: cannot be opened ({error}): another program may hold it; "
            f"close that, or choose another microphone ({LIST_THEM})"
        ) from None


def _hand_over(stream: Any, ring: CaptureRing, owner: _Owner) -> None:
    """Write blocks until the stream has ended. A busy owner makes the writing wait, never the callback."""
    while True:
        block = ring.take(LOOK_S)
        if block is not None:
            owner.hear(block)
        elif not stream.is_active():
            return
        else:
            owner.pause(0)


class _Owner:
    """The program that started this process."""

    def __init__(self) -> None:
        # A library that prints must not print into the messages.
        self._out_fd = os.dup(1)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)
        self._told = False
        self._poll = select.poll()
        self._poll.register(OWNER_FD, select.POLLIN)

    def wait_for_word(self) -> None:
        """Return once told to open the device; a word from before an attempt that failed still stands."""
        while not self._told:
            self._listen()

    def pause(self, pause_s: float) -> None:
        """Wait, at most until the owner says something or is gone."""
        if self._poll.poll(pause_s * 1000):
            self._listen()

    def hear(self, message: Message) -> None:
        """Send a message; waits while the owner is too busy to read.

        Raises:
            BrokenPipeError: the owner is gone.
        """
        waiting = memoryview(encode(message))
        while waiting:
            waiting = waiting[os.write(self._out_fd, waiting) :]

    def _listen(self) -> None:
        if not os.read(OWNER_FD, 1):
            os._exit(0)
        self._told = True


if __name__ == "__main__":
    main()
