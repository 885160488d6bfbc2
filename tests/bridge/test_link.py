"""The link on virtual boards in real time: it comes up, comes back, and leaves the puppet at rest."""

from __future__ import annotations

import dataclasses
import errno
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import serial

from mandible.device.frames import Frame
from mandible.errors import DeviceError, InputError
from mandible.firmware_bridge import ports
from mandible.firmware_bridge.fake_board import FakeBoard
from mandible.firmware_bridge.link import Link
from mandible.firmware_bridge.port_url import PortUrl
from mandible.firmware_bridge.protocol import LIMITS
from mandible.firmware_bridge.rig import Rig
from tests.bridge.boards import BoardProcess

_SKULL = Rig.load("skull")
_CLOSED_US = 1250
_OPEN_US = 1700
_PCM = np.zeros(160, np.int16)


def _frame(pulse_us: int) -> Frame:
    return Frame(0, 0, _PCM, pulses_us=(pulse_us,), emitted_ns=time.monotonic_ns())


def _wait_for(condition: Callable[[], bool], limit_s: float) -> float:
    """Return how long ``condition`` took to hold."""
    start_s = time.monotonic()
    while not condition():
        assert time.monotonic() - start_s < limit_s, f"not within {limit_s} s"
        time.sleep(0.005)
    return time.monotonic() - start_s


class _Talker:
    """Sends a frame every 10 ms from a thread of its own, and notes the longest a send took."""

    def __init__(self, link: Link) -> None:
        self.sent = 0
        self.longest_s = 0.0
        self._link = link
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._talk)

    def __enter__(self) -> _Talker:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _talk(self) -> None:
        while not self._end.wait(0.01):
            start_s = time.monotonic()
            self._link.send(_frame(_OPEN_US))
            self.longest_s = max(self.longest_s, time.monotonic() - start_s)
            self.sent += 1


@pytest.fixture
def board(tmp_path: Path) -> Iterator[BoardProcess]:
    """Yield a virtual board, plugged in."""
    board = BoardProcess(tmp_path)
    board.plug_in()
    yield board
    board.pull()


def test_a_virtual_board_is_started_calibrated_moved_and_parked() -> None:
    with Link("virtual:", _SKULL) as link:
        link.wait_ready()
        with _Talker(link):
            _wait_for(lambda: (s := link.status().state) is not None and s.pulse_us[0] == _OPEN_US, 5)
        status = link.status()
    assert status.ready
    assert status.board is not None
    assert status.board.kind == "virtual"
    assert status.acked >= status.sent - 8
    assert (status.lost, status.reconnects, status.bad_frames, status.refusals) == (0, 0, 0, {})
    assert status.round_trip_p99_ms is not None
    assert 0 < (status.round_trip_p50_ms or 0) <= status.round_trip_p99_ms
    parked = link.status()
    assert not parked.connected
    assert parked.state is not None
    assert parked.state.pulse_us[0] == _CLOSED_US
    json.dumps(dataclasses.asdict(parked))


def test_cable_out_for_three_seconds_and_the_host_is_back_within_one(board: BoardProcess) -> None:
    with Link(board.url, _SKULL) as link:
        link.wait_ready()
        with _Talker(link) as talker:
            _wait_for(lambda: link.status().acked > 20, 5)
            board.pull()
            _wait_for(lambda: not link.status().connected, 1)
            sent_before = talker.sent
            # Not a wait for anything: this is how long the cable is out.
            time.sleep(3)
            # Meanwhile nobody else waited for the cable: frames went on at their pace, into the counter.
            assert talker.sent - sent_before > 200
            assert link.status().dropped > 150
            board.plug_in()
            acked_before = link.status().acked
            assert _wait_for(lambda: link.status().acked > acked_before, 2) < 1
        assert talker.longest_s < 0.1
        assert link.status().reconnects == 1


def test_a_killed_host_leaves_the_board_to_ramp_to_neutral_and_detach(board: BoardProcess) -> None:
    host = subprocess.Popen(
        [sys.executable, "-m", "tests.bridge.talking_host", board.url],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert host.stdout is not None
    assert host.stdout.readline() == b"open\n"
    host.send_signal(signal.SIGKILL)
    host.wait()
    host.stdout.close()
    killed_s = board.rows()[-1][0]
    watchdog_s = _SKULL.link.watchdog_ms / 1000
    hold_s = LIMITS["park_hold_ms"] / 1000
    travel_s = (_OPEN_US - _CLOSED_US) / _SKULL.channels[0].speed_us_per_s

    def last_row_s() -> float:
        return board.rows()[-1][0]

    def quiet() -> bool:
        before_s = last_row_s()
        return not threading.Event().wait(0.2) and last_row_s() == before_s

    _wait_for(quiet, 5)
    rows = board.rows()
    left_open_s = max(at for at, _, pulse_us in rows if pulse_us > _CLOSED_US)
    assert rows[-1][2] == _CLOSED_US
    assert left_open_s <= killed_s + watchdog_s + travel_s + 0.1
    assert rows[-1][0] <= left_open_s + hold_s + 0.1


def test_a_real_board_with_other_limits_is_left_alone(board: BoardProcess) -> None:
    url = f"serial://{board.path}"
    with Link(url, _SKULL) as link:
        remedy = rf"no limits stored for output 0; run: mandible rig store .*skull\.toml --port {url}"
        with pytest.raises(DeviceError, match=remedy):
            link.wait_ready()
        for _ in range(20):
            link.send(_frame(_OPEN_US))
        assert link.status().problem is not None
        assert link.status().sent == 0
    assert board.rows() == []


def test_a_busy_port_stops_the_start(board: BoardProcess) -> None:
    with Link(board.url, _SKULL), pytest.raises(DeviceError, match="the port is busy"):
        Link(board.url, _SKULL).start()


def test_an_absent_port_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="no such port"):
        Link(f"serial://{tmp_path}/ttyNone", _SKULL).start()


def test_a_wrong_url_is_refused_before_anything_is_opened() -> None:
    with pytest.raises(InputError, match="did you mean virtual"):
        Link("virtul:", _SKULL)


def test_a_port_where_nobody_answers_says_so(tmp_path: Path) -> None:
    master, slave = os.openpty()
    with (
        Link(f"serial://{os.ttyname(slave)}", _SKULL) as link,
        pytest.raises(DeviceError, match="firmware on it"),
    ):
        link.wait_ready(0.3)
    os.close(slave)
    os.close(master)


@pytest.mark.parametrize("pulses_us", [(), (1500, 1500), (-1,), (65_536,)])
def test_pulses_that_are_not_the_rig_s_are_the_caller_s_error(pulses_us: tuple[int, ...]) -> None:
    link = Link("fake:", _SKULL)
    with pytest.raises(ValueError, match=r"1 pulse\(s\) of 0\.\.65535 µs wanted"):
        link.send(_frame(0).having(pulses_us=pulses_us))
    link.close()


def test_none_takes_everything_and_moves_nothing() -> None:
    with Link("none:", _SKULL) as link:
        link.wait_ready()
        link.send(_frame(_OPEN_US))
        assert not link.status().connected
        assert link.status().dropped == 0


class _FailingPort(ports.FakePort):
    """A port that is unplugged in one of the ways a port can be."""

    def __init__(self, failures: dict[str, Exception]) -> None:
        super().__init__(FakeBoard(_SKULL.limits))
        self.failures = failures

    def read(self) -> bytes:
        if "read" in self.failures:
            raise self.failures.pop("read")
        return super().read()

    def write(self, data: bytes) -> int:
        if "write" in self.failures:
            raise self.failures.pop("write")
        return super().write(data)


@pytest.mark.parametrize(
    "failures",
    [
        {"read": serial.SerialException("device reports readiness to read but returned no data")},
        {"read": OSError(errno.EIO, "Input/output error")},
        {"write": OSError(errno.EIO, "Input/output error")},
        {"write": serial.SerialTimeoutException("Write timeout")},
    ],
    ids=["read: SerialException", "read: OSError", "write: OSError", "write: SerialTimeoutException"],
)
def test_every_form_of_unplugging_leads_to_a_reconnect(
    failures: dict[str, Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting: dict[str, Exception] = {}

    def open_fake(url: PortUrl) -> ports.Port:
        return _FailingPort(waiting)

    monkeypatch.setattr("mandible.firmware_bridge.link.open_port", open_fake)
    with Link("fake:", _SKULL) as link:
        link.wait_ready()
        with _Talker(link):
            waiting.update(failures)
            _wait_for(lambda: link.status().reconnects == 1 and link.status().ready, 2)
            acked = link.status().acked
            _wait_for(lambda: link.status().acked > acked, 2)


def test_frames_after_the_end_go_nowhere_and_closing_twice_is_once() -> None:
    link = Link("fake:", _SKULL)
    link.start()
    link.wait_ready()
    link.close()
    link.close()
    link.send(_frame(_OPEN_US))
    assert link.status().sent == 0


def test_the_way_back_is_tried_more_than_twice_a_second_however_long_it_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    attempts_s: list[float] = []
    absent = 9

    def open_later(url: PortUrl) -> ports.Port:
        attempts_s.append(time.monotonic())
        if 1 < len(attempts_s) <= 1 + absent:
            raise DeviceError("no such port")
        failures: dict[str, Exception] = {"read": OSError()} if len(attempts_s) == 1 else {}
        return _FailingPort(failures)

    monkeypatch.setattr("mandible.firmware_bridge.link.open_port", open_later)
    with Link("fake:", _SKULL) as link:
        _wait_for(lambda: link.status().reconnects == 1 and link.status().ready, 10)
    waits_s = [b - a for a, b in itertools.pairwise(attempts_s)]
    assert max(waits_s) < 0.7
    assert waits_s[0] < waits_s[-1]
