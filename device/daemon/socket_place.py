"""Where the control socket lies, and how one process alone comes to own it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import stat
import struct
from collections.abc import Mapping
from pathlib import Path

from mandible.errors import DeviceError, InputError

NAME = "control.sock"
FOLDER = "mandible"
# sockaddr_un has room for 108 bytes with the zero at the end.
LONGEST_PATH_BYTES = 107
# A client that finds no room here is refused by the kernel, without a word of ours.
_BACKLOG = 128
_PRIVATE = 0o600
_PRIVATE_FOLDER = 0o700
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid


def default_path(environment: Mapping[str, str] | None = None) -> Path:
    """Return where a line started now has its socket.

    That is the service's ``RUNTIME_DIRECTORY``, else ``XDG_RUNTIME_DIR/mandible``, else a folder of the
    user's own under ``/tmp``.
    """
    found = os.environ if environment is None else environment
    given = found.get("RUNTIME_DIRECTORY", "").split(":")[0]
    if given:
        return Path(given) / NAME
    session = found.get("XDG_RUNTIME_DIR", "")
    if session and Path(session).is_dir():
        return Path(session) / FOLDER / NAME
    return Path(f"/tmp/{FOLDER}-{os.getuid()}") / NAME


class SocketPlace:
    """A listening Unix socket at ``path``, mode 0600, owned by this process until ``close``.

    The lock beside it says whether its owner lives; the kernel frees it however a process ends.
    """

    def __init__(self, path: Path) -> None:
        """Take the place.

        Raises:
            InputError: the path cannot be one; one line with the fix.
            DeviceError: a living process owns it; the line names its pid.
        """
        self.path = path
        if len(os.fsencode(path)) > LONGEST_PATH_BYTES:
            raise InputError(
                f"{path}: too long for a socket's path ({LONGEST_PATH_BYTES} bytes); name a shorter one"
            )
        self._inode: int | None = None
        try:
            _make_private(path.parent)
            self._lock = _locked(path)
        except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
            raise _unfit(path, error) from None
        try:
            _clear(path)
            self.listener = _listening(path)
            self._inode = path.stat().st_ino
        except OSError as error:
            self.close()
            raise _unfit(path, error) from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Remove the socket, if it is still ours, and let go of the place. Closing twice is harmless."""
        if self._lock < 0:
            return
        with contextlib.suppress(OSError):
            if self._inode is not None and self.path.stat().st_ino == self._inode:
                self.path.unlink()
        if self._inode is not None:
            self.listener.close()
        with contextlib.suppress(OSError):
            _lock_path(self.path).unlink()
        os.close(self._lock)
        self._lock = -1


def peer_pid(connection: socket.socket) -> int:
    """Return the pid at the other end of a Unix socket."""
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(data)[0])


def _lock_path(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


def _make_private(folder: Path) -> None:
    """Make the folder, for us alone. The default one, where it is there already, is closed to others."""
    try:
        folder.mkdir(_PRIVATE_FOLDER, parents=True)
    except FileExistsError:
        if not folder.is_dir():
            raise
    if folder != default_path().parent:
        return
    found = folder.lstat()
    if stat.S_ISLNK(found.st_mode):
        raise InputError(f"{folder}: is a link; remove it, or name another place with --control")
    if found.st_uid not in (os.getuid(), 0):
        raise InputError(f"{folder}: belongs to another user; name another place with --control")
    if found.st_uid == os.getuid() and stat.S_IMODE(found.st_mode) & 0o077:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.fchmod(opened, _PRIVATE_FOLDER)
        finally:
            os.close(opened)


def _locked(path: Path) -> int:
    """Return the open, locked lock file with our pid in it."""
    place = _lock_path(path)
    while True:
        lock = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _PRIVATE)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(lock, 20, 0).decode("ascii", "replace").strip() or "?"
            os.close(lock)
            raise _taken(path, pid) from None
        # Its last owner may have removed it between our opening and locking it.
        with contextlib.suppress(FileNotFoundError):
            if place.stat().st_ino == os.fstat(lock).st_ino:
                _refuse_what_is_no_lock(place, lock)
                os.ftruncate(lock, 0)
                os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
                return lock
        os.close(lock)


def _refuse_what_is_no_lock(place: Path, lock: int) -> None:
    """Raise InputError where somebody keeps something else under the lock's name, as many a tool does."""
    content = os.pread(lock, 20, 0)
    if content.strip() and not content.strip().isdigit():
        os.close(lock)
        raise InputError(f"{place}: is there and no lock of mandible's; name another place with --control")


def _clear(path: Path) -> None:
    """Remove what a dead process left; refuse whatever else is there."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise InputError(f"{path}: is there and no socket; name another place with --control")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except BlockingIOError:  # alive, with many waiting for it
            raise _taken(path, "?") from None
        raise _taken(path, str(peer_pid(probe)))


def _taken(path: Path, pid: str) -> DeviceError:
    return DeviceError(
        f"{path}: another mandible (pid {pid}) is controlled through it; end that one, or use --control PATH"
    )


def _unfit(path: Path, error: OSError | ValueError) -> InputError:
    reason = (getattr(error, "strerror", None) or str(error)).lower()
    return InputError(f"{path}: no control socket here: {reason}; name another place with --control")


def _listening(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        # Before it has a name: nobody gets in between.
        os.fchmod(listener.fileno(), _PRIVATE)
        listener.bind(str(path))
        path.chmod(_PRIVATE)
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener
