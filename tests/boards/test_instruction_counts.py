"""Exported C may not become slower unnoticed: it is counted again and held against the committed result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mandible.benchmarks import mcu
from mandible.models import released
from mandible.quantize import boards
from mandible.quantize.c_code import export

MOST_GROWTH = 1.03


@pytest.fixture(scope="module")
def committed() -> dict[str, Any]:
    return dict(json.loads(mcu.RESULT.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def pcm(committed: dict[str, Any]) -> Any:
    return mcu.speech(committed["settings"]["hops"])


def row(committed: dict[str, Any], model: str, core: str, stage: str) -> dict[str, Any]:
    wanted = {"model": model, "core": core, "stage": stage}
    (found,) = [row for row in committed["rows"] if wanted.items() <= row.items()]
    return dict(found)


@pytest.mark.parametrize(
    ("name", "core", "stage"),
    [
        ("nano", "cortex-m4", "line"),
        ("nano", "cortex-m55", "network"),
        ("nano", "cortex-m3", "line"),  # the portable kernels
        ("small", "cortex-m4", "line"),
    ],
)
def test_it_takes_no_more_instructions_than_the_committed_count(
    name: str, core: str, stage: str, committed: dict[str, Any], pcm: Any, tmp_path: Path
) -> None:
    model = released.resolve(name)
    assert committed["models"][name]["sha256"] == model.sha256, "run: python -m mandible.benchmarks.mcu"
    export(model, tmp_path / "c", boards.core(core).target)

    now = mcu.measure(tmp_path / "c", core, boards.Stage(stage), mcu.hear(model, pcm))
    before = row(committed, name, core, stage)

    assert now["differing_bytes"] == 0
    # Another compiler counts otherwise: then the versions say so.
    versions = f"committed with {committed['versions']}, now {mcu.versions()}"
    for figure in ("instructions_per_hop", "most_instructions", "flash_bytes", "ram_bytes"):
        assert now[figure] <= before[figure] * MOST_GROWTH, versions


def test_the_committed_counts_keep_what_the_documentation_promises(committed: dict[str, Any]) -> None:
    line = row(committed, "nano", "cortex-m4", "line")
    assert line["instructions_per_hop"] <= 130_000
    assert line["ram_bytes"] + line["stack_bytes"] <= 12_000
    assert line["flash_bytes"] <= 64_000
    assert row(committed, "small", "cortex-m4", "line")["instructions_per_hop"] <= 320_000
    assert row(committed, "nano", "cortex-m4", "front_end")["instructions_per_hop"] <= 45_000
    for model in ("nano", "small"):
        on_m4, on_m55 = (row(committed, model, core, "network") for core in ("cortex-m4", "cortex-m55"))
        assert on_m4["instructions_per_hop"] >= 2.5 * on_m55["instructions_per_hop"]


def test_every_committed_byte_is_the_hosts(committed: dict[str, Any]) -> None:
    counted = {(row["model"], row["core"], row["stage"]) for row in committed["rows"]}
    too_large = {(row["model"], row["core"], row["stage"]) for row in committed["too_large"]}
    for model in committed["models"]:
        for core in boards.CORES:
            for stage in ("network", "line"):
                assert (model, core, stage) in counted | too_large
    assert {(model, core) for model, core, _ in too_large} <= {("base", "cortex-m0plus")}
    assert all(row["differing_bytes"] == 0 for row in committed["rows"])
