"""A controller behind a supervisor: it moves as any board does; whatever dies, the mouth comes to rest."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from mandible.cli import main as cli
from mandible.errors import DeviceError
from mandible.firmware_bridge.link import Link
from mandible.firmware_bridge.ports import SerialPort
from mandible.firmware_bridge.rig import Rig
from tests.bridge.supervised import GIVE_UP_S, children, soon, supervisors, talking, talking_host
from tests.controllers.maestro_device import SimulatedMaestro

_SKULL = Rig.load("skull")
_OPEN_US = 1700
_NEUTRAL_US = _SKULL.channels[0].neutral_us
_QUARTERS = 4


class _Maestro(SimulatedMaestro):
    """One that remembers what its first servo was told."""

    told_us: list[float]
    strangers: set[int]

    def power_up(self) -> None:
        super().power_up()
        self.told_us = []

    def answer(self, data: bytes) -> bytes:
        said = super().answer(data)
        pulse_us = self.targets[0] / _QUARTERS
        if not self.told_us or self.told_us[-1] != pulse_us:
            self.told_us.append(pulse_us)
        return said

    @property
    def is_open(self) -> bool:
        return self.targets[0] == _OPEN_US * _QUARTERS

    @property
    def processes(self) -> set[int]:
        return children() - self.strangers

    @property
    def is_off(self) -> bool:
        return not any(self.targets)


@pytest.fixture
def maestro(tmp_path: Path) -> Iterator[_Maestro]:
    """Yield a Maestro that is plugged in."""
    device = _Maestro(tmp_path)
    device.strangers = children()
    yield device
    device.pull()


def _url(device: SimulatedMaestro) -> str:
    return f"maestro://{device.path}"


def _parked(told_us: list[float]) -> bool:
    """Return whether the servo went to neutral step by step, and then got no pulses."""
    return told_us[-2:] == [_NEUTRAL_US, 0] and any(
        _NEUTRAL_US < pulse_us < _OPEN_US for pulse_us in told_us[:-2]
    )


def test_a_rig_s_limits_are_stored_and_its_mouth_moves_and_rests(maestro: _Maestro) -> None:
    with Link(_url(maestro), _SKULL) as link:
        link.wait_ready()
        board = link.status().board
        assert board is not None
        assert (board.kind, board.channels) == ("bridge", 12)
        with talking(link, _OPEN_US):
            maestro.wait_for(lambda: maestro.is_open, GIVE_UP_S)
    assert maestro.is_off
    assert _parked(maestro.told_us)
    # Where the rig ends the servo's range, the firmware does.
    jaw = _SKULL.channels[0]
    assert max(maestro.told_us) <= jaw.max_us
    steps_us = [abs(after - before) for before, after in itertools.pairwise(maestro.told_us[1:-1])]
    assert max(steps_us) <= jaw.speed_us_per_s * 0.02 + 1
    assert supervisors(maestro.path) == []
    assert maestro.processes == set()


def test_a_host_that_is_killed_leaves_a_mouth_at_rest_and_no_process(maestro: _Maestro) -> None:
    with talking_host(_url(maestro)) as host:
        assert len(supervisors(maestro.path)) == 1
        host.kill()
        maestro.wait_for(lambda: maestro.is_off, GIVE_UP_S)
    assert _parked(maestro.told_us)
    soon(lambda: supervisors(maestro.path) == [], "the supervisor ends")


def test_a_host_that_is_stopped_leaves_a_mouth_at_rest_and_goes_on_later(maestro: _Maestro) -> None:
    with talking_host(_url(maestro)) as host:
        before = supervisors(maestro.path)
        host.send_signal(signal.SIGSTOP)
        maestro.wait_for(lambda: maestro.is_off, GIVE_UP_S)
        assert _parked(maestro.told_us)
        host.send_signal(signal.SIGCONT)
        maestro.wait_for(lambda: maestro.is_open, GIVE_UP_S)
        assert supervisors(maestro.path) == before


def test_a_controller_that_is_unplugged_is_found_again(
    maestro: _Maestro, capfd: pytest.CaptureFixture[str]
) -> None:
    with Link(_url(maestro), _SKULL) as link, talking(link, _OPEN_US):
        maestro.wait_for(lambda: maestro.is_open, GIVE_UP_S)
        maestro.pull()
        soon(lambda: not link.status().connected, "the link notices")
        # The port is looked for without starting a process each time.
        soon(lambda: maestro.processes == set(), "nothing is left of the supervisor")
        maestro.plug_in()
        # Under a second on an idle machine; this one may be busy.
        assert soon(lambda: link.status().ready, "the link is back") < 5
        maestro.wait_for(lambda: maestro.is_open, GIVE_UP_S)
        assert link.status().reconnects == 1
    said = capfd.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith("mandible: ")
    assert " is gone (" in said[0]


def test_a_supervisor_that_is_killed_leaves_what_the_driver_says_and_is_replaced(maestro: _Maestro) -> None:
    with Link(_url(maestro), _SKULL) as link, talking(link, _OPEN_US):
        maestro.wait_for(lambda: maestro.is_open, GIVE_UP_S)
        (process,) = supervisors(maestro.path)
        os.kill(process, signal.SIGSTOP)
        # A Maestro has no watchdog: it holds.
        assert maestro.is_open
        os.kill(process, signal.SIGKILL)
        soon(lambda: link.status().reconnects == 1 and link.status().ready, "another one")
        maestro.wait_for(lambda: maestro.is_open, GIVE_UP_S)
        assert len(supervisors(maestro.path)) == 1
        assert len(maestro.processes) == 1


def test_a_supervisor_that_was_stopped_still_parks_at_the_end(maestro: _Maestro) -> None:
    with Link(_url(maestro), _SKULL) as link:
        with talking(link, _OPEN_US):
            maestro.wait_for(lambda: maestro.is_open, GIVE_UP_S)
        (process,) = supervisors(maestro.path)
        os.kill(process, signal.SIGSTOP)
    assert maestro.is_off
    assert maestro.processes == set()


def test_sigterm_parks_first(maestro: _Maestro) -> None:
    with talking_host(_url(maestro)) as host:
        (process,) = supervisors(maestro.path)
        told = len(maestro.told_us)
        # Its host must not start another one meanwhile.
        host.send_signal(signal.SIGSTOP)
        os.kill(process, signal.SIGTERM)
        maestro.wait_for(lambda: maestro.is_off, GIVE_UP_S)
        assert _parked([_OPEN_US, *maestro.told_us[told:]])
        soon(lambda: Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z", "it ends")


def test_a_second_sigterm_detaches_at_once(maestro: _Maestro) -> None:
    with talking_host(_url(maestro)) as host:
        (process,) = supervisors(maestro.path)
        told = len(maestro.told_us)
        host.send_signal(signal.SIGSTOP)
        os.kill(process, signal.SIGTERM)
        # Two signals that have not been taken yet are one.
        soon(lambda: _pending(process) == 0, "the first is taken")
        os.kill(process, signal.SIGTERM)
        maestro.wait_for(lambda: maestro.is_off, GIVE_UP_S)
        assert _NEUTRAL_US not in maestro.told_us[told:]


def _pending(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return sum(
        int(line.split()[1], 16) for line in status.splitlines() if line.startswith(("SigPnd", "ShdPnd"))
    )


def test_what_keeps_a_controller_from_opening_reaches_the_person(maestro: _Maestro, tmp_path: Path) -> None:
    holder = SerialPort(maestro.path, 115_200)
    with pytest.raises(DeviceError, match=r"busy") as caught:
        Link(_url(maestro), _SKULL).start()
    holder.close()
    assert caught.value.exit_code == 3
    assert "\n" not in str(caught.value)
    with pytest.raises(DeviceError, match="ttyNone: no such port; plug the board in"):
        Link(f"maestro://{tmp_path}/ttyNone", _SKULL).start()
    with pytest.raises(DeviceError, match=r"no /dev/i2c-250 \(there: .*switch I2C on"):
        Link("pca9685://250/0x40", _SKULL).start()
    assert maestro.processes == set()


def test_there_is_nothing_to_store_limits_on(maestro: _Maestro, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rig", "store", "skull", "--yes", "--port", _url(maestro)]) == 2
    assert "keeps no limits; every run gives it the rig's by itself" in capsys.readouterr().err
    assert maestro.heard == b""
