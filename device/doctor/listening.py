"""Lists the inputs and listens to each for a moment: ``python -m`` this, in a process of its own.

PortAudio may wait for ever on a sound server that hangs, or abort its process over a broken configuration.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from mandible.device.audio.portaudio import (
    Microphone,
    capture_settings,
    list_microphones,
    open_portaudio,
    silent_libraries,
)
from mandible.device.doctor.child import run_child
from mandible.errors import DeviceError

RATE_HZ = 16_000
DEFAULT_S, OTHERS_S = 0.5, 0.2
# A device that starts slowly gets this much longer until it is called dumb.
PATIENCE_S = 0.5
# No more inputs are listened to after this.
ENOUGH_S = 1.6
BYTES_PER_SAMPLE = 2


def tell(quick: bool) -> Iterator[dict[str, Any]]:
    """Yield ``{"inputs"}``, then ``{"input", ...}`` for each listened to, the default one first."""
    try:
        pyaudio, audio = open_portaudio()
    except DeviceError as error:
        yield {"problem": str(error)}
        return
    with silent_libraries():
        found = list_microphones(audio)
    yield {"inputs": [{"name": m.name, "default": m.is_default} for m in found]}
    if quick:
        return
    listened: set[str] = set()
    began_s = time.monotonic()
    for microphone in sorted(found, key=lambda m: not m.is_default):
        if microphone.name in listened or (listened and time.monotonic() - began_s > ENOUGH_S):
            continue
        listened.add(microphone.name)
        about = {"input": microphone.name, "default": microphone.is_default}
        try:
            raw, channels = _listen(pyaudio, audio, microphone)
        except (DeviceError, OSError, ValueError) as error:
            yield {**about, "problem": str(error)}
        else:
            yield {**about, **_loudness(raw, channels)}


def _listen(pyaudio: Any, audio: Any, microphone: Microphone) -> tuple[bytes, int]:
    """Return what an input gives within half a second, and its channel count."""
    wanted_s = DEFAULT_S if microphone.is_default else OTHERS_S
    blocks: list[bytes] = []
    enough = threading.Event()
    with silent_libraries():
        rate_hz, channels = capture_settings(pyaudio, audio, microphone, RATE_HZ)
        wanted_blocks = round(wanted_s * 100)

        def on_block(raw: bytes, _count: int, _times: object, _status: int) -> tuple[None, int]:
            blocks.append(raw)
            if len(blocks) >= wanted_blocks:
                enough.set()
            return None, pyaudio.paContinue

        stream = audio.open(
            format=pyaudio.paInt16,
            channels=channels,
            rate=rate_hz,
            input=True,
            input_device_index=microphone.index,
            frames_per_buffer=rate_hz // 100,
            stream_callback=on_block,
        )
        enough.wait(wanted_s + PATIENCE_S)
        stream.close()
    return b"".join(blocks), channels


def _loudness(raw: bytes, channels: int) -> dict[str, Any]:
    """Peak and root mean square of int16 samples in their own units, and the share that hit the ends."""
    import numpy as np

    samples = np.frombuffer(raw[: len(raw) // BYTES_PER_SAMPLE * BYTES_PER_SAMPLE], "<i2").astype(np.float64)
    if not len(samples):
        return {"samples": 0}
    return {
        "samples": len(samples) // channels,
        "peak": int(np.max(np.abs(samples))),
        "rms": float(np.sqrt(np.mean(np.square(samples - np.mean(samples))))),
        "clipped": float(np.mean((samples >= 32767) | (samples <= -32768))),
    }


if __name__ == "__main__":
    run_child(lambda: tell("--quick" in sys.argv[1:]))
