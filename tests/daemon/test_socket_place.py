"""One living process owns a control socket's place, and what others left there is treated with care."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mandible.device.daemon.control_client import ControlClient, find
from mandible.device.daemon.control_socket import ControlSocket
from mandible.device.daemon.socket_place import SocketPlace, default_path
from mandible.errors import DeviceError, InputError
from tests.daemon.standing import snapshot

LIMIT_S = 10


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "mandible" / "control.sock"


def test_nothing_is_left_behind(place: Path) -> None:
    with ControlSocket(place, snapshot, {}):
        pass
    assert list(place.parent.iterdir()) == []


HOLDER = """
import sys, time
from pathlib import Path
from mandible.device.daemon.socket_place import SocketPlace
place = SocketPlace(Path(sys.argv[1]))
print("taken", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(place: Path) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", HOLDER, place], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"taken\n"
        yield process
        process.kill()


def test_a_living_owner_is_named_by_its_pid(place: Path, holder: subprocess.Popen[bytes]) -> None:
    with pytest.raises(DeviceError, match=rf"pid {holder.pid}\)"):
        SocketPlace(place)
    assert place.exists()


def test_one_that_is_stopped_lives_still(place: Path, holder: subprocess.Popen[bytes]) -> None:
    holder.send_signal(signal.SIGSTOP)
    with pytest.raises(DeviceError, match=rf"pid {holder.pid}\)"):
        SocketPlace(place)


def test_a_dead_owners_socket_is_replaced(place: Path, holder: subprocess.Popen[bytes]) -> None:
    holder.kill()
    holder.wait(LIMIT_S)
    assert place.exists()
    with ControlSocket(place, snapshot, {}), ControlClient(place) as client:
        assert client.ask("status")["ok"]


def test_another_programs_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "theirs.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as theirs:
        theirs.bind(str(path))
        theirs.listen(1)
        with pytest.raises(DeviceError, match=rf"pid {os.getpid()}\)"):
            SocketPlace(path)
    assert path.exists()


def test_a_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("mine")
    with pytest.raises(InputError, match="no socket; name another place"):
        SocketPlace(path)
    assert path.read_text() == "mine"
    assert [each.name for each in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("name", ["x" * 200, "\0", "a/b\udc80" + "y" * 120])
def test_a_path_that_cannot_be_one_is_one_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        SocketPlace(tmp_path / name)


@pytest.fixture
def default_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "mandible"


def test_the_default_folder_is_closed_if_it_was_open(default_folder: Path) -> None:
    default_folder.mkdir()
    default_folder.chmod(0o777)
    SocketPlace(default_path()).close()
    assert stat.S_IMODE(default_folder.stat().st_mode) == 0o700


def test_a_folder_that_somebody_named_stays_as_it_is(tmp_path: Path, default_folder: Path) -> None:
    checkout = tmp_path / "mandible-checkout"
    checkout.mkdir()
    checkout.chmod(0o755)
    SocketPlace(checkout / "control.sock").close()
    assert stat.S_IMODE(checkout.stat().st_mode) == 0o755


def test_a_link_in_place_of_the_default_folder_is_not_followed(tmp_path: Path, default_folder: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    elsewhere.chmod(0o755)
    default_folder.symlink_to(elsewhere)
    with pytest.raises(InputError, match="is a link; remove it"):
        SocketPlace(default_path())
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o755
    assert list(elsewhere.iterdir()) == []


def test_the_place_follows_the_service_manager_then_the_session(tmp_path: Path) -> None:
    both = {"RUNTIME_DIRECTORY": "/run/mandible:/run/b", "XDG_RUNTIME_DIR": str(tmp_path)}
    assert default_path(both) == Path("/run/mandible/control.sock")
    assert default_path({"XDG_RUNTIME_DIR": str(tmp_path)}) == tmp_path / "mandible" / "control.sock"
    assert default_path({"XDG_RUNTIME_DIR": "/not/there"}).parent.name == f"mandible-{os.getuid()}"


def test_with_nothing_running_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    with pytest.raises(DeviceError, match="mandible service install --name no-such-puppet -- "):
        find("no-such-puppet")
    with pytest.raises(DeviceError, match="nothing runs"):
        ControlClient(tmp_path / "control.sock")


def test_somebody_else_s_lock_file_is_left_alone(tmp_path: Path) -> None:
    theirs = tmp_path / "Cargo.lock"
    theirs.write_text("[[package]]\nname = 'ours'\n")
    with pytest.raises(InputError, match=r"Cargo\.lock: is there and no lock of mandible's"):
        SocketPlace(tmp_path / "Cargo")
    assert theirs.read_text() == "[[package]]\nname = 'ours'\n"
    assert [file.name for file in tmp_path.iterdir()] == ["Cargo.lock"]
