"""A sound card that exists only for a test or a measurement: PulseAudio with a null sink, bit for bit.

``module-null-sink`` with ``norewinds=1`` hands what is played into it to its monitor unchanged. ALSA, and
with it PortAudio, reaches the monitor through a configuration file in a temporary folder; nothing of the
user's is read, written or started.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
import wave
from collections.abc import Iterator
from pathlib import Path

from mandible.errors import DeviceError
from mandible.wording import one_line, shortened

MICROPHONE = "vmon"
SINK = "vspk"
START_LIMIT_S = 30.0
# How often the server hands captured sound over; with this set it also keeps plenty back for a late reader.
CAPTURE_LATENCY_MS = 20
# Playing ahead by this much keeps a busy computer from leaving holes in what is played.
PLAY_LATENCY_MS = 1000
PROGRAMS = ("pulseaudio", "paplay", "pactl", "parec")
# A daemon that nobody uses ends by itself after so long: its owner may have been killed.
IDLE_S = 60
_ASK_S = 10.0
# Playing may take longer than the sound lasts by this much.
_PLAY_SLACK_S = 60.0

ALSA_CONFIGURATION = f"""\
pcm_type.pulse {{ lib "libasound_module_pcm_pulse.so" }}
pcm.{MICROPHONE} {{
    type pulse
    device "{SINK}.monitor"
    hint {{ show on description "{MICROPHONE}" }}
}}
pcm.!default {{ type pulse device "{SINK}.monitor" }}
"""
# One device that cannot exist: a computer without any sound card.
NO_DEVICE_CONFIGURATION = "pcm.nothing { type hw card 31 hint { show on description nothing } }\n"


class VirtualMicrophone:
    """A running PulseAudio daemon whose monitor is the microphone ``vmon`` (also the default one).

    Attributes:
        environment: variables for the process that captures.
        name: what to ask for in ``mic:NAME``.
    """

    name = MICROPHONE

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "pulse.sock"
        self._log = folder / "pulseaudio.log"
        configuration = folder / "asound.conf"
        configuration.write_text(ALSA_CONFIGURATION)
        self.environment = {
            **os.environ,
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            "PULSE_SERVER": f"unix:{self._socket}",
            "PULSE_COOKIE": str(folder / "cookie"),
            "PULSE_LATENCY_MSEC": str(CAPTURE_LATENCY_MS),
            "ALSA_CONFIG_PATH": str(configuration),
        }
        self._daemon = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        for program in PROGRAMS:
            if shutil.which(program) is None:
                raise DeviceError(
                    f"{program} is missing: apt install pulseaudio pulseaudio-utils libasound2-plugins"
                )
        with self._log.open("wb") as log:
            daemon = subprocess.Popen(
                [
                    "pulseaudio",
                    *(
                        "-n",
                        "--daemonize=no",
                        f"--exit-idle-time={IDLE_S}",
                        "--use-pid-file=no",
                        "--disable-shm=yes",
                    ),
                    *("--realtime=no", "--high-priority=no", "--log-target=stderr", "--log-level=warn"),
                    *("-L", f"module-native-protocol-unix socket={self._socket} auth-anonymous=1"),
                    *(
                        "-L",
                        f"module-null-sink sink_name={SINK} rate=16000 channels=1 format=s16le norewinds=1",
                    ),
                ],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        try:
            self._wait_for(daemon)
        except BaseException:  # also an interruption, which the daemon would outlive
            daemon.kill()
            daemon.wait()
            raise
        return daemon

    def _wait_for(self, daemon: subprocess.Popen[bytes]) -> None:
        """Return when it answers; raises DeviceError where it does not."""
        deadline = time.monotonic() + START_LIMIT_S
        while not self._answers():
            if daemon.poll() is not None or time.monotonic() > deadline:
                said = self._log.read_text(errors="replace").strip().splitlines()
                raise DeviceError(
                    f"pulseaudio did not start: {shortened(said[-1] if said else 'no word', 200)}"
                )

    def _answers(self) -> bool:
        try:
            asked = subprocess.run(
                ["pactl", "list", "short", "sources"],
                env=self.environment,
                capture_output=True,
                text=True,
                timeout=_ASK_S,
            )
        except subprocess.TimeoutExpired:
            return False
        return f"{SINK}.monitor" in asked.stdout

    def play(self, path: Path) -> None:
        """Play a 16 kHz mono int16 WAV file into the microphone; returns when it has been heard."""
        environment = {**self.environment, "PULSE_LATENCY_MSEC": str(PLAY_LATENCY_MS)}
        try:
            limit_s = _limit_s(path)
            subprocess.run(["paplay", "-d", SINK, str(path)], env=environment, check=True, timeout=limit_s)
        except (subprocess.SubprocessError, OSError, wave.Error) as error:
            raise DeviceError(f"{path}: paplay could not play it ({one_line(str(error))})") from error

    def kill(self) -> None:
        """End the daemon as a crash would."""
        self._daemon.kill()
        self._daemon.wait()

    def restart(self) -> None:
        """Start a fresh daemon in the place of one that was killed; returns once it answers."""
        self._daemon = self._start()

    def stop(self) -> None:
        """Make the daemon hang: it lives, and answers nobody."""
        self._daemon.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let a hanging daemon go on."""
        self._daemon.send_signal(signal.SIGCONT)

    @contextlib.contextmanager
    def playing(self, path: Path) -> Iterator[None]:
        """Play as ``play`` does while something else is done; leaving stops it."""
        environment = {**self.environment, "PULSE_LATENCY_MSEC": str(PLAY_LATENCY_MS)}
        player = subprocess.Popen(["paplay", "-d", SINK, str(path)], env=environment)
        try:
            yield
        finally:
            player.kill()
            player.wait()

    def close(self) -> None:
        """End the daemon."""
        self.go_on()
        self._daemon.terminate()
        try:
            self._daemon.wait(10)
        except subprocess.TimeoutExpired:
            self._daemon.kill()
            self._daemon.wait()

    def __enter__(self) -> VirtualMicrophone:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _limit_s(path: Path) -> float:
    with wave.open(str(path)) as file:
        return float(file.getnframes() / file.getframerate() + _PLAY_SLACK_S)
