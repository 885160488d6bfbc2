"""The sound server dies or hangs under a live microphone: silence in real time, then the voice again."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mandible.device.audio import WavWriter, open_source
from mandible.device.audio.microphone import MicrophoneSource
from mandible.device.frames import HOP_NS, HOP_SAMPLES, Frame
from tests.cli.command import COMMAND, SAMPLE
from tests.virtual.microphone.pulse import VirtualMicrophone

BACK_WITHIN_S = 2.0
SILENCE_WITHIN_S = 0.3
# What a busy computer may add to either.
SLACK_S = 1.0
LIMIT_S = 60
HOPS_OFF = 6
SPEECH_SAMPLES, SILENT_SAMPLES = 2 * 16_000, 2 * 16_000


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[VirtualMicrophone]:
    """The virtual sound card, used from this very process."""
    folder = tmp_path / "card"
    folder.mkdir()
    with VirtualMicrophone(folder) as card:
        for name, value in card.environment.items():
            monkeypatch.setenv(name, value)
        yield card


@pytest.fixture
def hum(tmp_path: Path) -> Path:
    """Two seconds in which no sample is zero."""
    path = tmp_path / "hum.wav"
    with WavWriter(path) as writer:
        writer.write(np.resize(np.array([900, 1000, -900, -1000], np.int16), 32_000))
    return path


class Listener:
    """Listens in a thread, keeping each frame with the source's state and the time of its arrival."""

    def __init__(self, source: MicrophoneSource) -> None:
        self._source = source
        self._changed = threading.Condition()
        self.heard: list[tuple[Frame, str, float]] = []
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        for frame in self._source:
            with self._changed:
                self.heard.append((frame, self._source.state, time.monotonic()))
                self._changed.notify_all()

    def wait_for(self, loud: bool, state: str, since_s: float) -> float:
        """Wait for a frame after ``since_s`` that is or is not silent in this state; return its arrival."""
        seen = 0

        def found() -> float | None:
            nonlocal seen
            while seen < len(self.heard):
                frame, said, arrived_s = self.heard[seen]
                seen += 1
                if arrived_s > since_s and bool(frame.pcm.any()) == loud and said.startswith(state):
                    return arrived_s
            return None

        with self._changed:
            arrived_s = self._changed.wait_for(found, LIMIT_S)
        assert arrived_s is not None, self._source.state
        return arrived_s

    def close(self) -> list[Frame]:
        """End listening; return the frames."""
        self._source.close()
        self._thread.join(LIMIT_S)
        assert not self._thread.is_alive()
        return [frame for frame, _, _ in self.heard]


@pytest.mark.parametrize("fault", ["killed", "hanging"])
def test_a_lost_sound_server_is_silence_and_its_return_is_heard(
    card: VirtualMicrophone, hum: Path, fault: str
) -> None:
    source = MicrophoneSource(card.name)
    listener = Listener(source)
    try:
        card.play(hum)
        listener.wait_for(loud=True, state="listening", since_s=0)
        lost_s = time.monotonic()
        (card.kill if fault == "killed" else card.stop)()
        silent_s = listener.wait_for(loud=False, state="silent: ", since_s=lost_s)
        assert silent_s - lost_s < SILENCE_WITHIN_S + SLACK_S
        # Away for two seconds of frames, which go on in real time.
        away = len(listener.heard)
        listener.wait_for(loud=False, state="silent: ", since_s=silent_s + 2)
        assert len(listener.heard) - away == pytest.approx(200, abs=30)
        (card.restart if fault == "killed" else card.go_on)()
        returned_s = time.monotonic()
        back_s = listener.wait_for(loud=False, state="listening", since_s=returned_s)
        assert back_s - returned_s < BACK_WITHIN_S + SLACK_S
        card.play(hum)
        listener.wait_for(loud=True, state="listening", since_s=returned_s)
        assert source.reconnects == 1
    finally:
        frames = listener.close()
    assert [frame.index for frame in frames] == list(range(len(frames)))
    stamps_ns = np.array([frame.captured_ns for frame in frames])
    assert (np.diff(stamps_ns) >= 0).all()
    ahead_hops = np.arange(len(frames)) - (stamps_ns - stamps_ns[0]) / HOP_NS
    assert np.abs(ahead_hops).max() <= HOPS_OFF


def test_a_run_goes_on_and_hears_the_voice_again(card: VirtualMicrophone, tmp_path: Path) -> None:
    with open_source(str(SAMPLE)) as sample:
        speech = np.concatenate([frame.pcm for frame in sample])[:SPEECH_SAMPLES]
    clip, track = tmp_path / "clip.wav", tmp_path / "track.jsonl"
    with WavWriter(clip) as writer:
        # A microphone that is back within two seconds misses none of the speech.
        writer.write(np.concatenate([np.zeros(SILENT_SAMPLES, np.int16), speech, np.zeros(8_000, np.int16)]))
    words = ["run", "--source", f"mic:{card.name}", "-o", str(track), "--record", str(tmp_path / "heard.wav")]
    running = subprocess.Popen([*COMMAND, *words], env=card.environment, stderr=subprocess.PIPE)
    try:
        wait_until_it_grows(tmp_path, running)
        card.play(clip)
        card.kill()
        card.restart()
        card.play(clip)
        running.send_signal(signal.SIGINT)
        _, complaints = running.communicate(timeout=LIMIT_S)
    finally:
        running.kill()
        running.wait()
    assert running.returncode == 0, complaints.decode()
    entries = [json.loads(line) for line in track.read_text().splitlines()][1:]
    times_s = np.array([entry["time_s"] for entry in entries])
    np.testing.assert_allclose(np.diff(times_s[1:]), 0.01, atol=1e-6)
    spoken_s = times_s[[entry["viseme"] != "sil" for entry in entries]]
    first, again = np.split(spoken_s, np.flatnonzero(np.diff(spoken_s) > SILENT_SAMPLES / 16_000) + 1)
    assert len(first) > SPEECH_SAMPLES / HOP_SAMPLES / 2
    assert len(again) == pytest.approx(len(first), rel=0.15)


def wait_until_it_grows(folder: Path, running: subprocess.Popen[bytes]) -> None:
    """Return once the run's recording holds sound."""
    deadline_s = time.monotonic() + LIMIT_S
    while not any(path.stat().st_size > 20_000 for path in folder.glob(".heard*")):
        assert running.poll() is None, "the run ended"
        assert time.monotonic() < deadline_s, "the recording does not grow"
        time.sleep(0.02)
