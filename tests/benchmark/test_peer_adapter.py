"""What a rival's process holds, leaves behind and prints; adapters of the tests' own, in real processes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mandible.benchmarks.peers.adapter import heard
from mandible.benchmarks.peers.catalogue import Peer
from mandible.benchmarks.speech import sample
from mandible.errors import DeviceError

SHORT = replace(sample().recordings[0], pcm=sample().recordings[0].pcm[:16_000])
QUIET = {
    "it.py": "def start(folder, options): pass\ndef prepare(pcm): return pcm\ndef hear(pcm): return pcm\n"
    "def rows(heard, seconds): return []\n",
    "it.mjs": "export const start = () => {}, prepare = (p) => p, hear = (p) => p, rows = () => [];\n",
}


def a_peer(folder: Path, name: str, source: str) -> Peer:
    path = folder / name
    path.write_text(source, encoding="utf-8")
    return Peer("it", "It", "1", "none", str(path), "oculus", True, 100, "MIT", "")


@pytest.mark.parametrize("name", sorted(QUIET))
def test_its_memory_is_its_own_and_not_that_of_who_started_it(name: str, tmp_path: Path) -> None:
    """Linux carries the most that a process held over into the program it becomes."""
    ours = np.ones(50_000_000)
    found = heard(a_peer(tmp_path, name, QUIET[name]), tmp_path, (SHORT,), tmp_path)
    assert 3 < found.peak_rss_mb < ours.nbytes / 1e6 / 2


def test_memory_of_a_program_that_it_starts_counts(tmp_path: Path) -> None:
    program = "import subprocess, sys\ndef hear(pcm):\n"
    program += " subprocess.run([sys.executable, '-I', '-c', 'bytearray(200 << 20)'], check=True)\n"
    found = heard(a_peer(tmp_path, "it.py", QUIET["it.py"] + program), tmp_path, (SHORT,), tmp_path)
    assert 200 < found.peak_rss_mb < 300


@pytest.mark.parametrize("end", ["pass", "os.kill(os.getpid(), 9)"])
def test_its_temporary_files_are_removed_however_it_ends(end: str, tmp_path: Path) -> None:
    note, scratch = tmp_path / "note", tmp_path / "scratch"
    scratch.mkdir()
    start = "import os, pathlib, tempfile\ndef start(folder, options):\n"
    start += f" pathlib.Path({str(note)!r}).write_text(tempfile.mkdtemp()); {end}\n"
    one = a_peer(tmp_path, "it.py", QUIET["it.py"] + start)
    if end == "pass":
        heard(one, tmp_path, (SHORT,), scratch)
    else:
        with pytest.raises(DeviceError, match="without a word"):
            heard(one, tmp_path, (SHORT,), scratch)
    assert Path(note.read_text(encoding="utf-8")).is_relative_to(scratch)
    assert list(scratch.iterdir()) == []


def test_node_awaits_each_function_and_throws_away_what_is_printed(tmp_path: Path) -> None:
    source = (
        "export async function start() { process.stdout.write('{'); console.log('{'); }\n"
        "export async function prepare(pcm) { return pcm; }\n"
        "export async function hear(pcm) { return pcm.length; }\n"
        "export async function emulated(pcm) { await null; globalThis.emulatedSamples = pcm.length; }\n"
        "export async function rows(heard, seconds) {\n"
        "  return [[0, heard / 16000, `heard ${globalThis.emulatedSamples}`, null]];\n}\n"
    )
    (one,) = heard(a_peer(tmp_path, "it.mjs", source), tmp_path, (SHORT,), tmp_path).recordings
    assert one.rows == ((0.0, 1.0, "heard 16000", None),)


def test_a_scratch_folder_without_room_is_one_line(tmp_path: Path) -> None:
    """A limit on the size of files stands in for a full disk: writing fails in the same place."""
    import resource
    import signal

    one = a_peer(tmp_path, "it.py", QUIET["it.py"])
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(DeviceError, match=r"^It: .* cannot be written: .*; make room there$"):
            heard(one, tmp_path, (SHORT,), tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
