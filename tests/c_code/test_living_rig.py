"""What lives in a rig is not in the C: its servos follow their poses alone, and the export says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mandible.cli.main import main
from mandible.firmware_bridge.rig import Rig
from mandible.quantize.c_code import rig_tables

_LEFT_OUT = "idle life and expression are not exported; without a pose at neutral: eyelids, brows, head_turn"


def test_the_export_names_what_it_leaves_out_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "c", "--rig", "owl", "-o", str(tmp_path)]) == 0
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert _LEFT_OUT in error
    assert "eyelids, brows, head_turn, head_nod" in (tmp_path / "mandible_rig_tables.h").read_text("utf-8")


def test_json_holds_the_same_as_a_note(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "c", "--rig", "owl", "-o", str(tmp_path), "--json"]) == 0
    said = capsys.readouterr()
    assert _LEFT_OUT in json.loads(said.out)["note"]
    assert said.err == ""


def test_nothing_is_said_of_a_rig_without_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "c", "--rig", "parrot", "-o", str(tmp_path), "--json"]) == 0
    said = capsys.readouterr()
    assert "note" not in json.loads(said.out)
    assert said.err == ""


def test_servos_without_poses_hold_neutral() -> None:
    owl = Rig.load("owl")
    assert rig_tables.left_out(owl) == ("eyelids", "brows", "head_turn", "head_nod")
    assert {poses[1:] for poses in owl.poses_us} == {owl.neutral_us[1:]}
