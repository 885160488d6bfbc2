"""The virtual sound card with a second sink, ``loud``, as a loudspeaker whose sound can be recorded."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import Pcm
from tests.virtual.microphone.pulse import CAPTURE_LATENCY_MS, VirtualMicrophone

LOUD = "loud"
# So much lies with the server, so that a busy computer leaves no holes.
PLAYING_LATENCY_MS = 60
ALSA_CONFIGURATION = f"""\
pcm_type.pulse {{ lib "libasound_module_pcm_pulse.so" }}
pcm.{LOUD} {{ type pulse device "{LOUD}" hint {{ show on description "{LOUD}" }} }}
pcm.!default {{ type pulse device "{LOUD}" }}
"""


class TwoSinks(VirtualMicrophone):
    """What is played into ``vspk`` can be listened to, and ``loud`` is a loudspeaker (the default one)."""

    def __init__(self, folder: Path, rate_hz: int = 16_000, channels: int = 1) -> None:
        self._rate_hz, self._channels = rate_hz, channels
        super().__init__(folder)
        configuration = folder / "two.conf"
        configuration.write_text(ALSA_CONFIGURATION)
        self.environment["ALSA_CONFIG_PATH"] = str(configuration)
        self.environment["PULSE_LATENCY_MSEC"] = str(PLAYING_LATENCY_MS)
        self._add_loudspeaker()

    def pactl(self, *words: str) -> str:
        """Tell the server something."""
        return subprocess.run(
            ["pactl", *words], env=self.environment, check=True, capture_output=True, text=True, timeout=20
        ).stdout

    def restart(self, away_s: float = 0.0) -> None:
        """End the server by force and start it again after a while."""
        self._daemon.kill()
        self._daemon.wait()
        time.sleep(away_s)
        self._daemon = self._start()
        self._add_loudspeaker()

    def _add_loudspeaker(self) -> None:
        self.pactl(
            "load-module",
            "module-null-sink",
            *(f"sink_name={LOUD}", f"rate={self._rate_hz}", f"channels={self._channels}"),
            *("format=s16le", "norewinds=1", "sink_properties=device.description=Loudspeaker"),
        )


class Recorder:
    """Records what a sink plays, and when each sample came, until it is stopped."""

    def __init__(self, sinks: TwoSinks, sink: str = LOUD, rate_hz: int = 16_000, channels: int = 1) -> None:
        self._bytes_per_ns = 2 * channels * rate_hz / 1e9
        self._channels = channels
        self._process = subprocess.Popen(
            [
                "parec",
                *("--device", f"{sink}.monitor", "--format=s16le", f"--rate={rate_hz}"),
                *(f"--channels={channels}", "--raw", "--latency-msec=10"),
            ],
            env=sinks.environment | {"PULSE_LATENCY_MSEC": str(CAPTURE_LATENCY_MS)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self._raw = bytearray()
        self._starts_ns: list[float] = []

    def read_until(self, end_ns: int) -> None:
        """Record until a monotonic time."""
        self.read_while(lambda: time.monotonic_ns() < end_ns)

    def read_while(self, goes_on: Callable[[], bool]) -> None:
        """Record for as long as that holds."""
        assert self._process.stdout is not None
        while goes_on():
            piece = self._process.stdout.read(4096)
            assert piece, "the sound server ended the recording"
            self._raw += piece
            self._starts_ns.append(time.monotonic_ns() - len(self._raw) / self._bytes_per_ns)

    def samples(self) -> Pcm:
        """(n,) or (n, channels) int16 heard so far."""
        whole = len(self._raw) // (2 * self._channels) * 2 * self._channels
        pcm = np.frombuffer(bytes(self._raw[:whole]), "<i2").astype(np.int16)
        return pcm if self._channels == 1 else pcm.reshape(-1, self._channels)

    @property
    def start_ns(self) -> float:
        """When the first sample sounded, as far as the server's lumps let it be known."""
        late: NDArray[np.float64] = np.array(self._starts_ns)
        return float(np.median(late[len(late) // 4 :]))

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
