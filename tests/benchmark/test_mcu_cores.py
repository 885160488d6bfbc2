"""What models take on simulated cores: counted, held against the host's bytes, with what is missing named."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mandible.benchmarks.bench import Bench
from mandible.benchmarks.cycles import paces
from mandible.benchmarks.devices import Device
from mandible.benchmarks.figures import figure_named
from mandible.benchmarks.measurement import Measurement
from mandible.benchmarks.probes import cores, one_chip
from mandible.benchmarks.probes.cores import Settings
from mandible.benchmarks.speech import sample
from mandible.errors import DeviceError
from mandible.quantize import boards
from mandible.quantize.chips import SHARE, chips
from mandible.quantize.one_chip import BOARDS

COMPILERS = ("gcc", "size", "nm", "objcopy")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return Bench(Device("mcu"), sample(), scratch)


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Leave nothing on the search path but some programs."""

    def leave(*programs: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir()
        for program in programs:
            found = shutil.which(program)
            assert found is not None, program
            # A compiler finds its other passes by where it really lies.
            (folder / program).symlink_to(Path(found).resolve())
        monkeypatch.setenv("PATH", str(folder))

    return leave


def gathered(settings: Settings, bench: Bench) -> tuple[list[Measurement], str | None]:
    """Return what was measured, and why the rest was not."""
    found: list[Measurement] = []
    try:
        for one in cores.measure(settings, bench):
            found.append(one)
    except DeviceError as error:
        return found, str(error)
    return found, None


def of(found: list[Measurement], figure: str, **subject: str) -> Measurement:
    (one,) = [
        one
        for one in found
        if one.figure == figure and all(one.subject.get(key) == value for key, value in subject.items())
    ]
    return one


def test_a_core_is_counted_hop_by_hop_and_its_accuracy_stands_beside(bench: Bench) -> None:
    settings = Settings(cores=("cortex-m4", "cortex-m0plus"), stages=("line",), hops=12)
    found, why = gathered(settings, bench)
    assert why is None
    for core in settings.cores:
        counts = of(found, "instructions_per_hop", core=core)
        assert len(counts.samples) == 12
        assert len(set(counts.samples)) > 1
        assert counts.value == pytest.approx(sum(counts.samples) / 12)
        assert counts.expected == (counts.value, counts.value)
        assert of(found, "most_instructions", core=core).value >= max(counts.samples) - 1
        assert of(found, "differing_bytes", core=core).value == 0
        accuracy = of(found, "accuracy", core=core)
        assert accuracy.subject == counts.subject == {"model": "nano", "core": core, "stage": "line"}
        assert 0.4 < accuracy.value < 1
        for figure in ("flash_bytes", "ram_bytes", "stack_bytes"):
            assert of(found, figure, core=core).value > 100
    assert "qemu-system-arm" in str(of(found, "flash_bytes", core="cortex-m4").conditions["simulator"])
    assert "rp2040js" in str(of(found, "flash_bytes", core="cortex-m0plus").conditions["simulator"])


def test_milliseconds_are_an_estimate_that_says_so_and_is_compared_nowhere(bench: Bench) -> None:
    found, _ = gathered(Settings(cores=("cortex-m33",), stages=("front_end",), hops=3), bench)
    estimate, most = of(found, "estimated_ms_per_hop"), of(found, "most_instructions")
    assert estimate.subject == {"core": "cortex-m33", "stage": "front_end"}
    assert estimate.value == pytest.approx(
        most.value
        * float(estimate.conditions["cycles_per_instruction"])
        / float(estimate.conditions["clock_mhz"])
        / 1000
    )
    assert estimate.conditions["why"]
    figure = figure_named("estimated_ms_per_hop")
    assert not figure.portable
    assert figure.meaning.startswith("estimate")


def test_two_counts_are_the_same(bench: Bench) -> None:
    settings = Settings(cores=("cortex-m3",), stages=("network",), hops=5)
    one, other = (of(gathered(settings, bench)[0], "instructions_per_hop").rounds for _ in range(2))
    assert one == other


def test_without_a_simulator_the_other_cores_are_measured_and_the_command_is_named(
    bench: Bench, only: Callable[..., None]
) -> None:
    only(*(f"arm-none-eabi-{tool}" for tool in COMPILERS), "node")
    settings = Settings(cores=("cortex-m3", "cortex-m4", "cortex-m0plus"), stages=("network",), hops=2)
    found, why = gathered(settings, bench)
    assert {one.subject["core"] for one in found} == {"cortex-m0plus"}
    assert why == ("cortex-m3, cortex-m4: qemu-system-arm is missing; run: apt-get install qemu-system-arm")


def test_without_any_tool_each_is_named_once(
    bench: Bench, only: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    only()
    monkeypatch.setenv("MANDIBLE_NODE_MODULES", str(tmp_path / "nothing"))
    found, why = gathered(Settings(), bench)
    assert found == []
    assert why is not None
    assert "\n" not in why
    assert why.count("apt-get install qemu-system-arm") == 1
    assert why.count("apt-get install nodejs npm") == 1
    only_node = Settings(cores=("cortex-m0plus",))
    monkeypatch.undo()
    monkeypatch.setenv("MANDIBLE_NODE_MODULES", str(tmp_path / "nothing"))
    _, why = gathered(only_node, bench)
    assert why is not None
    assert f"npm install --prefix {tmp_path / 'nothing'} rp2040js@1.4.1" in why


def test_every_core_has_a_pace_whose_clock_is_its_chips() -> None:
    assert set(paces()) == set(boards.CORES)
    assert all(pace.why and 0.5 <= pace.cycles_per_instruction <= 4 for pace in paces().values())
    for name in ("rp2040", "nrf52840", "imxrt1062", "rp2350"):
        chip = chips()[name]
        # Half of a hop's cycles, as chips.py has it.
        assert paces()[chip.core].clock_mhz * 10_000 * SHARE == chip.instructions


def test_a_puppet_on_one_chip_gives_the_pulses_that_the_computer_works_out(bench: Bench) -> None:
    found = list(one_chip.measure(one_chip.Settings(boards=("cortex-m4",), hops=60), bench))
    counts = of(found, "instructions_per_hop")
    assert counts.subject == {"model": "nano", "board": "cortex-m4", "rig": "skull"}
    assert len(counts.samples) == 60
    for figure in ("differing_bytes", "pulse_apart_us", "set_points_refused"):
        assert of(found, figure).value == 0
    assert of(found, "accuracy").subject == counts.subject


@pytest.mark.full
def test_every_model_on_every_core(bench: Bench) -> None:
    settings = Settings(models=("nano", "small", "base"), hops=20)
    found, why = gathered(settings, bench)
    assert why is not None
    assert why.startswith("base on cortex-m0plus: ")
    assert "base on" not in why.removeprefix("base on")
    counted = {
        (one.subject.get("model"), one.subject["core"], one.subject["stage"])
        for one in found
        if one.figure == "instructions_per_hop"
    }
    for core in boards.CORES:
        assert (None, core, "front_end") in counted
        for model in settings.models:
            fits = (model, core) != ("base", "cortex-m0plus")
            assert ((model, core, "line") in counted) == fits
    assert all(one.value == 0 for one in found if one.figure == "differing_bytes")
    assert len([one for one in found if one.figure == "accuracy"]) == 3 * len(boards.CORES) - 1


@pytest.mark.full
def test_every_board_of_a_puppet(bench: Bench) -> None:
    found = list(one_chip.measure(one_chip.Settings(hops=200), bench))
    assert {one.subject["board"] for one in found} == set(BOARDS)
    assert all(one.value == 0 for one in found if one.figure in ("differing_bytes", "pulse_apart_us"))
