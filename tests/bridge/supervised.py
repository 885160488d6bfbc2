"""Hosts and supervisors as tests meet them: talking links, processes found by what they supervise."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from mandible.device.frames import Frame
from mandible.firmware_bridge.link import Link

GIVE_UP_S = 15.0
_PCM = np.zeros(160, np.int16)


def soon(holds: Callable[[], bool], what: str, limit_s: float = GIVE_UP_S) -> float:
    """Return how long it took until ``holds`` did."""
    start_s = time.monotonic()
    pause = threading.Event()
    while not holds():
        assert time.monotonic() - start_s < limit_s, f"{what}: not within {limit_s} s"
        pause.wait(0.005)
    return time.monotonic() - start_s


def supervisors(of: str) -> list[int]:
    """Return the processes, zombies too, that supervise a URL with ``of`` in it."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"mandible.firmware_bridge.supervisor" in words and of.encode() in b" ".join(words):
            found.append(int(folder.name))
    return found


def children() -> set[int]:
    """Return this process's own children, zombies too."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = stat.read_text().rsplit(")", 1)[1].split()[1]
        except OSError:
            continue
        if int(parent) == os.getpid():
            found.add(int(stat.parent.name))
    return found


@contextmanager
def talking(link: Link, *pulses_us: int) -> Iterator[None]:
    """Send ``pulses_us`` through ``link`` every 10 ms."""
    end = threading.Event()

    def talk() -> None:
        while not end.wait(0.01):
            link.send(Frame(0, 0, _PCM, pulses_us=pulses_us, emitted_ns=time.monotonic_ns()))

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


@contextmanager
def talking_host(url: str) -> Iterator[subprocess.Popen[str]]:
    """Yield a host in a process of its own that keeps a jaw open, once it is."""
    command = [sys.executable, "-m", "tests.bridge.talking_host", url]
    host = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert host.stdout is not None
    try:
        assert host.stdout.readline() == "open\n"
        yield host
    finally:
        host.kill()
        host.wait()
        host.stdout.close()
