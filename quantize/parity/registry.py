"""The engines of the parity report by name. Each module is imported only when its engine is asked for."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from mandible.errors import InputError
from mandible.quantize.boards.cores import names as core_names
from mandible.quantize.parity.engine import EXACT, FAST, FLOAT, Engine, Options
from mandible.quantize.parity.subject import Subject
from mandible.wording import shown

# What every other engine is compared with.
YARDSTICK = "builtin-ref"
ALL = "all"


@dataclass(frozen=True)
class Entry:
    """One engine.

    Attributes:
        module: its file in this package.
        kind: ``exact``, ``fast`` (within a tolerance) or ``float``.
        recordings: the most that it hears of a held-out corpus; None for no limit.
        apart: runs in programs of its own, so that two of them may run at once.
        about: one line for people.
    """

    module: str
    kind: str
    about: str
    recordings: int | None = None
    apart: bool = False


ENGINES: dict[str, Entry] = {
    "float": Entry("float_network", FLOAT, "the float network, before quantisation"),
    "sequence": Entry("sequence", EXACT, "int8 over whole sequences, LiteRT's reference kernels"),
    YARDSTICK: Entry("builtin_ref", EXACT, "int8 hop by hop, LiteRT's reference kernels: the yardstick"),
    "litert": Entry("litert", FAST, "LiteRT with XNNPACK"),
    "tflite-runtime": Entry(
        "tflite_runtime", EXACT, "tflite-runtime 2.14, its reference kernels", apart=True
    ),
    "tflm": Entry("tflm", EXACT, "TensorFlow Lite Micro's interpreter"),
    "reference": Entry("reference", EXACT, "our definition in numpy", recordings=10),
    "c": Entry("c", EXACT, "our compiled engine on this machine"),
    "exported-c": Entry("exported_c", EXACT, "our exported C on this machine", apart=True),
    **{
        name: Entry("board", EXACT, f"our exported C on a simulated {name}", recordings=4, apart=True)
        for name in core_names()
    },
    "onnx": Entry("onnx", FAST, "ONNX Runtime on our int8 QDQ export"),
    "onnx-exact": Entry("onnx", EXACT, "ONNX Runtime on our export with the kernels' own arithmetic"),
}
NAMES = tuple(ENGINES)


def create(name: str, subject: Subject, options: Options) -> Engine:
    """Return a fresh engine.

    Raises:
        DeviceError: what it needs is not installed; names the remedy.
        InputError: it refuses this model.
    """
    module = importlib.import_module(f"mandible.quantize.parity.engines.{ENGINES[name].module}")
    engine: Engine = module.create(name, subject, options)
    return engine


def asked(words: str) -> tuple[list[str], set[str]]:
    """Return (engines to run, in the registry's order; those asked for by name) from ``--against``.

    Raises:
        InputError: a name is unknown.
    """
    wanted = [word.strip() for word in words.split(",") if word.strip()]
    unknown = [word for word in wanted if word not in (*NAMES, ALL)]
    if unknown or not wanted:
        raise InputError(
            f"--against {shown(unknown[0] if unknown else words)}: choose all, or some of {', '.join(NAMES)}"
        )
    if ALL in wanted:
        return list(NAMES), set(wanted) - {ALL}
    return [name for name in NAMES if name in wanted or name == YARDSTICK], set(wanted)
