"""What layers cost on each core: ``python -m mandible.benchmarks.mcu_costs`` writes ``quantize/costs.toml``.

Networks of many shapes, random weights in them, run in the simulators; the price of each kind of work is
the least-squares solution over their counted instructions. Flash, stack and the parts that do not depend
on the network come from the released ``nano``.
"""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from rich.progress import track

from mandible.models import network, released
from mandible.models.layers import Add, Conv, Depthwise, Layer, Operand, Output
from mandible.models.network import Network
from mandible.quantize import boards, c_code, work
from mandible.quantize.budget import COSTS
from mandible.whole_file import written

HOPS = 12
# Channels, blocks, taps, taps of the stem, whether blocks add: so that no two kinds of work go together.
SHAPES = (
    (16, 1, 5, 3, True), (16, 6, 5, 1, True), (48, 6, 5, 3, True), (96, 3, 5, 3, False), (32, 4, 2, 8, True),
    (64, 2, 9, 1, True), (80, 1, 3, 5, False), (24, 8, 3, 2, False), (112, 2, 5, 1, True),
    (48, 1, 9, 6, True), (128, 1, 2, 1, False), (8, 10, 4, 3, True),
)  # fmt: skip


def main() -> None:
    """Measure every core and write the table."""
    rng = np.random.default_rng(1)
    shapes = [made(*shape, rng) for shape in SHAPES]
    tables = [f"# {line}\n" for line in _about()]
    for core in track(boards.CORES, description="cores"):
        tables.append(_table(core, _measured(core, shapes)))
    with written(COSTS) as partial:
        partial.write_text("".join(tables), encoding="utf-8")
    print(COSTS)


def made(
    channels: int, blocks: int, taps: int, stem_taps: int, adds: bool, rng: np.random.Generator
) -> Network:
    """Return a network with random weights and plausible factors."""
    layers: list[Layer] = [_conv("stem", 0, channels, stem_taps, 40, rng)]
    for block in range(blocks):
        before = len(layers)
        layers.append(_depthwise(before, channels, taps, 1 << block % 4, rng))
        layers.append(_conv("point", before + 1, channels, 1, channels, rng))
        if not adds:
            continue
        sides = (Operand(before + 2, -128, 1 << 30, 0), Operand(before, -128, 1400000000, -2))
        layers.append(Add("add", *sides, 1500000000, -18, channels, Output(0.02, -128, -128, 127)))
    layers.append(_conv("logits", len(layers), 15, 1, channels, rng))
    return Network(tuple(layers), 40, 1 / 32, 0)


def _conv(name: str, source: int, outputs: int, taps: int, inputs: int, rng: np.random.Generator) -> Conv:
    weights = rng.integers(-127, 128, (outputs, taps, inputs)).astype(np.int8)
    return Conv(
        name, source, weights, *_factors(outputs), 1, -128 if source else 0, Output(1 / 8, 0, -128, 127)
    )


def _depthwise(source: int, channels: int, taps: int, dilation: int, rng: np.random.Generator) -> Depthwise:
    weights = rng.integers(-127, 128, (taps, channels)).astype(np.int8)
    return Depthwise(
        "depth", source, weights, *_factors(channels), dilation, -128, Output(0.02, -128, -128, 127)
    )


def _factors(outputs: int) -> tuple[Any, Any, Any]:
    return (
        np.full(outputs, 100, np.int32),
        np.full(outputs, 1300000000, np.int32),
        np.full(outputs, -7, np.int32),
    )


def _measured(core: str, shapes: list[Network]) -> dict[str, Any]:
    target = c_code.target_named(boards.core(core).target)
    rng = np.random.default_rng(2)
    features = rng.integers(-128, 128, (HOPS, 40)).astype(np.int8)
    counts, rows = [], []
    for one in shapes:
        with TemporaryDirectory() as folder:
            image = _image(c_code.source_files(one, target, "shape"), core, "network", Path(folder))
            counts.append(image.run(features.tobytes()).instructions)
        rows.append(astuple(work.work(one, target)))
    prices = np.linalg.lstsq(np.array(rows, np.float64), np.array(counts), rcond=None)[0]
    fitted = np.array(rows) @ prices
    return {
        **_fixed(core, target),
        "off_by_percent": round(float(np.max(np.abs(fitted / counts - 1))) * 100, 1),
        "instructions": dict(zip(work.KINDS, (round(float(price), 2) for price in prices), strict=True)),
    }


def _fixed(core: str, target: c_code.Target) -> dict[str, Any]:
    nano = released.resolve("nano")
    model = network.load(nano.path)
    texts = c_code.source_files(model, target, "nano")
    pcm = np.random.default_rng(3).integers(-8000, 8000, (HOPS, 160)).astype(np.int16)
    with TemporaryDirectory() as folder:
        line = _image(texts, core, "line", Path(folder) / "line")
        whole = line.run(pcm.tobytes())
        front_end = _image(texts, core, "front_end", Path(folder) / "front").run(pcm.tobytes())
        mels = np.frombuffer(front_end.outputs, np.int8).reshape(HOPS, 40)
        alone = _image(texts, core, "network", Path(folder) / "net").run(mels.tobytes())
        return {
            "flash_bytes": line.flash_bytes - work.constant_bytes(model, target),
            "ram_bytes": line.ram_bytes - work.state_bytes(model, target),
            "stack_bytes": whole.stack_bytes,
            "network_stack_bytes": alone.stack_bytes - work.row_bytes(model, target),
            "line_instructions": round(whole.instructions - alone.instructions),
        }


def _image(texts: dict[str, str], core: str, stage: str, folder: Path) -> boards.Image:
    sources = folder / "c"
    sources.mkdir(parents=True)
    for name, text in texts.items():
        (sources / name).write_text(text, encoding="utf-8")
    return boards.build(sources, core, stage, folder / "build")


def _about() -> list[str]:
    return [
        "What exported C costs on each core; written by python -m mandible.benchmarks.mcu_costs.",
        "flash_bytes, ram_bytes: what does not depend on the network. stack_bytes: of the whole line.",
        "network_stack_bytes: of the network, without the rows of its values. line_instructions: a hop of",
        "front end and decoder. instructions: price of each kind of work, see quantize/work.py.",
        "off_by_percent: how far prices are from counts at most, over the shapes they were found with.",
    ]


def _table(core: str, row: dict[str, Any]) -> str:
    prices = row.pop("instructions")
    lines = [f"\n[{core}]", *(f"{key} = {value}" for key, value in row.items())]
    lines += [f"\n[{core}.instructions]", *(f"{key} = {value}" for key, value in prices.items())]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
