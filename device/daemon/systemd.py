"""Talking to systemd through its own commands: installing, removing and asking after a unit."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mandible.device.daemon.socket_place import FOLDER
from mandible.device.daemon.unit_file import MARK
from mandible.errors import DeviceError, InputError
from mandible.own_command import own_command
from mandible.small_file import exists, read_small
from mandible.whole_file import written
from mandible.wording import one_line, shortened

SYSTEM_FOLDER = Path("/etc/systemd/system")
_MOST_BYTES = 1 << 16
_MODE = 0o644
# Starting waits until the line is ready.
_LIMIT_S = 120
_SHOWN = (
    "LoadState",
    "ActiveState",
    "SubState",
    "StatusText",
    "MainPID",
    "NRestarts",
    "Result",
    "UnitFileState",
)


@dataclass(frozen=True, slots=True)
class Systemd:
    """The manager of the machine, or of the user's session.

    Attributes:
        user: the session's.
        folder: where its unit files lie.
    """

    user: bool
    folder: Path

    @classmethod
    def of(cls, user: bool, environment: Mapping[str, str] | None = None) -> Systemd:
        """Return the manager asked for.

        Raises DeviceError, with the remedy, where this machine has no systemd.
        """
        if shutil.which("systemctl") is None:
            raise DeviceError(
                "there is no systemd on this machine (no systemctl); have its own service manager run: "
                "mandible run --service ..."
            )
        found = os.environ if environment is None else environment
        if not user:
            return cls(False, SYSTEM_FOLDER)
        config = found.get("XDG_CONFIG_HOME") or str(Path(found.get("HOME") or Path.home()) / ".config")
        return cls(True, Path(config) / "systemd" / "user")

    @property
    def command(self) -> tuple[str, ...]:
        """How a person calls it."""
        return ("systemctl", "--user") if self.user else ("systemctl",)

    def path(self, name: str) -> Path:
        """Return where the unit file of that name lies."""
        return self.folder / f"{name}.service"

    def version(self) -> int:
        """Return its release, 0 where it does not say."""
        words = _run("systemctl", "--version").stdout.split()
        return int(words[1]) if len(words) > 1 and words[1].isdecimal() else 0

    def runs(self) -> bool:
        """Whether it manages this machine now: in a container or while an image is built it does not."""
        return _run(*self.command, "show", "--property=Version").returncode == 0

    def do(self, *words: str) -> None:
        """Carry out a command.

        Raises DeviceError in its own words.
        """
        done = _run(*self.command, *words)
        if done.returncode:
            said = shortened(one_line((done.stderr or done.stdout).strip()), 300)
            raise DeviceError(f"{' '.join((*self.command, *words))} failed: {said or done.returncode}")

    def state(self, name: str) -> dict[str, str]:
        """Return what it says of a unit, empty where it does not run."""
        done = _run(*self.command, "show", f"{name}.service", f"--property={','.join(_SHOWN)}")
        if done.returncode:
            return {}
        pairs = (line.partition("=") for line in done.stdout.splitlines())
        return {key: one_line(value) for key, _, value in pairs if key in _SHOWN and value}

    def state_now(self, name: str) -> dict[str, str]:
        """Return what it says of a unit.

        Raises DeviceError where it does not manage this machine now, as in most containers.
        """
        found = self.state(name)
        if not found and not self.runs():
            whose = "your session" if self.user else "this machine"
            raise DeviceError(
                f"systemd does not manage {whose} now (in a container it seldom does), so it starts nothing; "
                "start by hand: mandible run --service ..."
            )
        return found

    def check_installed(self, name: str) -> None:
        """Raise DeviceError, with the remedy, where it knows no unit of that name."""
        if self.state_now(name).get("LoadState", "not-found") != "not-found":
            return
        options = f"{' --user' if self.user else ''}{'' if name == FOLDER else f' --name {name}'}"
        kind = "your session has" if self.user else "this machine has"
        other = "" if self.user else "; of your session's: --user"
        raise DeviceError(
            f"{kind} no service called {name}{other}; install one with: "
            f"mandible service install{options} -- RUN OPTIONS"
        )

    def write(self, name: str, text: str) -> bool:
        """Put a unit file in place, whole or not at all; False where it is there already.

        Raises:
            InputError: the file there is somebody else's.
            DeviceError: only root may write there.
        """
        path = self.path(name)
        self._check_ours(path)
        if exists(path) and read_small(path, _MOST_BYTES).decode(errors="replace") == text:
            return False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._forbidden(path, error) from None
        if not os.access(path.parent, os.W_OK):
            raise self._forbidden(path)
        with written(path) as partial:
            partial.write_text(text, "utf-8")
            partial.chmod(_MODE)
        return True

    def remove(self, name: str) -> bool:
        """Remove a unit file of ours; False where there is none.

        Raises InputError, DeviceError: as ``write``.
        """
        path = self.path(name)
        self._check_ours(path)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self._forbidden(path, error) from None
        return True

    def _check_ours(self, path: Path) -> None:
        if exists(path) and not read_small(path, _MOST_BYTES).decode(errors="replace").startswith(MARK):
            raise InputError(f"{path}: was not written by mandible; move it away, or choose another --name")

    def _forbidden(self, path: Path, error: OSError | None = None) -> DeviceError:
        reason = "permission denied" if error is None else (error.strerror or str(error)).lower()
        sudo = f"{own_command(sudo=True)} service ..."
        remedy = "check its folder" if self.user else f"run {sudo}, or use --user"
        return DeviceError(f"{path}: {reason}; {remedy}")


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            words,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_LIMIT_S,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(words, 1, "", str(error))
