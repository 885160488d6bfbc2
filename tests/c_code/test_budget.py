"""What a model needs is told before anything is compiled, and agrees with what the compiled thing needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mandible.benchmarks import mcu
from mandible.cli.main import main
from mandible.errors import InputError
from mandible.models import network, released
from mandible.quantize import boards, budget, chips, shape

RELEASED = Path(network.__file__).parent / "released"


def counted() -> list[dict[str, Any]]:
    rows = json.loads(mcu.RESULT.read_text(encoding="utf-8"))["rows"]
    return [row for row in rows if row["stage"] == "line"]


def test_estimates_are_close_to_what_was_counted() -> None:
    assert {row["core"] for row in counted()} == set(boards.CORES)
    for row in counted():
        told = budget.estimate(network.load(released.resolve(row["model"]).path), row["core"])
        assert told.instructions == pytest.approx(row["instructions_per_hop"], rel=0.03)
        assert told.flash_bytes == pytest.approx(row["flash_bytes"], rel=0.01)
        assert told.ram_bytes == pytest.approx(row["ram_bytes"] + row["stack_bytes"], rel=0.01)


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
        ("core=m4,flash=1.5", 'flash="1.5"'),
        ("core=m4,flash=\u0663k", "flash="),
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
    assert capsys.readouterr().err == (
        'mandible: --core "z80": no figures for it; use m3, m4, m7, m33, m55, m0plus, rp2040, rp2350, '
        "nrf52840, stm32f411, stm32h743, imxrt1062\n"
    )


@pytest.mark.parametrize("model", ["nano", str(RELEASED / "nano.tflite"), str(RELEASED / "nano.float.npz")])
def test_the_verb_says_whether_a_model_fits(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["quantize", model, "--budget", "core=m4,flash=64k,ram=16k,instr=200k", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["budget"]
    assert told["fits"]
    assert told["flash_bytes"]["limit"] == 65536
    assert main(["quantize", model, "--budget", "core=m4,instr=50k"]) == 1
    assert "does not fit cortex-m4: too much instructions a hop" in capsys.readouterr().out


def test_a_float_model_and_its_int8_one_need_the_same() -> None:
    whole, shape_alone = (
        budget.estimate(shape.network_named(name), "cortex-m55")
        for name in ("small", str(RELEASED / "small.float.npz"))
    )
    assert whole == shape_alone
