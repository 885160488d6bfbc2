"""The service manager's file for a line: which options it runs with, as whom, and what it may touch.

The text is in ``system.service`` and ``user.service`` beside this module.
"""

from __future__ import annotations

import grp
import os
import pwd
import re
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from mandible.errors import InputError
from mandible.own_python import own_python
from mandible.wording import shortened

MARK = "# Written by: mandible service install"
# Owners of sound cards, serial ports (Debian's and Arch's name), graphics processors and I2C buses.
DEVICE_GROUPS = ("audio", "dialout", "uucp", "video", "render", "i2c")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_PRIVATE_FOLDERS = (Path("/tmp"), Path("/var/tmp"))
_HERE = Path(__file__).parent
# From this release on, systemd waits longer after every failure.
_BACK_OFF_SINCE = 254
_BACK_OFF = "RestartSec=2\nRestartSteps=5\nRestartMaxDelaySec=60"
_FIXED_PAUSE = "RestartSec=10"
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_./:=,@+-]+")


@dataclass(frozen=True, slots=True)
class Account:
    """Who the service runs as.

    Attributes:
        name: a user, or None for one that systemd makes up (``DynamicUser``).
    """

    name: str | None

    @classmethod
    def chosen(cls, asked: str | None) -> Account:
        """Return the user asked for, else who called ``sudo``, else one made up.

        Raises InputError for no such user, and for root.
        """
        name = asked or os.environ.get("SUDO_USER") or None
        if name == "root" and asked is None:
            name = None
        if name is None:
            return cls(None)
        try:
            found = pwd.getpwnam(name)
        except (KeyError, ValueError):
            raise InputError(f"--as {shortened(name)}: no such user; name one of this machine") from None
        if found.pw_uid == 0:
            raise InputError(f"--as {name}: a service runs unprivileged; name another user")
        return cls(name)

    @property
    def lines(self) -> str:
        """The unit's lines."""
        return "DynamicUser=yes" if self.name is None else f"User={self.name}"

    def kept_out_by(self, path: Path) -> Path | None:
        """Return the part of ``path`` that this user may not enter or read, None where it may."""
        uid, groups = -1, set()
        if self.name is not None:
            found = pwd.getpwnam(self.name)
            uid, groups = found.pw_uid, set(os.getgrouplist(self.name, found.pw_gid))
        real = Path(os.path.realpath(path))
        for part in [*reversed(real.parents), real]:
            try:
                status = part.stat()
            except OSError:
                return part
            shift = 6 if status.st_uid == uid else 3 if status.st_gid in groups else 0
            wanted = stat.S_IXOTH if stat.S_ISDIR(status.st_mode) else stat.S_IROTH
            if not (status.st_mode >> shift) & wanted:
                return part
        return None


@dataclass(frozen=True, slots=True)
class Service:
    """A service to install.

    Attributes:
        name: of the unit, without ``.service``.
        options: of ``mandible run``, checked by its own parser.
        account: who runs it; None for the session's user (``--user``).
        reads: files and folders it has to reach.
        writes: files it makes.
        systemd: release of the service manager, 0 where it is not known.
    """

    name: str
    options: tuple[str, ...]
    account: Account | None
    reads: tuple[Path, ...] = ()
    writes: tuple[Path, ...] = ()
    systemd: int = 0

    def text(self) -> str:
        """Return the unit file.

        Raises InputError where an option cannot stand in one, or a file is out of the service's reach.
        """
        values = {
            "name": self.name,
            "command": " ".join(map(quoted, command(self.options))),
            "folder": escaped(str(Path.cwd())),
            "restart": _BACK_OFF if self.systemd >= _BACK_OFF_SINCE else _FIXED_PAUSE,
        }
        if self.account is None:
            return Template(_HERE.joinpath("user.service").read_text("utf-8")).substitute(values)
        self._check_reach(self.account)
        folders = dict.fromkeys(str(path.resolve().parent) for path in self.writes)
        groups = " ".join(existing_groups())
        text = Template(_HERE.joinpath("system.service").read_text("utf-8")).substitute(
            values,
            account=self.account.lines,
            groups=groups,
            writable="".join(f"ReadWritePaths={quoted(folder, dollar='$')}\n" for folder in folders),
        )
        return text.replace("SupplementaryGroups=\n", "") if not groups else text

    def _check_reach(self, account: Account) -> None:
        who = f"user {account.name}" if account.name else "the service's own user"
        remedy = "choose another place, or name its owner with --as USER, or use --user"
        for path in self.reads:
            place = Path.cwd() / path
            if any(folder in place.parents for folder in _PRIVATE_FOLDERS):
                raise InputError(f"{path}: a service has a {place.parts[1]} folder of its own; {remedy}")
            wall = account.kept_out_by(place)
            if wall is not None:
                raise InputError(f"{path}: {who} may not read {wall}; {remedy}")
        for path in self.writes:
            if account.name is None:
                raise InputError(f"{path}: {who} owns no folder to write to; name one with --as USER")


def checked_name(name: str) -> str:
    """Return a unit's name; raise InputError where it cannot be one."""
    if not _NAME.fullmatch(name):
        raise InputError(f"--name {shortened(name)}: use small letters, digits and -, at most 31")
    return name


def command(options: Sequence[str]) -> list[str]:
    """Return the words that start the line."""
    service = [] if "--service" in options else ["--service"]
    return own_python("mandible.cli.main", "run", *service, *options)


def existing_groups(wanted: Iterable[str] = DEVICE_GROUPS) -> list[str]:
    """Return those groups that this machine has: one that is missing would keep the service from starting."""
    known = {group.gr_name for group in grp.getgrall()}
    return [name for name in wanted if name in known]


def quoted(word: str, dollar: str = "$$") -> str:
    """Return a word of a command line as a unit file takes it literally; ``dollar`` is how it spells a ``$``.

    Rules: https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#Command%20lines
    """
    if _PLAIN_WORD.fullmatch(word):
        return word
    inner = escaped(word).replace("\\", "\\\\").replace('"', '\\"').replace("$", dollar)
    return f'"{inner}"'


def escaped(text: str) -> str:
    """Return text whose ``%`` stand for themselves; raise InputError for what no unit file can hold."""
    if not text.isprintable():
        raise InputError(f"{shortened(text)}: unprintable characters cannot stand in a unit file")
    return text.replace("%", "%%")
