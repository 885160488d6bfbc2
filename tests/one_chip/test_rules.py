"""What the program on one chip keeps to: no warning, no recursion, no heap, no float, a known stack."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from mandible.firmware_bridge.rig import Rig
from mandible.models import released
from mandible.quantize import one_chip
from tests.c_code.call_graph import assert_nothing_calls_itself, call_graph
from tests.c_code.filters import STRICT

PROGRAMS = [(key, board.microphone(None).name) for key, board in one_chip.BOARDS.items()]
OTHERS = [(key, one.name) for key, board in one_chip.BOARDS.items() for one in board.microphones[1:]]
# The layer of a chip fills vectors in ways that strict C has not.
LAYER_FLAGS = tuple(flag for flag in STRICT if flag != "-pedantic")


@pytest.fixture(scope="module", params=PROGRAMS, ids=" ".join)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(tmp_path_factory.mktemp("rules"), *request.param)


def exported(made: Path, key: str, microphone: str) -> Path:
    board = one_chip.board_named(key)
    one_chip.export(released.resolve("nano"), Rig.load("parrot"), board, made, microphone)
    (made / "core.flags").write_text(" ".join(board.flags), encoding="utf-8")
    return made


def compiled(folder: Path, source: Path, *options: str) -> None:
    flags = STRICT if source.parent.name == "one_chip" else LAYER_FLAGS
    core = (folder / "core.flags").read_text(encoding="utf-8").split()
    subprocess.run(
        ["arm-none-eabi-gcc", *core, *flags, "-Wvla", *options, "-c", str(source), "-o", f"{source.name}.o"],
        check=True, cwd=folder,
    )  # fmt: skip


def own(folder: Path) -> list[Path]:
    """All but the line, which has tests of its own."""
    return [path for path in sorted(folder.rglob("*.c")) if path.parent.name != "line"]


def test_it_compiles_without_a_warning_and_its_stack_is_known(folder: Path) -> None:
    for source in own(folder):
        compiled(folder, source, "-O2", "-fstack-usage")
    rows = [row for usage in folder.glob("*.su") for row in usage.read_text("utf-8").splitlines()]
    assert len(rows) > 50
    assert [row for row in rows if not row.endswith("static")] == []


@pytest.mark.parametrize("program", OTHERS, ids=" ".join)
def test_so_does_every_other_microphone(program: tuple[str, str], tmp_path: Path) -> None:
    folder = exported(tmp_path, *program)
    compiled(folder, folder / "one_chip" / f"microphone_{program[1]}.c", "-O2", "-fstack-usage")
    (usage,) = folder.glob("*.su")
    assert {row.split()[-1] for row in usage.read_text(encoding="utf-8").splitlines()} == {"static"}


def test_nothing_calls_itself(folder: Path) -> None:
    for source in own(folder):
        # Not optimised: inlining would hide who calls whom.
        compiled(folder, source, "-O0", "-fcallgraph-info")
    calls = call_graph(folder)
    assert {"mandible_push", "mandible_rig_step", "mb_poll"} <= calls["hop"]
    assert_nothing_calls_itself(calls)


def test_it_has_no_heap_and_no_floating_point(folder: Path) -> None:
    for source in own(folder):
        text = re.sub(r"/\*.*?\*/", "", source.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert re.search(r"\b(malloc|calloc|realloc|free|float|double|alloca)\b", text) is None, source
