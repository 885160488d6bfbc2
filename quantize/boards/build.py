"""Compiling exported C together with the harness into one image for one core."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from mandible.errors import InputError
from mandible.quantize.boards import tools
from mandible.quantize.boards.cores import Core, core, optimisation
from mandible.quantize.boards.faults import TooLargeError
from mandible.quantize.boards.image import Image
from mandible.quantize.boards.stage import Stage

HARNESS = Path(__file__).with_name("harness")
# Compiling weights of half a megabyte takes seconds; more than this is a compiler that hangs.
COMPILE_TIMEOUT_S = 120.0
WARNINGS = ("-std=c99", "-Wall", "-Wextra")
# The harness calls no library: it would weigh as exported code, and fill the stack it has just painted.
HARNESS_FLAGS = ("-ffreestanding", "-fno-tree-loop-distribute-patterns")
# Only what a stage can reach is compiled: the front end's own folder also holds C for Python.
SOURCES = {Stage.FRONT_END: ("logmel.c",), Stage.NETWORK: ("mandible_*.c",), Stage.LINE: ("*.c",)}
NEEDED = {Stage.FRONT_END: "logmel.h", Stage.NETWORK: "mandible_model.h", Stage.LINE: "mandible.h"}


def build(
    sources: Path, core_name: str, stage: str, folder: Path, options: Sequence[str] | None = None
) -> Image:
    """Build the exported C in ``sources`` for a core and return the image, which lies in ``folder``.

    Args:
        sources: folder of exported C (for the front end alone, ``device/frontend`` will do).
        core_name: a name of ``CORES``.
        stage: ``front_end`` (160 int16 in, 40 int8 out), ``network`` (40 int8 in, 15 int8 out) or ``line``
            (160 int16 in, 15 uint8 weights and the viseme out).
        folder: where object files and the image go; made where it is missing. Nothing goes elsewhere.
        options: compiler options in place of the optimisation of ``cores.toml``.

    Raises:
        TooLargeError: an InputError; it does not fit the core's memory.
        InputError: no such core or stage, no exported C in ``sources``, or it does not compile.
        DeviceError: a program is missing.
    """
    chosen, wanted = core(core_name), _stage(stage)
    found = _sources(sources, wanted)
    # The link script tells the harness by its files' names, whatever the folders above are called.
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    flags = [*WARNINGS, *(options or [optimisation()]), *chosen.flags, "-mthumb"]
    flags += ["-ffunction-sections", "-fdata-sections", f"-DSTAGE_{wanted.name}", f"-I{sources}"]
    if chosen.coprocessors:
        flags.append("-DHARNESS_COPROCESSORS")
    objects = [_compiled(source, [*flags, f"-I{HARNESS}"], folder) for source in found]
    objects += [_compiled(source, [*flags, *HARNESS_FLAGS], folder) for source in _harness(chosen)]
    return Image(chosen, wanted, sources, _linked(sources, chosen, objects, folder))


def _stage(name: str) -> Stage:
    try:
        return Stage(name)
    except ValueError:
        known = ", ".join(stage.value for stage in Stage)
        raise InputError(f"stage {name!r} does not exist; choose one of {known}") from None


def _sources(folder: Path, stage: Stage) -> list[Path]:
    found = sorted({path for pattern in SOURCES[stage] for path in folder.glob(pattern)})
    if not found or not (folder / NEEDED[stage]).is_file():
        raise InputError(f"{folder}: no {NEEDED[stage]} with its C in it; write some with: mandible export c")
    return found


def _harness(chosen: Core) -> list[Path]:
    # The runner for rp2040js calls the stage itself: nothing has to start, read or count on the core.
    names = ("harness_stage.c",) if chosen.runner == "rp2040js" else ("harness_*.c",)
    return sorted(path for name in names for path in HARNESS.glob(name))


def _compiled(source: Path, flags: list[str], folder: Path) -> Path:
    target = folder / f"{source.stem}.o"
    done = tools.call(["arm-none-eabi-gcc", *flags, "-c", source, "-o", target], COMPILE_TIMEOUT_S)
    if done.returncode != 0:
        raise InputError(f"{source}: does not compile: {tools.first_complaint(done.stderr)}")
    return target


def _linked(sources: Path, chosen: Core, objects: list[Path], folder: Path) -> Path:
    script, target = folder / "link.ld", folder / "image.elf"
    script.write_text(_script(chosen), encoding="utf-8")
    flags = [*chosen.flags, "-mthumb", "-nostdlib", "-Wl,--gc-sections", "-T", str(script)]
    if chosen.runner == "rp2040js":
        flags += ["-Wl,-e,harness_step", "-Wl,-u,harness_reset"]
    # The library's copying and filling of memory, and the compiler's own arithmetic on long integers.
    libraries = ["-Wl,--start-group", "-lc", "-lgcc", "-Wl,--end-group"]
    done = tools.call(["arm-none-eabi-gcc", *flags, *objects, *libraries, "-o", target], COMPILE_TIMEOUT_S)
    if done.returncode == 0:
        return target
    if "overflowed by" in done.stderr or "no room for the stack" in done.stderr:
        over = max((int(n) for n in re.findall(r"overflowed by (\d+) bytes", done.stderr)), default=0)
        size = chosen.ram.size_bytes if chosen.code == chosen.ram else chosen.code.size_bytes
        missing = f" by {over / 1000:.0f} kB" if over else ""
        raise TooLargeError(
            f"{sources}: too large for {chosen.name}{missing}: it has {size >> 10} KiB for "
            f"{'program, weights and stack' if chosen.code == chosen.ram else 'program and weights'}; "
            "use a smaller model or a larger core"
        )
    raise InputError(f"{sources}: does not link: {tools.first_complaint(done.stderr)}")


def _script(chosen: Core) -> str:
    def line(name: str, start: int, size: int) -> str:
        return f"    {name} (rwx) : ORIGIN = {start:#x}, LENGTH = {size:#x}"

    memory, alias = [line("RAM", chosen.ram.start, chosen.ram.size_bytes)], 'REGION_ALIAS("CODE", RAM)'
    if chosen.code != chosen.ram:
        memory, alias = [*memory, line("CODE", chosen.code.start, chosen.code.size_bytes)], ""
    text = (HARNESS / "link.ld").read_text(encoding="utf-8")
    values = {"MEMORY": "\n".join(memory), "ALIAS": alias, "STACK_BYTES": str(chosen.stack_bytes)}
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text
