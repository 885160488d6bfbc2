"""Programs that an engine needs and that are not there, or do not run, are told with what to do about it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mandible.quantize.parity import registry
from mandible.quantize.parity.engines import exported_c
from tests.engines.hops import STREAMING_MODEL
from tests.parity.reports import engines, report

FEW = ("--hops", "10", "--random-hops", "10")
# The model's random weights are more sensitive to rounding than trained ones.
LOOSE = ("--tolerance", "max_lsb=20,max_lsb_noise=20,argmax_agreement=0.5,argmax_agreement_noise=0.5")
COMPILER = [f"arm-none-eabi-{name}" for name in ("gcc", "as", "ld", "size", "nm", "objcopy")]
QEMU_CORES = ("cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55")


def _program(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def without_simulators(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The compiler for cores and Node.js are there, QEMU and rp2040js are not."""
    programs, modules = tmp_path / "bin", tmp_path / "node_modules"
    programs.mkdir()
    modules.mkdir()
    for name in (*COMPILER, "node"):
        found = shutil.which(name)
        assert found is not None, name
        (programs / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("MANDIBLE_NODE_MODULES", str(modules))
    return modules


def test_a_missing_simulator_is_listed_with_its_remedy(
    without_simulators: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = engines(report(capsys, 0, STREAMING_MODEL, "--against", "all", *FEW, *LOOSE))
    assert set(rows) == set(registry.NAMES)
    assert {rows[name]["status"] for name in (*QEMU_CORES, "cortex-m0plus")} == {"missing"}
    for name in QEMU_CORES:
        assert rows[name]["reasons"] == ["qemu-system-arm is missing; run: apt-get install qemu-system-arm"]
    (reason,) = rows["cortex-m0plus"]["reasons"]
    assert reason.endswith(f"run: npm install --prefix {without_simulators.parent} rp2040js@1.4.1")


@pytest.mark.parametrize("core", ["cortex-m4", "cortex-m0plus"])
def test_a_missing_simulator_counts_where_it_was_asked_for(
    core: str, without_simulators: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = engines(report(capsys, 3, STREAMING_MODEL, "--against", f"c,{core}", *FEW))
    assert (rows[core]["status"], rows["c"]["status"]) == ("missing", "ok")


def test_rp2040js_without_node_is_missing(
    without_simulators: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bin" / "node").unlink()
    rows = engines(report(capsys, 3, STREAMING_MODEL, "--against", "cortex-m0plus", *FEW))
    assert rows["cortex-m0plus"]["reasons"] == ["node is missing; run: apt-get install nodejs npm"]


def test_a_compiler_that_cannot_be_run_is_missing_and_one_that_is_slow_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (STREAMING_MODEL, "--against", "exported-c", *FEW)
    monkeypatch.setenv("CC", str(_program(tmp_path / "broken", "\0" * 100)))
    row = engines(report(capsys, 3, *words))["exported-c"]
    assert row["status"] == "missing"
    assert row["reasons"][0].endswith("cannot be run (Exec format error); name another compiler in CC")

    monkeypatch.setattr(exported_c, "COMPILE_LIMIT_S", 0.6)
    monkeypatch.setenv("CC", str(_program(tmp_path / "endless", "#!/bin/sh\nexec sleep 60\n")))
    row = engines(report(capsys, 1, *words))["exported-c"]
    assert row["status"] == "failed"
    assert row["reasons"][0].endswith("did not finish within 1 s and was ended; name another compiler in CC")


def test_a_compilers_complaint_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CC", str(_program(tmp_path / "cc", "#!/bin/sh\necho full disk >&2\nexit 1\n")))
    row = engines(report(capsys, 1, STREAMING_MODEL, "--against", "exported-c", *FEW))["exported-c"]
    assert row["reasons"] == ["the exported C does not compile: full disk"]
