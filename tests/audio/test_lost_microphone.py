"""A microphone that is lost is silence until it is found again, whatever the sound libraries do meanwhile.

Everything is real but PortAudio itself, for which a stand-in is put into the capture process: no unplugging,
and no library that hangs or aborts, can be had here on demand. ``tests/faults`` has a real sound server
killed.
"""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from typing import Any

import pytest

from mandible.device.audio import capture_keeper
from mandible.device.audio.microphone import MicrophoneSource
from mandible.errors import DeviceError
from tests.audio.stand_in_sound import (
    StandInSound,
    StandInStream,
    block,
    capturing,
    until,
    until_silent,
)

CAM = [{"name": "cam"}]


def test_a_lost_microphone_is_silence_until_it_is_back_under_its_name(sound: StandInSound) -> None:
    sound.plug(CAM)
    with MicrophoneSource("cam") as source:
        frames, device = capturing(source, sound)
        device.deliver(block(5))
        seen = until(frames, 5)
        sound.plug([])
        device.unplug()
        seen += until_silent(source, frames, "no microphone found")
        # Another number in the list, another rate: it is the name that counts.
        sound.plug([{"name": "new"}, {"name": "cam", "default_rate_hz": 48_000, "takes": [(48_000, 1)]}])
        waiting = threading.Event()
        devices: list[StandInStream] = []

        def return_to_the_device() -> None:
            devices.append(sound.opened())
            while not waiting.wait(0.01):
                devices[0].deliver(block(9, 480))

        giving = threading.Thread(target=return_to_the_device)
        giving.start()
        seen += until(frames, 9)
        waiting.set()
        giving.join()
        assert devices[0].settings["rate"] == 48_000
        assert source.state == "listening"
        assert source.reconnects == 1
        assert source.header["sample_rate_hz"] == 48_000
    assert [frame.index for frame in seen] == list(range(len(seen)))
    stamps_ns = [frame.captured_ns for frame in seen]
    assert stamps_ns == sorted(stamps_ns)
    assert stamps_ns[-1] - stamps_ns[0] == pytest.approx((len(seen) - 1) * 10_000_000, abs=60_000_000)


@pytest.mark.parametrize(
    ("how", "told"), [(signal.SIGKILL, "no microphone found"), (signal.SIGSTOP, "no sound arrived for 1 s")]
)
def test_a_capture_process_that_dies_or_hangs_is_replaced(
    sound: StandInSound, how: signal.Signals, told: str
) -> None:
    sound.plug(CAM)
    with MicrophoneSource("cam") as source:
        frames, device = capturing(source, sound)
        device.deliver(block(5))
        until(frames, 5)
        sound.plug([])
        os.kill(device.settings["pid"], how)
        until_silent(source, frames, told)
        sound.plug(CAM)
        back: list[StandInStream] = []
        opening = threading.Thread(target=lambda: back.append(sound.opened()))
        opening.start()
        while opening.is_alive():
            assert not next(frames).pcm.any()
        opening.join()
        device.wait_for_end()
        back[0].deliver(block(6))
        until(frames, 6)
        assert source.reconnects == 1


def no_process(*_: object, **__: object) -> Any:
    raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))


def test_a_computer_without_room_for_a_process_is_tried_again(
    sound: StandInSound, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound.plug(CAM)
    with MicrophoneSource("cam") as source:
        frames, device = capturing(source, sound)
        device.deliver(block(5))
        until(frames, 5)
        with monkeypatch.context() as full:
            full.setattr(capture_keeper.subprocess, "Popen", no_process)
            os.kill(device.settings["pid"], signal.SIGKILL)
            said = "the capture process cannot be started: Resource temporarily unavailable"
            until_silent(source, frames, said)
            assert not any(next(frames).pcm.any() for _ in range(30))
        back: list[StandInStream] = []
        opening = threading.Thread(target=lambda: back.append(sound.opened()))
        opening.start()
        while opening.is_alive():
            next(frames)
        back[0].deliver(block(6))
        until(frames, 6)
        assert source.state == "listening"


def test_a_computer_without_room_for_the_first_process_says_so(
    sound: StandInSound, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound.plug(CAM)
    monkeypatch.setattr(capture_keeper.subprocess, "Popen", no_process)
    with pytest.raises(DeviceError, match="the capture process cannot be started: Resource temporarily"):
        MicrophoneSource("cam")


@pytest.mark.parametrize("trouble", ["hang at the start", "hang while opening"])
def test_libraries_that_hang_are_given_up(
    sound: StandInSound, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    monkeypatch.setattr(capture_keeper, "OPENING_NS", 1_500_000_000)
    sound.plug(CAM, trouble=trouble)
    with pytest.raises(DeviceError, match="does not answer"), MicrophoneSource("cam") as source:
        source.start()


def test_libraries_that_abort_end_their_own_process_only(sound: StandInSound) -> None:
    sound.plug(CAM, trouble="abort")
    with pytest.raises(DeviceError, match="the sound libraries ended their process \\(Aborted\\)"):
        MicrophoneSource("cam")


def test_libraries_that_print_do_not_disturb(sound: StandInSound) -> None:
    sound.plug(CAM, trouble="print")
    with MicrophoneSource("cam") as source:
        frames, device = capturing(source, sound)
        device.deliver(block(3))
        assert next(frames).pcm[0] == 3


def test_a_patient_source_waits_for_its_device(sound: StandInSound) -> None:
    with MicrophoneSource("cam", patient=True) as source:
        frames = iter(source)
        seen = until_silent(source, frames, "no microphone found")
        sound.plug(CAM)
        opened: list[StandInStream] = []
        opening = threading.Thread(target=lambda: opened.append(sound.opened()))
        opening.start()
        while opening.is_alive():
            seen.append(next(frames))
        opening.join()
        opened[0].deliver(block(6))
        seen += until(frames, 6)
        assert source.header["source"] == "mic:cam"
        assert source.reconnects == 0
    assert [frame.index for frame in seen] == list(range(len(seen)))


def test_the_capture_process_ends_with_its_owner(sound: StandInSound) -> None:
    sound.plug(CAM)
    script = (
        "import sys; sys.path[:] = sys.argv[1].split(chr(10))\n"
        "from mandible.device.audio.microphone import MicrophoneSource\n"
        "for _ in MicrophoneSource('cam'): pass\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, "\n".join(sys.path)]) as owner:
        device = sound.opened()
        owner.kill()
        device.wait_for_end()


def test_the_capture_process_does_without_numpy() -> None:
    asked = "import sys, mandible.device.audio.capture_process; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], timeout=60).returncode == 0
