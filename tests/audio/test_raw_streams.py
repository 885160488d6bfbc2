"""Raw samples from standard input and from commands."""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mandible.device.audio import open_source
from mandible.device.audio.raw_stream import StandardInput
from mandible.errors import DeviceError, InputError

PCM = np.random.default_rng(3).integers(-32768, 32768, 1000).astype("<i2")


def command(script: str) -> str:
    return f"cmd:{shlex.quote(sys.executable)} -c {shlex.quote(script)}"


def heard(frames: Iterator[object]) -> np.ndarray:
    return np.concatenate([frame.pcm for frame in frames])  # type: ignore[attr-defined]


def test_standard_input_arrives_unchanged_and_filled_up() -> None:
    source = StandardInput(stream=io.BytesIO(PCM.tobytes()))
    pcm = heard(iter(source))
    assert len(pcm) == 1120
    np.testing.assert_array_equal(pcm[:1000], PCM)
    assert not pcm[1000:].any()


def test_half_a_sample_at_the_end_is_dropped() -> None:
    assert len(heard(iter(StandardInput(stream=io.BytesIO(PCM.tobytes()[:321]))))) == 160
    assert len(heard(iter(StandardInput(stream=io.BytesIO(PCM.tobytes()[:323]))))) == 320


def test_a_frame_comes_as_soon_as_its_samples_are_there() -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as stream, os.fdopen(write_end, "wb", buffering=0) as writer:
        frames = iter(StandardInput(stream=stream))
        for hop in range(3):
            writer.write(PCM[hop * 160 : (hop + 1) * 160].tobytes())
            np.testing.assert_array_equal(next(frames).pcm, PCM[hop * 160 : (hop + 1) * 160])


def test_nothing_on_standard_input_is_said() -> None:
    with pytest.raises(InputError, match="no sound arrived"):
        list(StandardInput(stream=io.BytesIO(b"")))


def test_a_wav_header_among_raw_samples_is_noticed() -> None:
    with pytest.raises(InputError, match="WAV header arrived where raw samples"):
        list(StandardInput(stream=io.BytesIO(b"RIFF" + bytes(1000))))


def test_a_terminal_is_no_sound() -> None:
    leader, follower = os.openpty()
    with os.fdopen(follower, "rb") as terminal, pytest.raises(InputError, match="is a terminal"):
        StandardInput(stream=terminal)
    os.close(leader)


def test_standard_input_of_a_real_process() -> None:
    script = (
        "import sys\n"
        "from mandible.device.audio import open_source\n"
        "with open_source('-') as source:\n"
        "    for frame in source: sys.stdout.buffer.write(frame.pcm.tobytes())\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], input=PCM.tobytes(), capture_output=True, check=True
    )
    assert ended.stdout[:2000] == PCM.tobytes()


def test_a_command_is_heard(tmp_path: Path) -> None:
    path = tmp_path / "two words.raw"
    path.write_bytes(PCM.tobytes())
    with open_source(f"cmd:cat '{path}'") as source:
        np.testing.assert_array_equal(heard(iter(source))[:1000], PCM)


def test_a_command_runs_without_a_shell() -> None:
    with open_source("cmd:printf %s $HOME;ls|wc>xy") as source:
        assert heard(iter(source)).tobytes().startswith(b"$HOME;ls|wc>xy")


def test_a_failing_command_is_reported_with_its_last_words() -> None:
    script = "import sys; sys.stderr.write('first\\nno such sound card\\n\\n'); sys.exit(7)"
    with open_source(command(script)) as source, pytest.raises(DeviceError) as caught:
        list(source)
    assert str(caught.value).endswith("ended with status 7: no such sound card")
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 3


def test_a_command_that_fails_after_some_sound_still_fails() -> None:
    script = "import sys; sys.stdout.buffer.write(bytes(640)); sys.stdout.flush(); sys.exit('lost it')"
    with open_source(command(script)) as source:
        frames = iter(source)
        assert [next(frames).index, next(frames).index] == [0, 1]
        with pytest.raises(DeviceError, match="lost it"):
            next(frames)


def test_a_command_killed_by_a_signal_is_named() -> None:
    script = "import os; os.kill(os.getpid(), 9)"
    with open_source(command(script)) as source, pytest.raises(DeviceError, match=r"signal 9 \(Killed\)"):
        list(source)


def test_a_command_that_says_much_does_not_block() -> None:
    script = "import sys; sys.stderr.write('x' * 1_000_000); sys.stdout.buffer.write(bytes(320))"
    with open_source(command(script)) as source:
        assert len(list(source)) == 1


@pytest.mark.parametrize(
    ("spec", "kind", "told"),
    [
        ("cmd:", InputError, "names no command"),
        ("cmd:cat 'x", InputError, "no closing quotation"),
        ("cmd:surely-not-installed", DeviceError, "no program 'surely-not-installed'"),
        ("cmd:/", DeviceError, "cannot be started"),
        ("cmd:true", InputError, "without giving any sound"),
    ],
)
def test_commands_that_cannot_work(spec: str, kind: type[Exception], told: str) -> None:
    with pytest.raises(kind, match=told), open_source(spec) as source:
        list(source)


@pytest.mark.parametrize("stubborn", [False, True])
def test_closing_ends_the_command_and_its_children(stubborn: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mandible.device.audio.command.EXIT_GRACE_S", 0.5)
    ignore = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)" if stubborn else ""
    # Command and child inherit a pipe; its reader sees the end only when the last of them is gone.
    read_end, write_end = os.pipe()
    os.set_inheritable(write_end, True)
    script = (
        f"{ignore}\nimport subprocess, sys\n"
        "subprocess.Popen(['sleep', '1000'], close_fds=False)\n"
        "while True: sys.stdout.buffer.write(bytes(320))"
    )
    keeper = f"cmd:{shlex.quote(sys.executable)} -c {shlex.quote(script)}"
    real_popen = subprocess.Popen
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess, "Popen", lambda *a, **k: real_popen(*a, **k, pass_fds=[write_end]))
        source = open_source(keeper)
    os.close(write_end)
    next(iter(source))
    source.close()
    source.close()
    gone = threading.Event()
    with os.fdopen(read_end, "rb") as pipe:

        def wait_for_the_end() -> None:
            pipe.read()
            gone.set()

        waiter = threading.Thread(target=wait_for_the_end)
        waiter.start()
        assert gone.wait(20)
        waiter.join()


def test_an_empty_spec_lists_the_kinds() -> None:
    with pytest.raises(InputError, match="give a WAV file, mic"):
        open_source("")
    with pytest.raises(InputError, match="names no microphone"):
        open_source("mic:")


def test_what_a_command_started_ends_with_it_even_if_the_command_went_first(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    script = f"sleep 77 >/dev/null 2>&1 & echo $! > {note}; head -c 320 /dev/zero"
    with open_source(f"cmd:sh -c {shlex.quote(script)}") as source:
        assert len(list(source)) == 1
        child = int(note.read_text())
    for _ in range(200):  # gone, or waiting for whoever inherited it to look
        status = Path(f"/proc/{child}/stat")
        if not status.exists() or status.read_text().split()[2] == "Z":
            return
        time.sleep(0.01)
    pytest.fail("the grandchild lives on")
