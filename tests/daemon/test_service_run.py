"""``mandible run --service`` from READY to a parked mouth, as a service manager and its users see it."""

from __future__ import annotations

import csv
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import wave
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from mandible.device.daemon.control_client import ControlClient
from mandible.errors import DeviceError, InputError
from mandible.models.visemes import VISEME_NAMES
from tests.cli.command import COMMAND, SAMPLE
from tests.virtual.live_run import wait_for

LIMIT_S = 30.0
WATCHDOG_S = 1.0
RIG = """schema = 1
[channels.jaw]
output = 0
min_us = 1200
max_us = 1800
neutral_us = 1200
speed_us_per_s = 16000
[poses]
"""


def rig_text(position: float) -> str:
    """A jaw that has one pose for everything: where it stands says which rig is in force."""
    return RIG + "".join(f"{name} = {{ jaw = {position} }}\n" for name in VISEME_NAMES)


class Service:
    """A line under a manager (a real datagram socket), with a virtual board that logs its pulses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rig = folder / "rig.toml"
        self.rig.write_text(rig_text(0.5))
        self.control = folder / "control.sock"
        self.track = folder / "track.jsonl"
        self.pulses = folder / "pulses.csv"
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.settimeout(LIMIT_S)
        self.manager.bind(str(folder / "notify"))
        self.told: list[str] = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.metrics = f"127.0.0.1:{free.getsockname()[1]}"
        self.board = subprocess.Popen(
            [sys.executable, "-m", "mandible.firmware_bridge.virtual_board",
             "--link", folder / "board", "--pulses", self.pulses],
            stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self.board.stdout is not None
        assert self.board.stdout.readline()
        self.process = subprocess.Popen(
            [*COMMAND, "run", "--service", "--source", self.speech(), "--rig", self.rig,
             "--port", f"virtual:{folder / 'board'}", "--control", self.control, "--metrics", self.metrics,
             "-o", self.track],
            env={
                **os.environ,
                "NOTIFY_SOCKET": str(folder / "notify"),
                "WATCHDOG_USEC": str(int(WATCHDOG_S * 1e6)),
            },
            stderr=subprocess.PIPE,
        )  # fmt: skip
        self.hear("READY=1")

    def speech(self) -> Path:
        """Two minutes of the sample over and over; nobody waits for its end."""
        file = self.folder / "speech.wav"
        with wave.open(str(SAMPLE)) as sample, wave.open(str(file), "wb") as looped:
            looped.setparams(sample.getparams())
            sound = sample.readframes(sample.getnframes())
            looped.writeframes(sound * (120 * sample.getframerate() // sample.getnframes()))
        return file

    def hear(self, wanted: str) -> list[str]:
        """Wait until the manager is told ``wanted``; return everything it was told till then."""
        heard: list[str] = []
        deadline_s = time.monotonic() + LIMIT_S
        while wanted not in heard:
            assert time.monotonic() < deadline_s, (wanted, heard)
            heard += self.manager.recv(4096).decode().split("\n")
        self.told += heard
        return heard

    def pulse_us(self) -> int | None:
        with ControlClient(self.control) as client:
            hop = client.ask("status")["status"]["hop"]
            if hop is None:
                return 0  # the first one is still to come
            return None if hop["pulses_us"] is None else int(hop["pulses_us"][0])

    def await_pulse(self, wanted_us: int | None) -> None:
        wait_for(lambda: self.pulse_us() == wanted_us, LIMIT_S, f"a pulse of {wanted_us} µs")

    def ask(self, do: str) -> None:
        with ControlClient(self.control) as client:
            client.ask(do)

    def scraped(self) -> dict[str, float]:
        with urllib.request.urlopen(f"http://{self.metrics}/metrics", timeout=LIMIT_S) as page:
            text = page.read().decode()
        return {
            sample.name: sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def end(self, number: signal.Signals = signal.SIGTERM) -> str:
        """Stop it, insist on exit code 0, and return what it complained of."""
        self.process.send_signal(number)
        _, complaints = self.process.communicate(timeout=LIMIT_S)
        assert self.process.returncode == 0, complaints.decode()
        return complaints.decode()

    def close(self) -> None:
        for process in (self.process, self.board):
            process.kill()
            process.wait()
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()
        self.manager.close()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path)
    try:
        yield made
    finally:
        made.close()


def hop_times_s(track: Path) -> np.ndarray:
    rows = [json.loads(line) for line in track.read_text(encoding="utf-8").splitlines()]
    return np.array([row["time_s"] for row in rows[1:]])[1:]  # the first is cut at 0


def test_a_service_lives_reloads_and_ends_well(service: Service) -> None:
    # Signs of life come from the line, in half of the manager's patience.
    stamps_s = []
    for _ in range(4):
        service.hear("WATCHDOG=1")
        stamps_s.append(time.monotonic())
    # Each in time on a machine that is idle; most of them on any.
    assert np.median(np.diff(stamps_s)) < WATCHDOG_S
    assert any(text.startswith("STATUS=live, ") for text in service.told)

    service.await_pulse(1500)
    before = service.scraped()
    assert before["mandible_hops_total"] > 0
    assert before["mandible_link_up"] == 1
    assert before["mandible_gate_open"] in (0, 1)

    # A changed rig: other poses, between two hops.
    service.rig.write_text(rig_text(1.0))
    service.process.send_signal(signal.SIGHUP)
    heard = service.hear("RELOADING=1")
    heard += service.hear("READY=1")
    assert any(text.startswith("MONOTONIC_USEC=") for text in heard)
    service.await_pulse(1800)

    # One that is broken, and one that the board would have to store: refused, and the old one stays.
    for text, complaint in (
        (rig_text(0.2).replace("poses", "posse"), "unknown table or key"),
        (rig_text(0.2).replace("1800", "1900"), "max_us: changed from 1800 to 1900; this needs a restart"),
    ):
        service.rig.write_text(text)
        service.process.send_signal(signal.SIGHUP)
        service.hear("RELOADING=1")
        service.hear("READY=1")
        with ControlClient(service.control) as client:
            assert complaint in client.ask("status")["status"]["last_refusal"]
            with pytest.raises(InputError, match="restart" if "1900" in text else "unknown"):
                client.ask("reload")
        service.hear("RELOADING=1")
        service.hear("READY=1")
    service.await_pulse(1800)

    # A page is a quarter of a second old at most.
    wait_for(
        lambda: service.scraped()["mandible_hops_total"] >= before["mandible_hops_total"] + 50,
        LIMIT_S,
        "half a second of hops",
    )
    after = service.scraped()
    assert (after["mandible_reloads_total"], after["mandible_refused_reloads_total"]) == (1, 4)
    assert after["mandible_dropped_hops_total"] == 0

    complaints = service.end().splitlines()
    assert sum(line.startswith("mandible: not reloaded: ") for line in complaints) == 4
    # The board may have missed the first poses, while it was greeted.
    assert all("not reloaded: " in line or "never reached the board" in line for line in complaints)
    assert "STOPPING=1" in service.hear("STOPPING=1")
    # No hop is missing, none came twice.
    times_s = hop_times_s(service.track)
    assert len(times_s) > 100
    assert np.allclose(np.diff(times_s), 0.01)
    # The mouth closed at its own speed, and then got no pulse any more.
    with service.pulses.open() as file:
        pulses = [(float(row["time_s"]), int(row["pulse_us"])) for row in csv.DictReader(file)]
    assert pulses[-1][1] == 1200
    assert max(abs(b[1] - a[1]) for a, b in itertools.pairwise(pulses)) <= 16000 * 0.02 + 1
    size = service.pulses.stat().st_size
    time.sleep(0.1)  # five periods of a servo
    assert service.pulses.stat().st_size == size
    assert not service.control.exists()


def test_people_mute_park_and_stop_it(service: Service) -> None:
    service.await_pulse(1500)
    service.ask("park")
    service.await_pulse(None)
    wait_for(lambda: quiet(service.pulses), LIMIT_S, "the board's servos to be let go")
    service.ask("unmute")
    service.await_pulse(1500)
    wait_for(lambda: not quiet(service.pulses), LIMIT_S, "pulses again")
    service.ask("mute")
    with ControlClient(service.control) as client:
        told = client.ask("status")["status"]
        assert (told["mode"], told["hop"]["viseme"]) == ("muted", "sil")
        modes = set()
        for status in client.watch(20):  # ends with the line
            modes.add(status["mode"])
            if len(modes) == 1 and service.process.poll() is None:
                with suppress(DeviceError):
                    service.ask("stop")
        assert modes == {"muted"}
    service.process.wait(LIMIT_S)
    assert service.process.returncode == 0
    assert service.track.exists()


def quiet(pulses: Path) -> bool:
    """Whether no pulse came for three periods."""
    size = pulses.stat().st_size
    time.sleep(0.06)
    return pulses.stat().st_size == size


def test_a_line_that_is_stopped_gives_no_sign_of_life(service: Service) -> None:
    service.hear("WATCHDOG=1")
    service.process.send_signal(signal.SIGSTOP)
    service.manager.settimeout(2 * WATCHDOG_S)
    with suppress(TimeoutError):
        # What was on its way when it was stopped.
        service.manager.recv(4096)
    with pytest.raises(TimeoutError):
        service.manager.recv(4096)
    service.manager.settimeout(LIMIT_S)
    service.process.send_signal(signal.SIGCONT)
    service.hear("WATCHDOG=1")
    service.end()


def test_a_second_line_does_not_take_the_first_ones_socket(service: Service) -> None:
    second = subprocess.run(
        [*COMMAND, "run", "--source", SAMPLE, "--rig", service.rig, "--control", service.control],
        capture_output=True,
        timeout=LIMIT_S,
    )
    assert second.returncode == 3
    assert f"pid {service.process.pid})" in second.stderr.decode()
    service.await_pulse(1500)
