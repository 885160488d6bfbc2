"""Full disks, odd targets, and files that must survive."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mandible.device.sinks.atomic_file import AtomicFile, open_output
from mandible.device.sinks.formats import FORMAT_IDS, open_track
from mandible.errors import InputError
from tests.sinks.decoded import DELAY_MS, small_track


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file that is already there."""
    path = tmp_path / "track.csv"
    path.write_text("old")
    return path


def only(path: Path) -> bool:
    """Whether nothing else lies beside it."""
    return list(path.parent.iterdir()) == [path]


def test_commit_replaces_and_keeps_the_permissions(old: Path) -> None:
    old.chmod(0o640)
    output = AtomicFile(old)
    output.write(b"new")
    assert old.read_text() == "old"
    output.commit()
    output.abort()
    assert old.read_text() == "new"
    assert old.stat().st_mode & 0o777 == 0o640
    assert only(old)


def test_a_link_keeps_pointing_where_it_pointed(old: Path) -> None:
    link = old.with_name("link.csv")
    link.symlink_to(old)
    output = AtomicFile(link)
    output.write(b"new")
    output.commit()
    assert link.is_symlink()
    assert old.read_text() == "new"


def test_a_named_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    # Stands for every target that is no regular file; to replace a real device would hurt the machine.
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    output = AtomicFile(pipe)
    output.write(b"passed on")
    output.commit()
    assert os.read(reader, 100) == b"passed on"
    os.close(reader)
    assert pipe.is_fifo()
    assert only(pipe)


def test_a_long_name_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / ("ü" * 120 + ".csv")
    output = AtomicFile(path)
    (temporary,) = tmp_path.iterdir()
    assert temporary.name.startswith(".üüü")
    output.commit()
    assert only(path)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
@pytest.mark.parametrize("moment", ["write", "flush", "fsync", "replace"])
def test_an_error_at_any_moment_leaves_the_old_file_alone(
    old: Path, monkeypatch: pytest.MonkeyPatch, code: int, moment: str
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(code, os.strerror(code))

    output = AtomicFile(old)
    if moment == "fsync":
        monkeypatch.setattr(os, "fsync", refuse)
    elif moment == "replace":
        monkeypatch.setattr(Path, "replace", refuse)
    else:
        output._file = RefusingFile(output._file, moment, refuse)  # type: ignore[assignment]

    def write_it_all() -> None:
        output.write(b"new")
        output.commit()

    with pytest.raises(InputError, match="the old file is unchanged") as caught:
        write_it_all()
    assert str(caught.value).startswith(f"{old}: cannot be written: ")
    assert "\n" not in str(caught.value)
    assert old.read_text() == "old"
    assert only(old)


class RefusingFile:
    """A file one of whose methods fails."""

    def __init__(self, file: Any, method: str, refuse: Any) -> None:
        self._file = file
        setattr(self, method, refuse)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


LIMITED = """
import resource, sys
from mandible.device.sinks.formats import open_track
from mandible.errors import MandibleError
from tests.sinks.decoded import decoded
from mandible.models.visemes import Viseme
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    track = open_track(sys.argv[1], sys.argv[2], delay_ms=47.5, header={})
    for index in range(20_000):
        track.write(decoded(index, Viseme(index % 15)))
    track.close(200.0)
except MandibleError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)
"""


@pytest.mark.parametrize("format_id", FORMAT_IDS)
def test_a_real_limit_of_the_system(old: Path, format_id: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", LIMITED, str(old), format_id], capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == [
        f"{old}: cannot be written: file too large; the old file is unchanged: "
        "write elsewhere or raise the file size limit"
    ]
    assert old.read_text() == "old"
    assert only(old)


@pytest.mark.parametrize("format_id", FORMAT_IDS)
def test_standard_output_that_is_full(format_id: str) -> None:
    script = (
        "import sys\n"
        "from mandible.device.sinks.formats import open_track\n"
        "from mandible.errors import MandibleError\n"
        "from tests.sinks.decoded import small_track\n"
        "try:\n"
        "    track = open_track(sys.argv[1], sys.argv[2], delay_ms=47.5, header={})\n"
        "    for frame in small_track(): track.write(frame)\n"
        "    track.close(0.2)\n"
        "except MandibleError as error: print(error, file=sys.stderr); sys.exit(error.exit_code)\n"
    )
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-c", script, "-", format_id],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert "no space left on device" in line
    assert "free some space" in line


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "is a directory"),
        ("no/such/track.csv", "create the folder first"),
        ("old/track.csv", "create the folder"),
    ],
)
def test_places_where_no_file_can_be(tmp_path: Path, name: str, told: str) -> None:
    (tmp_path / "old").write_text("a file, not a folder")
    with pytest.raises(InputError, match=told):
        open_output(tmp_path / name)
    assert (tmp_path / "old").read_text() == "a file, not a folder"


def test_a_gone_reader_is_not_an_error_of_ours() -> None:
    script = (
        "import sys\n"
        "from mandible.device.sinks.atomic_file import open_output\n"
        "output = open_output('-')\n"
        "sys.stdin.read()\n"
        "try: output.write(b'anyone there?')\n"
        "except BrokenPipeError: sys.exit(42)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.close()
    process.stdin.close()
    assert process.wait(30) == 42


def test_an_unwritten_track_leaves_no_trace(tmp_path: Path) -> None:
    track = open_track(tmp_path / "a.csv", delay_ms=DELAY_MS, header={})
    track.write(small_track()[0])
    track.abort()
    track.abort()
    assert list(tmp_path.iterdir()) == []
