"""What is fetched for other programs: only what was pinned, whole or not at all, by one run at a time."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mandible.benchmarks.peers import cache, chosen
from mandible.benchmarks.peers.catalogue import Peer, known
from mandible.errors import DeviceError, InputError

HEADAUDIO = known()["headaudio"]
FETCH = (
    "from mandible.benchmarks.peers.cache import installed\n"
    "from mandible.benchmarks.peers.catalogue import known\n"
    "print(installed(known()['headaudio']))"
)
LIMIT_S = 120.0


@pytest.fixture
def peers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache; returns the folder that peers are put into."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "mandible" / "peers"


def _without_network(monkeypatch: pytest.MonkeyPatch, scratch: Path) -> None:
    nobody = "http://127.0.0.1:9/"
    monkeypatch.setenv("npm_config_registry", nobody)
    monkeypatch.setenv("npm_config_cache", str(scratch / "npm"))
    monkeypatch.setenv("PIP_INDEX_URL", nobody)
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")


def _npm_that(does: str, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program named npm before the real one, which it can call as ``$NPM``."""
    real = shutil.which("npm")
    assert real is not None
    folder = scratch / "bin"
    folder.mkdir()
    program = folder / "npm"
    program.write_text(f"#!/bin/sh\nNPM={real}\n{does}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def _said(fifo: Path) -> str:
    """Return what comes out of a fifo, once something does."""
    end = os.open(fifo, os.O_RDWR)  # not at its end before somebody writes
    try:
        assert select.select([end], [], [], LIMIT_S)[0]
        return os.read(end, 100).decode()
    finally:
        os.close(end)


def _left(peers: Path) -> list[str]:
    return sorted(path.name for path in peers.iterdir() if not path.name.endswith(".lock"))


def test_names_are_checked_and_none_means_all() -> None:
    assert chosen(()) == tuple(known())
    assert chosen(("wawa", "headaudio", "wawa")) == ("headaudio", "wawa")
    with pytest.raises(InputError, match="--peers headaudo: no such program; did you mean headaudio"):
        chosen(("headaudo",))


def test_fetched_once_and_then_kept_without_npm(peers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    folder = cache.installed(HEADAUDIO, told.append)
    assert told == [f"fetching @met4citizen/headaudio 0.1.0 with npm into {folder}"]
    assert (folder / "node_modules/@met4citizen/headaudio/dist/model-en-mixed.bin").stat().st_size > 10_000
    assert _left(peers) == [folder.name]
    # Nothing is written any more, not even a lock, so that a cache may be read-only.
    (peers / f".{folder.name}.lock").unlink()
    monkeypatch.setenv("PATH", "")
    assert cache.installed(HEADAUDIO, told.append) == folder
    assert cache.installed(known()["headaudio-fixed"], told.append) == folder
    assert len(told) == 1
    assert _left(peers) == [folder.name]
    assert list(peers.glob(".*.lock")) == []


def test_a_folder_that_lacks_something_is_fetched_anew(peers: Path) -> None:
    folder = cache.installed(HEADAUDIO)
    model = folder / "node_modules/@met4citizen/headaudio/dist/model-en-mixed.bin"
    whole = model.read_bytes()
    model.write_bytes(whole[:100])
    assert cache.installed(HEADAUDIO) == folder
    assert model.read_bytes() == whole
    (folder / cache.MANIFEST).write_text("[" * 100_000, encoding="utf-8")
    assert cache.installed(HEADAUDIO) == folder
    assert model.read_bytes() == whole


@pytest.mark.parametrize("changed", ["packages", "wheels"])
def test_a_package_with_another_hash_is_refused(changed: str, peers: Path) -> None:
    peer = known()["wlipsync"]
    ((name, pin),) = getattr(peer, changed).items()
    # The last hexadecimal digit, or a letter well inside base 64.
    other = (
        pin[:-1] + ("0" if pin[-1] != "0" else "1") if changed == "wheels" else pin[:40] + "AAAA" + pin[44:]
    )
    with pytest.raises(DeviceError, match=r"what came is not what was pinned \(its hash differs\)") as caught:
        cache.installed(replace(peer, **{changed: {name: other}}))
    assert name in str(caught.value)
    assert _left(peers) == []


@pytest.mark.parametrize("key", ["headaudio", pytest.param("pocketsphinx", marks=pytest.mark.full)])
def test_without_network_one_line_names_what_is_missing(
    key: str, peers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _without_network(monkeypatch, tmp_path)
    with pytest.raises(DeviceError, match="could not be fetched") as caught:
        cache.installed(known()[key])
    assert key in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 3
    assert _left(peers) == []


def test_without_npm_the_remedy_is_a_package(peers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(DeviceError, match="HeadAudio: needs node: sudo apt install nodejs npm"):
        cache.installed(HEADAUDIO)


def test_a_cache_that_cannot_be_written_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc")
    with pytest.raises(DeviceError, match=r"cannot be kept in /proc/mandible/peers.*XDG_CACHE_HOME"):
        cache.installed(HEADAUDIO)


def test_a_relative_cache_folder_counts_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(DeviceError):
        cache.installed(HEADAUDIO)
    assert (tmp_path / ".cache/mandible/peers").is_dir()


def test_nothing_is_left_in_place_of_a_peer_when_a_tool_pretends(
    peers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _npm_that("exit 0", tmp_path, monkeypatch)
    with pytest.raises(DeviceError, match="is missing from what was fetched"):
        cache.installed(HEADAUDIO)
    assert _left(peers) == []


def test_killed_half_way_the_next_run_starts_over(
    peers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The npm here is a program that has begun and waits: what a killed run leaves is the same each time."""
    begun = tmp_path / "begun"
    os.mkfifo(begun)
    path = os.environ["PATH"]
    _npm_that(f'mkdir node_modules; echo $$ > "{begun}"; exec sleep 600', tmp_path, monkeypatch)
    run = subprocess.Popen([sys.executable, "-c", FETCH], stdout=subprocess.DEVNULL, cwd=tmp_path)
    npm = int(_said(begun))
    try:
        run.send_signal(signal.SIGKILL)
        run.wait(LIMIT_S)
        assert len(_left(peers)) == 1
        assert ".partial-" in _left(peers)[0]
        monkeypatch.setenv("PATH", path)
        folder = cache.installed(HEADAUDIO)
    finally:
        os.kill(npm, signal.SIGKILL)
    assert _left(peers) == [folder.name]


def test_two_runs_at_once_fetch_once(peers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = tmp_path / "calls"
    _npm_that(f'echo called >> "{calls}"; exec "$NPM" "$@"', tmp_path, monkeypatch)
    runs = [
        subprocess.Popen([sys.executable, "-c", FETCH], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    folders = {run.communicate(timeout=LIMIT_S)[0].strip() for run in runs}
    assert [run.returncode for run in runs] == [0, 0, 0]
    assert len(folders) == 1
    assert calls.read_text(encoding="utf-8").split() == ["called"]


@pytest.mark.full
def test_python_peers_have_an_environment_of_their_own(peers: Path) -> None:
    peer: Peer = known()["pocketsphinx"]
    python = cache.python_of(cache.installed(peer))
    said = subprocess.run(
        [python, "-I", "-c", "import pocketsphinx, sys; print(sys.prefix)"],
        capture_output=True, text=True, check=True, timeout=LIMIT_S,
    )  # fmt: skip
    assert Path(said.stdout.strip()).is_relative_to(peers)
