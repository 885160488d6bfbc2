"""What a person reads when exported code, its size or a tool is not as it should be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mandible.errors import DeviceError, InputError
from mandible.quantize import boards
from mandible.quantize.boards import qemu, rp2040, tools
from tests.boards import toy

HOP = bytes(40)
# The second hop reads where no core has any memory.
BAD_READ = "static int hop; if (hop++) logits[0] = (int8_t)*(volatile const int32_t *)0xF0000002u;"
ENDLESS = "for (volatile int i = 0; i >= 0; i = 0) {}"


@pytest.mark.parametrize("core", ["cortex-m3", "cortex-m4", "cortex-m55", "cortex-m0plus"])
def test_a_fault_ends_with_the_core_and_the_hop(core: str, tmp_path: Path) -> None:
    image = boards.build(toy.write(tmp_path / "c", BAD_READ), core, "network", tmp_path / "build")

    with pytest.raises(
        InputError, match=rf"c: faulted on {image.core.name.replace('+', '.')} in hop 1: .+; export"
    ):
        image.run(HOP * 3)


@pytest.mark.parametrize("core", ["cortex-m33", "cortex-m0plus"])
def test_an_instruction_that_does_not_exist_is_a_fault(core: str, tmp_path: Path) -> None:
    image = boards.build(
        toy.write(tmp_path / "c", '__asm volatile("udf #7");'), core, "network", tmp_path / "b"
    )

    with pytest.raises(InputError, match="in hop 0: "):
        image.run(HOP)


def test_code_without_an_end_is_stopped_in_qemu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = boards.build(toy.write(tmp_path / "c", ENDLESS), "cortex-m4", "network", tmp_path / "build")
    monkeypatch.setattr(qemu, "STARTING_S", 1.0)

    with pytest.raises(DeviceError, match="qemu-system-arm did not finish within 1 s"):
        image.run(HOP)


def test_code_without_an_end_is_stopped_in_rp2040js(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = boards.build(toy.write(tmp_path / "c", ENDLESS), "cortex-m0plus", "network", tmp_path / "build")
    monkeypatch.setattr(rp2040, "MOST_INSTRUCTIONS", 100_000)

    with pytest.raises(InputError, match="no end after 100000 instructions"):
        image.run(HOP)


def test_a_timer_of_another_speed_is_noticed(tmp_path: Path) -> None:
    image = boards.build(toy.write(tmp_path / "c"), "cortex-m4", "network", tmp_path / "build")
    other = replace(image, core=replace(image.core, instructions_per_tick=41.0))

    with pytest.raises(DeviceError, match=r"1000000 instructions counts as 10250\d\d: its timer"):
        other.run(HOP)


def test_weights_too_large_for_the_core_are_one_clear_line(tmp_path: Path) -> None:
    before = "static const int8_t TABLE[300000] = {1};"
    folder = toy.write(tmp_path / "c", "logits[0] = TABLE[(uint8_t)features[0] * 1000];", before)

    with pytest.raises(
        InputError, match=r"c: too large for Cortex-M0\+ by \d+ kB: it has 264 KiB .*smaller model"
    ):
        boards.build(folder, "cortex-m0plus", "network", tmp_path / "build")


def test_code_that_does_not_compile_names_file_line_and_error(tmp_path: Path) -> None:
    folder = toy.write(tmp_path / "c", "nonsense;")

    with pytest.raises(
        InputError, match=r"mandible_model.c: does not compile: .*mandible_model.c:\d+.*nonsense"
    ):
        boards.build(folder, "cortex-m4", "network", tmp_path / "build")


@pytest.mark.parametrize("hops", [b"", bytes(39), bytes(41)])
def test_parts_of_hops_are_refused(hops: bytes, tmp_path: Path) -> None:
    image = boards.build(toy.write(tmp_path / "c"), "cortex-m4", "network", tmp_path / "build")

    with pytest.raises(InputError, match="no whole hops"):
        image.run(hops)


def test_unknown_names_are_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"core 'cortex-m1' does not exist; choose one of cortex-m3, .*cortex-m0plus"
    ):
        boards.build(tmp_path, "cortex-m1", "network", tmp_path)
    with pytest.raises(
        InputError, match="stage 'ears' does not exist; choose one of front_end, network, line"
    ):
        boards.build(tmp_path, "cortex-m4", "ears", tmp_path)
    with pytest.raises(InputError, match=r"no mandible_model\.h with its C in it"):
        boards.build(tmp_path / "nothing", "cortex-m4", "network", tmp_path / "build")


@pytest.mark.parametrize(
    ("program", "packages"),
    [
        ("arm-none-eabi-gcc", "gcc-arm-none-eabi libnewlib-arm-none-eabi"),
        ("qemu-system-arm", "qemu-system-arm"),
        ("node", "nodejs npm"),
    ],
)
def test_a_missing_program_is_named_with_its_package(
    program: str, packages: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(DeviceError, match=f"^{program} is missing; run: apt-get install {packages}$"):
        tools.find(program)


def test_building_without_a_compiler_writes_no_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(DeviceError, match="arm-none-eabi-gcc is missing"):
        boards.build(toy.write(tmp_path / "c"), "cortex-m4", "network", tmp_path / "build")
    assert list((tmp_path / "build").iterdir()) == []


def test_a_missing_rp2040js_is_named_with_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MANDIBLE_NODE_MODULES", str(tmp_path / "node_modules"))
    command = f"npm install --prefix {tmp_path} rp2040js@1.4.1"

    with pytest.raises(DeviceError, match=f"rp2040js is not in .*; run: {command}$"):
        boards.node_modules()

    package = tmp_path / "node_modules" / "rp2040js" / "package.json"
    package.parent.mkdir(parents=True)
    package.write_text('{"name": "rp2040js", "version": "0.19.0"}', encoding="utf-8")
    with pytest.raises(DeviceError, match=f"not version 1.4.1; run: {command}$"):
        boards.node_modules()
