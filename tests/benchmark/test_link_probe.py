"""The line to a board is measured by asking it; a real one is only greeted and pinged."""

from __future__ import annotations

import os
import select
import threading
import tty
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mandible.benchmarks import link_trips
from mandible.benchmarks.bench import Bench
from mandible.benchmarks.devices import Device
from mandible.benchmarks.measurement import Measurement
from mandible.benchmarks.probes import link
from mandible.benchmarks.speech import sample
from mandible.cli.main import main
from mandible.errors import DeviceError
from mandible.firmware_bridge import _board
from mandible.firmware_bridge.host_clock import now_us
from mandible.firmware_bridge.port_url import parse_port_url
from mandible.firmware_bridge.protocol import Decoder
from mandible.firmware_bridge.virtual_process import VirtualProcess

FEW = link.Settings(set_points=30, pings=30, throughput_s=0.1)


def told(settings: link.Settings, scratch: Path) -> dict[tuple[str, str | int | None], Measurement]:
    bench = Bench(Device("host"), sample(), scratch)
    return {(one.figure, one.subject.get("stage")): one for one in link.measure(settings, bench)}


def test_a_virtual_board_answers_every_ping_and_set_point(tmp_path: Path) -> None:
    found = told(FEW, tmp_path)
    for stage in ("ping", "set-point"):
        trips = found["link_round_trip_ms", stage]
        assert len(trips.samples) == 30
        assert len(trips.rounds) == 5
        assert 0 < min(trips.samples) <= trips.value < 250
        assert found["link_lost_share", stage].value == 0
        assert trips.subject["board"] == "virtual"
    assert found["link_late_share", "set-point"].value <= 0.2
    assert found["link_messages_per_s", None].value > 100
    assert found["link_bytes_per_s", None].value > 10 * found["link_messages_per_s", None].value


class Wired:
    """The firmware's core behind a terminal, in a thread, as a real board: what it hears is counted.

    Attributes:
        path: the terminal.
        heard: messages by name.
    """

    def __init__(self, slow_s: float = 0.0, deaf_to: str = "", wholly: bool = False) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        self.heard: Counter[str] = Counter()
        self._slow_s, self._deaf_to, self._wholly = slow_s, deaf_to, wholly
        self._end_read, self._end = os.pipe()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        core, decoder, began_us = _board.Board(), Decoder(), now_us()
        while True:
            ready = select.select([self._master, self._end_read], [], [])[0]
            if self._end_read in ready:
                return
            data = os.read(self._master, 4096)
            names = [message.name for message in decoder.feed(data)]
            self.heard.update(names)
            if self._slow_s:
                select.select([self._end_read], [], [], self._slow_s)
            if self._deaf_to in names and (self._wholly or self.heard[self._deaf_to] % 2):
                continue
            core.receive(data, now_us() - began_us)
            os.write(self._master, core.transmit())

    def close(self) -> None:
        os.close(self._end)
        self._thread.join()
        for descriptor in (self._end_read, self._master, self._slave):
            os.close(descriptor)


@contextmanager
def wired(slow_s: float = 0.0, deaf_to: str = "", wholly: bool = False) -> Iterator[Wired]:
    board = Wired(slow_s, deaf_to, wholly)
    try:
        yield board
    finally:
        board.close()


def test_a_real_board_without_a_rig_hears_of_no_servo(tmp_path: Path) -> None:
    with wired() as board:
        found = told(
            link.Settings(f"serial://{board.path}?baud=250000", pings=30, throughput_s=0.1), tmp_path
        )
        assert set(board.heard) == {"hello", "ping"}
    assert {one.subject["baud"] for one in found.values()} == {250_000}
    assert not any(stage == "set-point" for _, stage in found)


def test_a_slow_line_is_a_slow_line(tmp_path: Path) -> None:
    with wired(slow_s=0.008) as board:
        found = told(link.Settings(f"serial://{board.path}", pings=20, throughput_s=0.1), tmp_path)
    assert min(found["link_round_trip_ms", "ping"].samples) >= 8


def test_what_is_not_answered_is_lost(tmp_path: Path) -> None:
    with wired(deaf_to="ping") as board:
        found = told(link.Settings(f"serial://{board.path}", pings=6, throughput_s=0.1), tmp_path)
    assert found["link_lost_share", "ping"].value == 0.5


def test_a_board_that_falls_silent_is_not_asked_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_trips, "SILENT_S", 0.4)
    with wired(deaf_to="ping", wholly=True) as board:
        with pytest.raises(DeviceError, match="the board fell silent"):
            told(link.Settings(f"serial://{board.path}", pings=100_000), tmp_path)
        assert board.heard["ping"] < 10


def test_a_port_that_takes_no_bytes_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_trips, "SILENT_S", 0.1)
    master, slave = os.openpty()
    try:
        with link_trips.Line(parse_port_url(f"serial://{os.ttyname(slave)}")) as line:
            port = line._port
            # Until nothing more fits, as nobody reads; a little may fit where much does not.
            while select.select([], [port.fileno()], [], 0.2)[1] or port.write(bytes(1)):
                port.write(bytes(4096))
            with pytest.raises(DeviceError, match="the port takes no bytes"):
                line.greet()
    finally:
        os.close(master)
        os.close(slave)


def test_with_a_rig_that_it_does_not_know_a_real_board_gets_no_set_point(tmp_path: Path) -> None:
    with wired() as board:
        settings = link.Settings(f"serial://{board.path}", "skull", 20, 20, 0.1)
        with pytest.raises(DeviceError, match="limits"):
            told(settings, tmp_path)
        assert not {"move", "attach", "set_limits", "store", "jog"} & set(board.heard)


def test_a_port_that_nobody_answers_on_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mandible.benchmarks.link_trips.GREET_S", 0.2)
    master, slave = os.openpty()
    try:
        with pytest.raises(DeviceError, match="no answer within"):
            told(link.Settings(f"serial://{os.ttyname(slave)}"), tmp_path)
    finally:
        os.close(master)
        os.close(slave)
    with pytest.raises(DeviceError, match="no such port"):
        told(link.Settings(f"serial://{tmp_path}/ttyACM0"), tmp_path)


def test_a_board_that_is_unplugged_on_the_way_is_told_in_one_line(tmp_path: Path) -> None:
    board = VirtualProcess()
    timer = threading.Timer(0.3, board.end)
    timer.start()
    try:
        with pytest.raises(DeviceError, match="the port went away"):
            told(link.Settings(f"virtual:{board.path}", set_points=500), tmp_path)
    finally:
        timer.join()


@pytest.mark.parametrize("port", ["maestro:///dev/ttyACM0", "none:", "fake:", "nonsense", "serial:"])
def test_ports_that_lead_to_no_firmware_are_refused_before_anything_is_measured(
    port: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["benchmark", "--only", "link", "--port", port]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert port in line


def test_a_rig_for_the_port_needs_the_port(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", "--only", "link", "--port-rig", "skull"]) == 2
    assert "needs --port" in capsys.readouterr().err
