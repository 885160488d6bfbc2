"""What a model needs is told before anything is compiled, and agrees with what the compiled thing needs."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from mandible.cli.main import main
from mandible.device.audio import open_source
from mandible.errors import InputError
from mandible.models import network, released
from mandible.quantize import boards, budget, c_code, chips

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "puppet.wav"


def measured(model: released.ModelFile, core: str, folder: Path) -> budget.Needs:
    c_code.export(model, folder / "c", boards.core(core).target)
    image = boards.build(folder / "c", core, "line", folder / "build")
    with open_source(str(SAMPLE)) as source:
        spoken = b"".join(frame.pcm.tobytes() for frame in islice(source, 100, 130))
    run = image.run(spoken)
    return budget.Needs(core, image.flash_bytes, image.ram_bytes + run.stack_bytes, round(run.instructions))


@pytest.mark.parametrize(("name", "core"), [("nano", "cortex-m4"), ("small", "cortex-m55")])
def test_estimates_are_close_to_what_is_counted(name: str, core: str, tmp_path: Path) -> None:
    model = released.resolve(name)
    told, counted = budget.estimate(network.load(model.path), core), measured(model, core, tmp_path)
    assert told.instructions == pytest.approx(counted.instructions, rel=0.03)
    assert told.flash_bytes == pytest.approx(counted.flash_bytes, rel=0.01)
    assert told.ram_bytes == pytest.approx(counted.ram_bytes, rel=0.01)


def test_a_budget_is_read_with_its_units() -> None:
    assert budget.parse("core=m4,flash=64k,ram=16k,instr=200k") == budget.Budget(
        "cortex-m4", 65536, 16384, 200_000
    )
    assert budget.parse("core=cortex-m0plus, ram=1.5k") == budget.Budget("cortex-m0plus", None, 1536, None)
    pico = chips.chips()["rp2040"]
    assert budget.parse("core=rp2040,ram=8k") == budget.Budget(
        "cortex-m0plus", pico.flash_bytes, 8192, pico.instructions
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("flash=64k", "names no core"),
        ("core=m99", "m3, m4, m7"),
        ("core=m4,flash=lots", 'flash="lots"'),
        ("core=m4,flash=-3", 'flash="-3"'),
        ("core=m4,flash=nan", 'flash="nan"'),
        ("core=m4,disk=1k", "disk=1k"),
        ("core=m4,ram=1k,ram=2k", "given twice"),
        ("", "core, flash, ram, instr"),
    ],
)
def test_what_is_no_budget_is_refused(text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        budget.parse(text)
    assert said in str(caught.value)


def test_every_limit_is_judged_by_itself() -> None:
    needs = budget.Needs("cortex-m4", 40_000, 7_000, 90_000)
    tight = budget.Budget("cortex-m4", 40_000, 6_999, None)
    assert [(one.name, one.fits) for one in budget.compare(needs, tight)] == [
        ("flash_bytes", True), ("ram_bytes", False), ("instructions", True),
    ]  # fmt: skip


def test_wider_and_deeper_networks_need_more_on_every_core() -> None:
    small, large = (network.load(released.resolve(name).path) for name in ("nano", "base"))
    for core in boards.CORES:
        one, other = budget.estimate(small, core), budget.estimate(large, core)
        assert one.flash_bytes < other.flash_bytes
        assert one.ram_bytes < other.ram_bytes
        assert one.instructions < other.instructions


def test_chips_name_cores_that_can_be_estimated() -> None:
    assert {chip.core for chip in chips.chips().values()} <= set(boards.CORES)
    base = network.load(released.resolve("base").path)
    assert "rp2040" not in budget.fitting(base)
    assert "rp2040" in budget.fitting(network.load(released.resolve("nano").path))


def test_the_models_verb_lists_every_release(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["models"]
    assert [row["name"] for row in rows] == released.names()
    for row in rows:
        assert row["file_bytes"] == released.resolve(row["name"]).path.stat().st_size
        assert np.all(np.array(list(row["accuracy"].values())) > 0.4)
    assert main(["models", "--core", "m55"]) == 0
    table = capsys.readouterr().out
    assert all(name in table for name in released.names())
    assert "cortex-m55" in table


def test_the_models_verb_knows_no_other_cores(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--core", "z80"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
