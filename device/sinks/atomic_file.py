"""Output that is either complete or not there: written beside its target, then renamed over it."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import secrets
import stat
import sys
from pathlib import Path
from typing import BinaryIO, Protocol

from mandible.errors import InputError

REMEDIES = {
    errno.ENOSPC: "free some space or write elsewhere",
    errno.EDQUOT: "free some space or write elsewhere",
    errno.EFBIG: "write elsewhere or raise the file size limit",
    errno.EACCES: "choose a folder you may write to",
    errno.EPERM: "choose a folder you may write to",
    errno.EROFS: "choose a folder you may write to",
    errno.ENOENT: "create the folder first",
    errno.ENOTDIR: "create the folder first",
    errno.EISDIR: "name a file inside that folder",
}


class Output(Protocol):
    """Where a track's bytes go."""

    def write(self, data: bytes) -> None:
        """Append bytes."""
        ...

    def commit(self) -> None:
        """Finish: from here on the output is complete."""
        ...

    def abort(self) -> None:
        """Give up: leave what was there before."""
        ...


class AtomicFile:
    """A file under a temporary name in its target's folder; ``commit`` renames it over the target.

    Until then, and after ``abort`` or any error, the target is as it was. A symbolic link keeps pointing
    where it pointed, an old file's permissions stay, and something that is not a regular file (a device, a
    named pipe) is written to directly, since renaming would replace it.

    Raises:
        InputError: from every method, in one line with the remedy, when the system refuses.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._temporary: Path | None = None
        self._mode: int | None = None
        try:
            self._target = Path(os.path.realpath(self.path))
            self._file = self._open()
        except (OSError, ValueError) as error:
            raise self._explained(error) from None

    def write(self, data: bytes) -> None:
        """Append bytes."""
        try:
            self._file.write(data)
        except OSError as error:
            self.abort()
            raise self._explained(error) from None

    def rewrite_start(self, data: bytes) -> None:
        """Replace the first ``len(data)`` bytes."""
        try:
            self._file.seek(0)
            self._file.write(data)
            self._file.seek(0, os.SEEK_END)
        except OSError as error:
            self.abort()
            raise self._explained(error) from None

    def commit(self) -> None:
        """Put everything on the disk and the file in its place."""
        try:
            self._file.flush()
            if self._temporary is not None:
                # Some file systems only notice here that they are full.
                os.fsync(self._file.fileno())
                if self._mode is not None:
                    os.fchmod(self._file.fileno(), self._mode)
            self._file.close()
            if self._temporary is not None:
                self._temporary.replace(self._target)
                self._temporary = None
        except OSError as error:
            self.abort()
            raise self._explained(error) from None

    def abort(self) -> None:
        """Remove what was written. Harmless after ``commit``, and twice."""
        with contextlib.suppress(OSError):
            self._file.close()
        if self._temporary is not None:
            with contextlib.suppress(OSError):
                self._temporary.unlink()
            self._temporary = None

    def _open(self) -> BinaryIO:
        if self._target.exists():
            mode = self._target.stat().st_mode
            if stat.S_ISDIR(mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            if not stat.S_ISREG(mode):
                return self._target.open("wb")
            self._mode = stat.S_IMODE(mode)
        # Named after its target, for whoever finds one after a power cut, and cut to stay a legal name.
        temporary = self._target.with_name(f".{self._target.name[:50]}.{secrets.token_hex(8)}.tmp")
        file = temporary.open("xb")
        self._temporary = temporary
        return file

    def _explained(self, error: Exception) -> InputError:
        code = getattr(error, "errno", None)
        remedy = REMEDIES.get(code or 0, "choose another place")
        kept = "; the old file is unchanged" if self._mode is not None else ""
        reason = getattr(error, "strerror", None) or str(error)
        return InputError(f"{self.path}: cannot be written: {reason.lower()}{kept}: {remedy}")


class StandardOutput:
    """Standard output, unbuffered: a reader gets every line at once, and an error shows where it happens."""

    def __init__(self) -> None:
        if sys.stdout is None:
            raise InputError("-: standard output is closed: name a file")
        sys.stdout.flush()

    def write(self, data: bytes) -> None:
        """Send bytes at once."""
        try:
            descriptor = sys.stdout.fileno()
        except io.UnsupportedOperation:
            sys.stdout.write(data.decode("utf-8"))
            return
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        except BrokenPipeError:
            raise
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise InputError(f"-: standard output cannot be written: {reason}: free some space") from None

    def commit(self) -> None:
        """Nothing is held back."""

    def abort(self) -> None:
        """What was sent cannot be taken back."""


def open_output(path: str | Path) -> Output:
    """``-`` is standard output; anything else is a file that appears only when it is complete."""
    return StandardOutput() if str(path) == "-" else AtomicFile(path)
