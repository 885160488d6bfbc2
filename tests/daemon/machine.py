"""A machine with a service manager of our own in ``PATH``, for tests of ``mandible service``.

``systemctl`` and ``journalctl`` are stand-ins that note what they were told: a test machine is seldom run by
systemd. The unit itself goes past systemd's own checker in ``test_unit_file.py``.
"""

from __future__ import annotations

import io
import signal
import subprocess
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from mandible.cli.main import main

FAKE = """#!/bin/sh
echo "$(basename "$0") $*" >> {log}
case "$*" in
  --version) echo "systemd {release} (fake)"; exit 0;;
  *is-active*) exit 3;;
  *"show --property=Version"*) exit {runs};;
  *show*) echo LoadState={load}; echo ActiveState={state}; echo SubState=running; echo MainPID=77
          echo NRestarts=2; exit {runs};;
  *{failing}*) echo "Access denied" >&2; exit 4;;
esac
exit 0
"""


class Machine:
    """A machine with a systemd of our own, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "told"
        self.unit = folder / "config" / "systemd" / "user" / "mandible.service"
        (folder / "run").mkdir()
        self.environment = {
            "PATH": str(folder / "bin"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_RUNTIME_DIR": str(folder / "run"),
        }
        (folder / "bin").mkdir()
        self.systemd()

    def systemd(
        self,
        runs: int = 0,
        state: str = "inactive",
        release: int = 252,
        failing: str = "NOTHING",
        load: str = "loaded",
    ) -> None:
        for name in ("systemctl", "journalctl"):
            file = self.folder / "bin" / name
            file.write_text(
                FAKE.format(log=self.log, runs=runs, state=state, release=release, failing=failing, load=load)
            )
            file.chmod(0o755)
        for name in ("basename", "sh"):
            link = self.folder / "bin" / name
            if not link.exists():
                link.symlink_to(f"/bin/{name}")

    def without_systemd(self) -> None:
        for name in ("systemctl", "journalctl"):
            (self.folder / "bin" / name).unlink()

    def told(self) -> list[str]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return [line for line in lines if "show" not in line and "--version" not in line]

    def service(self, *words: str | Path) -> subprocess.CompletedProcess[bytes]:
        """Run the verb in this process: a start of Python for each would take most of the time."""
        out, err = io.StringIO(), io.StringIO()
        handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.chdir(self.folder)
            for name, value in self.environment.items():
                patch.setenv(name, value)
            patch.delenv("RUNTIME_DIRECTORY", raising=False)
            try:
                code = main(["service", *map(str, words)])
            except SystemExit as usage:
                code = int(usage.code or 0)
            finally:
                for number, handler in handlers.items():
                    signal.signal(number, handler)
        return subprocess.CompletedProcess(words, code, out.getvalue().encode(), err.getvalue().encode())
