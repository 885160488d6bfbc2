"""What exported C keeps to on every core: no warning, no heap, no float, no recursion, a known stack."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from mandible.firmware_bridge.rig import Rig
from mandible.models import released
from mandible.quantize import c_code
from tests.c_code.call_graph import assert_nothing_calls_itself, call_graph
from tests.c_code.filters import STRICT

# core -> the target that is meant for it. Soft floats would show as calls of the library.
CORES = {
    "cortex-m0plus": "generic",
    "cortex-m3": "generic",
    "cortex-m4": "cortex-m4",
    "cortex-m7": "cortex-m4",
    "cortex-m33": "cortex-m4",
    "cortex-m55": "cortex-m55",
}
# What the compiler itself may call on any C, and the long and divided integers of small cores.
ALLOWED = re.compile(
    r"memcpy|memset|__aeabi_(mem\w+|lmul|ll\w+|u?l?div\w*|u?idiv\w*)|__gnu_thumb\w+|__clzsi2"
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {}
    for target in c_code.TARGETS:
        made[target] = tmp_path_factory.mktemp(target)
        c_code.export(released.resolve("nano"), made[target], target, Rig.load("parrot"))
    return made


def compiled(core: str, source: Path, folder: Path, *options: str) -> Path:
    result = folder / f"{source.stem}.o"
    floats = "hard" if core == "cortex-m55" else "soft"
    subprocess.run(
        ["arm-none-eabi-gcc", f"-mcpu={core}", "-mthumb", f"-mfloat-abi={floats}", "-O3", *STRICT, "-Wvla",
         *options, f"-I{source.parent}", "-c", str(source), "-o", str(result)],
        check=True, cwd=folder,
    )  # fmt: skip
    return result


@pytest.mark.parametrize("core", CORES)
def test_it_compiles_without_a_warning_and_calls_nobody(
    core: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    objects = [compiled(core, source, tmp_path) for source in sorted(folders[CORES[core]].glob("*.c"))]
    assert len(objects) == 6
    whole = tmp_path / "whole.o"
    subprocess.run(["arm-none-eabi-ld", "-r", *map(str, objects), "-o", str(whole)], check=True)
    listed = subprocess.run(
        ["arm-none-eabi-nm", "-u", str(whole)], check=True, capture_output=True, text=True
    ).stdout
    wanted = [line.split()[-1] for line in listed.splitlines()]
    assert "memcpy" in wanted or "__aeabi_memcpy" in wanted  # or the list says nothing
    assert [name for name in wanted if not ALLOWED.fullmatch(name)] == []


@pytest.mark.parametrize("target", ["generic", "cortex-m4"])
def test_nothing_calls_itself(target: str, folders: dict[str, Path], tmp_path: Path) -> None:
    for source in sorted(folders[target].glob("*.c")):
        # Not optimised: inlining would hide who calls whom.
        compiled("cortex-m4", source, tmp_path, "-O0", "-fcallgraph-info")
    calls = call_graph(tmp_path)
    assert {"mandible_network_step", "logmel_push", "mandible_decoder_step"} <= calls["mandible_push"]
    assert_nothing_calls_itself(calls)


@pytest.mark.parametrize("target", c_code.TARGETS)
def test_every_frame_on_the_stack_has_a_fixed_size(
    target: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    core = next(core for core in reversed(CORES) if CORES[core] == target)
    for source in sorted(folders[target].glob("*.c")):
        compiled(core, source, tmp_path, "-fstack-usage")
    rows = [row for usage in tmp_path.glob("*.su") for row in usage.read_text(encoding="utf-8").splitlines()]
    assert len(rows) > 10
    assert [row for row in rows if not row.endswith("static")] == []
    assert max(int(row.split("\t")[1]) for row in rows) < 3072
