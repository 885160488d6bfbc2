"""Units lie where systemd looks for them, and what is in the way is said in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from mandible.device.daemon.systemd import Systemd
from mandible.errors import DeviceError, InputError


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(DeviceError, match=r"run sudo /\S+ .*service \.\.\., or use --user"):
        Systemd(False, blocked / "system").write("mandible", "x")


def test_the_machines_own_units_lie_where_systemd_looks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake = tmp_path / "systemctl"
    fake.write_text("#!/bin/sh\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert str(Systemd.of(False).path("parrot")) == "/etc/systemd/system/parrot.service"
    assert str(Systemd.of(True, {"HOME": "/home/a"}).path("x")) == "/home/a/.config/systemd/user/x.service"
    (tmp_path / "dir.service").mkdir()
    with pytest.raises(InputError, match="not a regular file"):
        Systemd(False, tmp_path).write("dir", "x")
