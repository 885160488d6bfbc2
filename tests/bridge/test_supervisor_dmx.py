"""From a sound file to DMX levels on the network, as a person would run it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
import sacn

from mandible.firmware_bridge.link import Link
from mandible.firmware_bridge.rig import Rig
from tests.bridge.supervised import soon, supervisors, talking

_HOST = "127.0.86.1"
_URL = f"sacn://{_HOST}?universe=1&low_us=1000&high_us=2000"
_SPEECH = Path(__file__).parents[2] / "samples" / "puppet.wav"
_SKULL = Rig.load("skull")


class _Mouth:
    """A DMX receiver with a jaw at address 1."""

    def __init__(self) -> None:
        self.levels: list[int] = []
        self.events: list[str] = []
        self.changed = threading.Condition()
        self._library = sacn.sACNreceiver(bind_address=_HOST)
        self._library.register_listener("universe", self._hear, universe=1)
        self._library.register_listener("availability", self._note)
        self._library.start()

    def _hear(self, packet: sacn.DataPacket) -> None:
        self.levels.append(packet.dmxData[0])

    def _note(self, universe: int, changed: str) -> None:
        self.events.append(changed)

    def stop(self) -> None:
        self._library.stop()


@pytest.fixture
def mouth() -> Iterator[_Mouth]:
    """Yield a receiver that listens."""
    one = _Mouth()
    yield one
    one.stop()


def _level(pulse_us: int) -> int:
    return round((pulse_us - 1000) * 255 / 1000)


def _first_words(folder: Path) -> Path:
    path = folder / "words.wav"
    with wave.open(str(_SPEECH)) as whole, wave.open(str(path), "wb") as words:
        words.setparams(whole.getparams())
        words.writeframes(whole.readframes(3 * whole.getframerate()))
    return path


def _command(speech: Path) -> list[str]:
    words = ["run", "--rig", "skull", "--source", str(speech), "--port", _URL]
    return [sys.executable, "-m", "mandible.cli.main", *words]


def test_a_sound_file_moves_a_dmx_mouth_and_shuts_it(mouth: _Mouth, tmp_path: Path) -> None:
    command = _command(_first_words(tmp_path))
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    jaw = _SKULL.channels[0]
    assert len(set(mouth.levels)) > 20
    assert _level(jaw.min_us) <= min(mouth.levels)
    assert max(mouth.levels) <= _level(jaw.max_us)
    assert max(mouth.levels) > _level(jaw.min_us) + 60
    assert mouth.levels[-1] == _level(jaw.neutral_us)
    # The stream says that it ends, and nobody is left who sends.
    soon(lambda: mouth.events[-1] == "timeout", "the end")
    assert supervisors(_HOST) == []


def test_a_supervisor_that_is_killed_leaves_the_mouth_where_it_is(mouth: _Mouth) -> None:
    open_us = 1650
    with Link(_URL, _SKULL) as link:
        link.wait_ready()
        with talking(link, open_us):
            soon(lambda: mouth.levels[-1:] == [_level(open_us)], "open")
        with talking(link, open_us):
            (process,) = supervisors(_HOST)
            os.kill(process, signal.SIGKILL)
            # No word that the stream ends, and another one takes over at the same address.
            assert mouth.levels[-1] == _level(open_us)
            assert mouth.events == ["available"]
            soon(lambda: link.status().reconnects == 1 and link.status().ready, "another one")
            soon(lambda: mouth.levels[-1:] == [_level(open_us)], "open again")
    soon(lambda: mouth.levels[-1:] == [_level(_SKULL.channels[0].neutral_us)], "rest")


def test_a_service_manager_that_ends_all_processes_at_once_gets_a_shut_mouth(mouth: _Mouth) -> None:
    jaw = _SKULL.channels[0]
    with subprocess.Popen(_command(_SPEECH), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        soon(lambda: max(mouth.levels, default=0) > _level(jaw.min_us) + 60, "speech")
        (process,) = supervisors(_HOST)
        for number in (program.pid, process):
            os.kill(number, signal.SIGTERM)
        assert program.wait(15) == 0
    soon(lambda: mouth.levels[-1] == _level(jaw.neutral_us), "rest")
    soon(lambda: mouth.events[-1] == "timeout", "the end")
    assert supervisors(_HOST) == []
