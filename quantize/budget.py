"""Whether a model fits a microcontroller, told before anything is compiled or flashed.

The estimate adds up the work of each layer at prices that were counted in a simulator (``costs.toml``).
Flash and RAM are those of the exported C without a rig; RAM includes the stack of a hop.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mandible.errors import InputError
from mandible.models.network import Network
from mandible.quantize import work
from mandible.quantize.boards import cores
from mandible.quantize.c_code.targets import target_named
from mandible.quantize.chips import chips
from mandible.wording import shown

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

COSTS = Path(__file__).with_name("costs.toml")
OTHER_NAMES = {"m0+": "cortex-m0plus", "m0": "cortex-m0plus"}
BYTES_PER_K, INSTRUCTIONS_PER_K = 1024, 1000
KEYS = ("core", "flash", "ram", "instr")
EXAMPLE = "core=m4,flash=64k,ram=16k,instr=200k"
_AMOUNT = re.compile(r"([0-9]{1,9})|([0-9]{1,6}(?:\.[0-9]{1,3})?)([kKM])")


@dataclass(frozen=True)
class Budget:
    """What there is. A limit of None is not checked.

    Attributes:
        core: a core of ``costs.toml``.
        flash_bytes, ram_bytes: for code and constants; for state and stack.
        instructions: a hop of 10 ms may take.
    """

    core: str
    flash_bytes: int | None = None
    ram_bytes: int | None = None
    instructions: int | None = None


@dataclass(frozen=True)
class Needs:
    """What a model takes on a core, for the whole line from samples to visemes."""

    core: str
    flash_bytes: int
    ram_bytes: int
    instructions: int


@dataclass(frozen=True)
class Verdict:
    """One limit and whether it is kept."""

    name: str
    needs: int
    limit: int | None

    @property
    def fits(self) -> bool:
        """True where there is no limit, too."""
        return self.limit is None or self.needs <= self.limit


def parse(text: str) -> Budget:
    """Read ``core=m4,flash=64k,ram=16k,instr=200k``; k is 1024 bytes or 1000 instructions.

    Where the core is a chip of ``chips.toml``, such as ``rp2040``, what is not said is what the chip has.

    Raises:
        InputError: a key or amount is none, or there is no core.
    """
    said: dict[str, str] = {}
    for part in text.split(","):
        key, equals, value = (word.strip() for word in part.partition("="))
        if not equals or key not in KEYS:
            raise InputError(f"--budget {shown(part)}: use {', '.join(KEYS)}, as in {EXAMPLE}")
        if key in said:
            raise InputError(f"--budget: {key} is given twice; give it once")
        said[key] = value
    if "core" not in said:
        raise InputError(f"--budget {shown(text)} names no core; as in {EXAMPLE}")
    chip = chips().get(said["core"].lower())
    flash_bytes = _amount("flash", said, BYTES_PER_K)
    ram_bytes = _amount("ram", said, BYTES_PER_K)
    instructions = _amount("instr", said, INSTRUCTIONS_PER_K)
    if chip is None:
        return Budget(core_named(said["core"], "--budget core"), flash_bytes, ram_bytes, instructions)
    return Budget(
        chip.core,
        chip.flash_bytes if flash_bytes is None else flash_bytes,
        chip.ram_bytes if ram_bytes is None else ram_bytes,
        chip.instructions if instructions is None else instructions,
    )


def fitting(network: Network) -> list[str]:
    """Return the names of the chips that a network fits with its whole line."""
    found = []
    for chip in chips().values():
        budget = Budget(chip.core, chip.flash_bytes, chip.ram_bytes, chip.instructions)
        if all(one.fits for one in compare(estimate(network, chip.core), budget)):
            found.append(chip.name)
    return found


def estimate(network: Network, core: str) -> Needs:
    """Return what a network takes on a core; the instructions are within a few percent of a count."""
    costs = _costs()[core]
    target = target_named(cores.core(core).target)
    prices = [costs["instructions"][kind] for kind in work.KINDS]
    stack_bytes = max(costs["stack_bytes"], costs["network_stack_bytes"] + work.row_bytes(network, target))
    return Needs(
        core,
        flash_bytes=costs["flash_bytes"] + work.constant_bytes(network, target),
        ram_bytes=costs["ram_bytes"] + work.state_bytes(network, target) + stack_bytes,
        instructions=round(costs["line_instructions"] + work.work(network, target).times(prices)),
    )


def compare(needs: Needs, budget: Budget) -> list[Verdict]:
    """Set what a model takes against what there is."""
    return [
        Verdict("flash_bytes", needs.flash_bytes, budget.flash_bytes),
        Verdict("ram_bytes", needs.ram_bytes, budget.ram_bytes),
        Verdict("instructions", needs.instructions, budget.instructions),
    ]


def instructions_off_percent(core: str) -> float:
    """Return how far the estimate of instructions was from the count, at most, where it was made."""
    return float(_costs()[core]["off_by_percent"])


@cache
def _costs() -> dict[str, Any]:
    return tomllib.loads(COSTS.read_text(encoding="utf-8"))


def core_named(name: str, option: str) -> str:
    """Return a core by its name, with or without ``cortex-``, or that of a chip.

    Raises:
        InputError: there are no figures for it; ``option`` is what asked for it.
    """
    chip = chips().get(name.lower())
    wanted = OTHER_NAMES.get(name.lower(), name.lower()) if chip is None else chip.core
    for core in cores.names():
        if wanted in (core, core.removeprefix("cortex-")):
            return core
    known = ", ".join([*(core.removeprefix("cortex-") for core in cores.names()), *chips()])
    raise InputError(f"{option} {shown(name)}: no figures for it; use {known}")


def _amount(key: str, said: dict[str, str], per_k: int) -> int | None:
    if key not in said:
        return None
    match = _AMOUNT.fullmatch(said[key])
    if match is None:
        raise InputError(f"--budget {key}={shown(said[key])}: give an amount such as 64k")
    whole, amount, unit = match.groups()
    if whole is not None:
        return int(whole)
    return int(float(amount) * (per_k * per_k if unit == "M" else per_k))
