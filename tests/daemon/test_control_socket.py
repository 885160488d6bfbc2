"""The control socket serves its owner, and nobody who abuses it costs the line or the others anything."""

from __future__ import annotations

import contextlib
import json
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mandible.device.daemon.bounded_client import Limits
from mandible.device.daemon.control_client import ControlClient
from mandible.device.daemon.control_socket import ControlSocket
from mandible.device.daemon.controls import Answer, Controls
from mandible.errors import DeviceError, InputError
from tests.daemon.standing import snapshot

QUICK = Limits(clients=8, input_bytes=4096, output_bytes=1 << 16, idle_s=0.3, stalled_s=0.3)
LIMIT_S = 10


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "mandible" / "control.sock"


class Asked:
    """Actions that note what was asked and answer at once, or when told to."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.held: list[Answer] = []

    def actions(self) -> dict[str, Callable[[Answer], None]]:
        def at_once(do: str) -> Callable[[Answer], None]:
            def act(answer: Answer) -> None:
                self.seen.append(do)
                answer(None)

            return act

        return {
            "mute": at_once("mute"),
            "reload": lambda answer: answer("rig.toml: [poses] aa: unknown key"),
            "park": self.held.append,
        }


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def served(place: Path, asked: Asked) -> Iterator[Path]:
    with ControlSocket(place, snapshot, asked.actions()):
        yield place


def raw(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(LIMIT_S)
    connection.connect(str(path))
    return connection


def rest_of(connection: socket.socket) -> bytes:
    """Everything until the server hangs up."""
    received = b""
    with suppress(ConnectionError):
        while data := connection.recv(65536):
            received += data
    return received


def served_at_last(path: Path) -> None:
    """Room comes when those who are gone have been noticed."""
    until_s = time.monotonic() + LIMIT_S
    while True:
        with ControlClient(path) as client, suppress(InputError, DeviceError):
            assert client.ask("status")["ok"]
            return
        assert time.monotonic() < until_s


def test_only_its_owner_may_open_it(served: Path) -> None:
    assert stat.S_IMODE(served.stat().st_mode) == 0o600
    assert stat.S_IMODE(served.parent.stat().st_mode) == 0o700


def test_status_and_wishes_are_answered(served: Path, asked: Asked) -> None:
    with ControlClient(served) as client:
        status = client.ask("status")["status"]
        assert status == json.loads(json.dumps(snapshot().to_json()))
        assert client.ask("mute") == {"ok": True, "do": "mute"}
        assert asked.seen == ["mute"]
        with pytest.raises(InputError, match=r"rig.toml: \[poses\] aa: unknown key"):
            client.ask("reload")
        assert client.ask("status")["ok"], "a refusal is no reason to hang up"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"status",
        b"[]",
        b"null",
        b"{}",
        b'{"do": 5}',
        b'{"do": ["status"]}',
        b'{"do": "fly"}',
        b'{"do": "watch", "hz": 0}',
        b'{"do": "watch", "hz": 21}',
        b'{"do": "watch", "hz": NaN}',
        b'{"do": "watch", "hz": true}',
        b'{"do": "watch", "hz": 1e999}',
        b"[" * 4000,
        b'{"do": "' + b"\xff" * 50 + b'"}',
        b"9" * 4000,
    ],
)
def test_a_wrong_request_gets_one_clear_line(served: Path, line: bytes) -> None:
    with raw(served) as connection:
        connection.sendall(line + b'\n{"do":"status"}\n')
        answers = connection.makefile("rb")
        refused, served_next = json.loads(answers.readline()), json.loads(answers.readline())
    assert refused["ok"] is False
    assert len(refused["error"]) < 300
    assert served_next["ok"] is True


def test_one_who_only_shuts_down_its_sending_side_is_answered_all_the_same(
    served: Path, asked: Asked
) -> None:
    with raw(served) as connection:
        connection.sendall(b'{"do":"status"}\n{"do":"park"}\n')
        connection.shutdown(socket.SHUT_WR)
        answers = connection.makefile("rb")
        assert json.loads(answers.readline())["ok"]
        until_s = time.monotonic() + LIMIT_S
        while not asked.held:
            assert time.monotonic() < until_s
            time.sleep(0.001)
        asked.held[0](None)
        assert json.loads(answers.readline()) == {"ok": True, "do": "park"}
        assert answers.read() == b""


def test_a_wish_that_takes_long_is_not_kept_waiting_for(
    place: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mandible.device.daemon.control_socket.ANSWER_S", 0.05)
    with ControlSocket(place, snapshot, asked.actions()), ControlClient(place) as client:
        assert "waits for sound" in client.ask("park")["note"]
        asked.held[0](None)  # too late: nobody must get this answer instead of theirs
        assert client.ask("mute") == {"ok": True, "do": "mute"}


def test_a_watcher_gets_snapshots_at_its_pace(served: Path) -> None:
    with ControlClient(served) as client:
        stamps_s = []
        for status in client.watch(20):
            assert status["hops"] == 42
            stamps_s.append(time.monotonic())
            if len(stamps_s) == 11:
                break
    assert stamps_s[-1] - stamps_s[0] > 0.45, "never faster than asked for"


def test_a_watcher_that_does_not_read_misses_snapshots_and_is_cut_off(place: Path) -> None:
    made = []

    def counted():  # type: ignore[no-untyped-def]
        made.append(time.monotonic())
        return snapshot(model="m" * 20_000)

    with ControlSocket(place, counted, {}, QUICK), raw(place) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(b'{"do":"watch","hz":20}\n')
        until_s = time.monotonic() + LIMIT_S
        while len(made) < 5:
            assert time.monotonic() < until_s
            time.sleep(0.001)
        # Once the kernel's buffer is full no snapshot is made for it any more, and its time runs out.
        while time.monotonic() - made[-1] < 0.5:
            assert time.monotonic() < until_s
            time.sleep(0.01)
        assert rest_of(connection).count(b"\n") <= len(made)


def test_ten_thousand_bytes_without_a_line_end_are_too_many(served: Path) -> None:
    with raw(served) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(b"x" * 10_000)
        assert b"too many bytes" in rest_of(connection)


def test_one_who_says_nothing_is_cut_off(place: Path) -> None:
    with ControlSocket(place, snapshot, {}, QUICK), raw(place) as silent, raw(place) as slow:
        began_s = time.monotonic()
        slow.sendall(b'{"do":')
        assert rest_of(silent) == b""
        assert rest_of(slow) == b""
        assert 0.2 < time.monotonic() - began_s < LIMIT_S


def test_a_byte_now_and_then_buys_no_time(place: Path) -> None:
    with ControlSocket(place, snapshot, {}, QUICK), raw(place) as slow:
        began_s = time.monotonic()
        with suppress(BrokenPipeError, ConnectionResetError):
            while time.monotonic() - began_s < LIMIT_S:
                slow.sendall(b" ")
                time.sleep(0.02)
        assert time.monotonic() - began_s < 2


def test_a_hundred_connections_leave_room_again(served: Path) -> None:
    with ExitStack() as stack:
        many = [stack.enter_context(raw(served)) for _ in range(100)]
        told = [rest_of(connection) for connection in many[8:]]
        assert all(json.loads(line)["error"].startswith("too many clients") for line in told)
        many[0].sendall(b'{"do":"status"}\n')
        assert json.loads(many[0].makefile("rb").readline())["ok"], "those who were first are served"
    served_at_last(served)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=300),
            st.recursive(
                st.none() | st.booleans() | st.floats() | st.text(max_size=10) | st.integers(),
                lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["do", "hz", "x"]), inner),
                max_leaves=6,
            ).map(lambda value: json.dumps(value).encode()),
        ),
        max_size=6,
    )
)
def test_no_bytes_stop_it(served: Path, lines: list[bytes]) -> None:
    with raw(served) as connection:
        connection.sendall(b"".join(line + b"\n" for line in lines))
        connection.shutdown(socket.SHUT_WR)
        for answer in rest_of(connection).splitlines():
            assert json.loads(answer)["ok"] in (True, False)
    with ControlClient(served) as client:
        assert client.ask("status")["ok"]


def test_clients_that_vanish_do_no_harm(served: Path) -> None:
    for _ in range(50):
        connection = raw(served)
        # It is turned away where those that vanished have not been noticed yet.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(b'{"do":"watch","hz":20}\n')
        connection.close()
    served_at_last(served)


def test_a_snapshot_that_stumbles_is_a_problem_not_an_end(place: Path) -> None:
    def stumbling():  # type: ignore[no-untyped-def]
        raise RuntimeError("the link\nfell over")

    with ControlSocket(place, stumbling, {}), ControlClient(place) as client:
        for _ in range(2):
            assert "the link\\nfell over" in client.ask("status")["status"]["problem"]


def test_wishes_reach_a_line_that_runs(place: Path) -> None:
    controls = Controls()
    go_on = threading.Event()

    def hops() -> Iterator[int]:
        while not go_on.wait(0.001):
            yield 0

    line = threading.Thread(target=lambda: list(controls.between(hops())))  # type: ignore[arg-type]
    line.start()
    try:
        with ControlSocket(place, snapshot, controls.actions), ControlClient(place) as client:
            for do, mode in (("mute", "muted"), ("park", "parked"), ("unmute", "live")):
                assert client.ask(do)["ok"]
                assert controls.mode == mode
            assert client.ask("stop")["ok"]
            line.join(LIMIT_S)
            assert not line.is_alive()
    finally:
        go_on.set()
