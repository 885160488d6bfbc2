"""Adapters answer in a process of their own; whatever one says or does, this program stays whole."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mandible.benchmarks.peers import adapter
from mandible.benchmarks.peers.adapter import Pass, heard
from mandible.benchmarks.peers.catalogue import Peer
from mandible.benchmarks.speech import Recording, sample
from mandible.errors import DeviceError

SHORT = replace(sample().recordings[0], pcm=sample().recordings[0].pcm[:16_000])
GOOD: list[Any] = [[0.0, 0.5, "sil", 0.0], [0.5, 1.0, "aa", None]]
PYTHON = """
def start(folder, options): {start}
def prepare(pcm): return pcm
def hear(pcm): {hear}
def rows(found, seconds): {rows}
"""
NODE = """
export function start(folder, options) {{ {start} }}
export function prepare(pcm) {{ return pcm; }}
export function hear(pcm) {{ {hear} }}
export function rows(found, seconds) {{ {rows} }}
"""


def peer(path: Path) -> Peer:
    return Peer("it", "It", "1", "none", str(path), "oculus", True, 100, "MIT", "")


def answer(
    tmp_path: Path,
    rows: str = f"return {GOOD!r}",
    hear: str = "pass",
    start: str = "pass",
    recordings: tuple[Recording, ...] = (SHORT,),
) -> Pass:
    """Let a Python adapter hear."""
    path = tmp_path / "it.py"
    path.write_text(PYTHON.format(start=start, hear=hear, rows=rows), encoding="utf-8")
    return heard(peer(path), tmp_path, recordings, tmp_path)


def node_answer(tmp_path: Path, rows: str, hear: str = "", start: str = "") -> Pass:
    """Let a JavaScript adapter hear."""
    path = tmp_path / "it.mjs"
    path.write_text(NODE.format(start=start, hear=hear, rows=rows), encoding="utf-8")
    return heard(peer(path), tmp_path, (SHORT,), tmp_path)


def test_rows_come_back_as_said_and_end_with_the_sound(tmp_path: Path) -> None:
    late = [[0, 0.5, "sil", 0], [0.5, 1.2, "aa", 1], [1.2, 1.3, "E", 0.5]]
    found = answer(tmp_path, rows=f"return {late!r}")
    assert found.recordings[0].rows == ((0.0, 0.5, "sil", 0.0), (0.5, 1.0, "aa", 1.0))
    assert found.recordings[0].name == SHORT.name
    assert found.runtime.startswith("python 3.")
    assert 1 < found.peak_rss_mb < 1000


def test_samples_reach_both_kinds_of_adapter_unchanged(tmp_path: Path) -> None:
    total = int(SHORT.pcm.astype(int).sum())
    import_and_sum = "import array; a = array.array('h'); a.frombytes(pcm); return sum(a)"
    answer(tmp_path, hear=import_and_sum, rows=f"assert found == {total}, found; return []")
    node_answer(
        tmp_path,
        hear="return pcm.reduce((a, b) => a + b, 0);",
        rows=f"if (found !== {total}) throw new Error(String(found)); return [];",
    )


def test_every_recording_is_heard_in_order_and_the_first_once_before(tmp_path: Path) -> None:
    two = (SHORT, replace(SHORT, name="other", pcm=SHORT.pcm[:8_000]))
    log = tmp_path / "log"
    hear = f"open({str(log)!r}, 'a').write(str(len(pcm)) + ' ')"
    found = answer(tmp_path, hear=hear, rows="return [[0, seconds, 'sil', None]]", recordings=two)
    assert log.read_text(encoding="utf-8").split() == ["32000", "32000", "16000"]
    assert [one.name for one in found.recordings] == [SHORT.name, "other"]
    assert [one.rows[-1][1] for one in found.recordings] == [1.0, 0.5]


def test_what_a_rival_prints_is_no_part_of_its_answer(tmp_path: Path) -> None:
    noisy = "import os, sys; print('{'); os.write(1, b'[[['); sys.stdout.flush()"
    assert len(answer(tmp_path, hear=noisy).recordings[0].rows) == 2
    found = node_answer(
        tmp_path, hear="console.log('{'); console.error('}');", rows="return [[0, 1, 'sil', null]];"
    )
    assert found.recordings[0].rows == ((0.0, 1.0, "sil", None),)
    assert found.runtime.startswith("node v")


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([[0.5, 0.4, "sil", None]], "out of order"),
        ([[-1, 0.4, "sil", None]], "out of order"),
        ([[0, 0.4, "sil", None], [0.3, 0.5, "sil", None]], "out of order"),
        ([[0, 0.4, "sil", 1.5]], "not from 0 to 1"),
        ([[0, 0.4, "", None]], "no name"),
        ([[0, 0.4, "x" * 100, None]], "too long"),
        ([[0, 0.4, 7, None]], "no text"),
        ([[0, True, "sil", None]], "no number"),
        ([[0, "1", "sil", None]], "no number"),
        ([[0, 10**400, "sil", None]], "is no answer"),
        ([[0, 1, "sil"]], "is no answer"),
        ([7], "is no answer"),
        ({"a": 1}, "rows is no list"),
        (7, "rows is no list"),
        (None, "rows is no list"),
    ],
)
def test_rows_that_cannot_be_are_refused_in_one_line(rows: object, reason: str, tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match=f"^It: its answer is no answer .*{reason}|is no answer") as caught:
        answer(tmp_path, rows=f"return {rows!r}")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_numbers_that_are_none_are_refused(number: str, tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="is no number"):
        answer(tmp_path, rows=f"return [[0, float('{number}'), 'sil', None]]")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("[]", "is no answer"),
        ("7", "is no answer"),
        ("[" * 50_000, "is no answer"),
        ('{"recordings": []}', "0 recordings for 1"),
        ('{"recordings": [{"rows": [], "cpu_s": -1}]}', "cpu_s"),
        ('{"recordings": [{"rows": [], "cpu_s": 1e308}]}', "cpu_s"),
    ],
)
def test_an_answer_of_another_shape_is_refused(said: str, reason: str, tmp_path: Path) -> None:
    """The adapter writes past the program that serves it, and ends it."""
    path = tmp_path / "said"
    path.write_text(said, encoding="utf-8")
    start = f"""import os, glob
  # The descriptor that the answer is to be written to, whichever it is.
  pipe = os.readlink('/proc/self/fd/1')
  for number in range(3, 20):
    try: os.write(number, open({str(path)!r}, 'rb').read())
    except OSError: continue
  os._exit(0)"""
    with pytest.raises(DeviceError) as caught:
        answer(tmp_path, start="\n  " + start)
    assert reason in str(caught.value)


def test_what_it_raises_becomes_the_line(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match=r"^It: RuntimeError: no\\nway$"):
        answer(tmp_path, start="raise RuntimeError('no\\nway')")
    with pytest.raises(DeviceError, match=r"^It: no way$"):
        node_answer(tmp_path, start="throw new Error('no way');", rows="return [];")
    with pytest.raises(DeviceError, match=r"^It: later$"):
        node_answer(
            tmp_path,
            start="return new Promise(() => { setImmediate(() => { throw new Error('later'); }); });",
            rows="return [];",
        )


def test_one_that_dies_is_told(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="it ended without a word"):
        answer(tmp_path, hear="import os; os.kill(os.getpid(), 9)")


def test_an_endless_answer_is_cut_off(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="its answer is no answer"):
        answer(tmp_path, rows="return [[i / 1e6, (i + 1) / 1e6, 'sil', 0.123] for i in range(100_000)]")


def test_one_that_hangs_is_ended_with_all_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "START_LIMIT_S", 1.0)
    pid = tmp_path / "pid"
    hang = f"""
  import subprocess
  child = subprocess.Popen(["sleep", "600"])
  open({str(pid)!r}, "w").write(str(child.pid))
  child.wait()"""
    began_s = time.monotonic()
    with pytest.raises(DeviceError, match="no answer within 5 s; give it less speech"):
        answer(tmp_path, hear=hang)
    assert time.monotonic() - began_s < 30
    state = Path(f"/proc/{pid.read_text(encoding='utf-8')}/stat")
    # Gone, or dead and waiting for somebody to take note.
    assert not state.exists() or state.read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"


def test_time_of_every_thread_and_program_counts_and_the_rest_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "busy.py"
    path.write_text(
        "import hashlib, subprocess, sys, threading\n"
        'BURN = \'import hashlib; hashlib.pbkdf2_hmac("sha256", b"a", b"b", 150_000)\'\n'
        "def burn(): exec(BURN)\n"
        "def start(folder, options): burn()\n"
        "def prepare(pcm): burn()\n"
        "def hear(pcm):\n"
        "    threads = [threading.Thread(target=burn) for _ in range(2)]\n"
        "    [t.start() for t in threads]; [t.join() for t in threads]\n"
        "    subprocess.run([sys.executable, '-I', '-c', BURN], check=True)\n"
        "def emulated(pcm): burn()\n"
        "def rows(found, seconds): return []\n",
        encoding="utf-8",
    )
    found = heard(peer(path), tmp_path, (SHORT,), tmp_path)
    one = found.recordings[0]
    # As much as a single go takes on this machine at this moment; three of them count.
    once_s = (one.prepare_cpu_s + one.emulated_cpu_s) / 2
    assert 2.2 * once_s < one.cpu_s < 8 * once_s
    assert found.start_cpu_s > 3 * once_s
    assert one.wall_s > 0


def test_the_users_own_settings_do_not_reach_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_OPTIONS", "--no-such-option")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    found = node_answer(tmp_path, rows="return [[0, 1, process.env.OMP_NUM_THREADS, null]];")
    assert found.recordings[0].rows[0][2] == "1"
    answer(
        tmp_path,
        start="import os; assert os.environ['OMP_NUM_THREADS'] == '1' and 'PYTHONPATH' not in os.environ",
    )


def test_nothing_is_left_where_requests_lie(tmp_path: Path) -> None:
    answer(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} <= {"__pycache__", "it.py"}
