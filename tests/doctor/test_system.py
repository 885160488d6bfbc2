"""The service, limits, disk space."""

from __future__ import annotations

import os
import resource
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from mandible.device.doctor import OK, WARN, system
from tests.telemetry.trees import plant

LOADED = {
    "LoadState": "loaded",
    "ActiveState": "active",
    "UnitFileState": "enabled",
    "NRestarts": "0",
    "Result": "success",
}


def systemd(root: Path, said: dict[str, str], for_user: bool = False) -> str:
    """A computer with systemd, and a ``systemctl`` that says this; no real one answers in a container."""
    (root / "run/systemd/system").mkdir(parents=True)
    lines = "\n".join(f"{name}={value}" for name, value in said.items())
    (root / "said").write_text(lines + "\n")
    whose = '[ "$1" = --user ]' if for_user else '[ "$1" != --user ]'
    path = root / "systemctl"
    path.write_text(f"#!/bin/sh\nif {whose}; then cat {root}/said; else echo LoadState=not-found; fi\n")
    path.chmod(0o755)
    return str(root) + os.pathsep + os.environ["PATH"]


@pytest.mark.parametrize(
    ("said", "result", "finding", "remedy"),
    [
        ({}, OK, "mandible.service: active, started at boot", ""),
        ({"UnitFileState": "disabled"}, WARN, "not started at boot", "sudo systemctl enable"),
        ({"NRestarts": "7"}, WARN, "started again 7 times", "mandible service logs says why"),
        (
            {"ActiveState": "failed", "Result": "exit-code"},
            WARN,
            "failed (exit-code)",
            "sudo systemctl restart mandible.service",
        ),
        ({"LoadState": "not-found"}, OK, "not installed", ""),
        ({"NRestarts": "many"}, OK, "active", ""),
    ],
)
def test_the_service(tmp_path: Path, said: dict[str, str], result: str, finding: str, remedy: str) -> None:
    (check,) = system.service(tmp_path, systemd(tmp_path, LOADED | said))
    assert check.result == result
    assert finding in check.finding
    assert remedy in check.remedy


def test_a_service_of_the_users_own(tmp_path: Path) -> None:
    there = systemd(tmp_path, LOADED | {"UnitFileState": "disabled"}, for_user=True)
    (check,) = system.service(tmp_path, there)
    assert check.finding == "your own mandible.service: active, not started at boot"
    assert check.remedy == "systemctl --user enable mandible.service"


def test_no_systemd(tmp_path: Path) -> None:
    for search_path in ("", systemd(tmp_path / "there", LOADED)):
        (check,) = system.service(tmp_path, search_path)
        assert (check.result, check.finding[:15]) == (OK, "no systemd here")


def test_a_systemctl_that_hangs(tmp_path: Path) -> None:
    there = systemd(tmp_path, LOADED)
    (tmp_path / "systemctl").write_text("#!/bin/sh\nsleep 100\n")
    (check,) = system.service(tmp_path, there)
    assert (check.result, check.finding[:13]) == (OK, "not installed")


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "nice", lambda _: 0)
    (check,) = system.limits(tmp_path)
    assert check.result == OK
    plant(
        tmp_path,
        {
            "proc/self/cgroup": "0::/system.slice/mandible.service",
            "sys/fs/cgroup/system.slice/mandible.service/memory.max": 64 << 20,
        },
    )
    monkeypatch.setattr(os, "nice", lambda _: 10)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (64, 64))
    checks = list(system.limits(tmp_path))
    assert [check.result for check in checks] == [WARN, WARN, WARN]
    assert "niceness 10" in checks[0].finding
    assert checks[1].remedy == "ulimit -n 1024"
    assert "only 64 MB" in checks[2].finding
    (tmp_path / "sys/fs/cgroup/system.slice/mandible.service/memory.max").write_text("max\n")
    assert len(list(system.limits(tmp_path))) == 2


def test_disk_space(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=50 << 20))
    checks = list(system.disk_space())
    assert {check.result for check in checks} == {WARN}
    assert f"{tmp_path}: 50 MB free" in [check.finding for check in checks]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=8 << 30))
    (check,) = system.disk_space()
    assert check.result == OK
    assert f"{tmp_path}: 8.0 GB free" in check.finding
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert {check.result for check in system.disk_space()} == {WARN}
