"""``mandible export firmware``: a folder of C that becomes a puppet's whole brain on one chip."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from importlib import resources
from pathlib import Path

from mandible.errors import InputError
from mandible.firmware_bridge.rig import Rig
from mandible.models.network import Network
from mandible.models.released import ModelFile
from mandible.quantize import budget, c_code, streaming
from mandible.quantize.c_code import notice
from mandible.quantize.c_code.export import LICENCE_LINE, comment_name
from mandible.quantize.one_chip import baked, makefile, readme
from mandible.quantize.one_chip.board_table import Microphone, OneChipBoard
from mandible.small_file import is_file
from mandible.whole_file import check_place, written
from mandible.wording import one_line

_FIRMWARE = "mandible.firmware_bridge.firmware"
_SOURCES = "mandible.quantize.one_chip.sources"
_PROGRAM = ("one_chip.c", "board.h", "microphone.h", "watch.h")
_LINKED = (".c",)
# Where this is, an export was.
_SIGN = "one_chip/one_chip.c"


def export(
    model: ModelFile, rig: Rig, board: OneChipBoard, folder: Path, microphone: str | None = None
) -> list[Path]:
    """Write the whole program of a puppet into ``folder``; return the files.

    Args:
        model: an int8 model, streaming or of whole sequences.
        rig: whose poses, limits and decoder settings it gets.
        board: what it runs on.
        folder: made if it is not there; files of an earlier export in it are replaced, others left alone.
        microphone: one of the board's; None for its first.

    Raises:
        InputError: the model is damaged or too large for the board, the board cannot hold the rig, or the
            folder cannot be written or holds something else. Nothing is written before all of it is known to
            be sound.
    """
    chosen = board.microphone(microphone)
    network = streaming.load(model.path)
    check_fits(network, board, str(model.name))
    texts = _texts(model, network, rig, board, chosen)
    sources = [name for name in sorted(texts) if name.endswith(_LINKED)]
    texts["Makefile"] = makefile.text(board, sources)
    texts["README.md"] = readme.text(board, chosen, model, rig)
    texts["NOTICE"] = notice.text(model)
    places = {folder / name: text for name, text in texts.items()}
    _check_ours(folder, places)
    try:
        for parent in sorted({place.parent for place in places}):
            parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made a folder ({error.strerror}); name another") from None
    for place in places:
        check_place(place)
    with ExitStack() as stack:
        # All are written before the first one takes its place.
        for place, text in places.items():
            stack.enter_context(written(place)).write_text(text, encoding="utf-8")
    return list(places)


def _check_ours(folder: Path, places: Iterable[Path]) -> None:
    """Raise InputError where a file would be written over that no earlier export has left."""
    there = next((place for place in places if is_file(place)), None)
    if there is not None and not is_file(folder / _SIGN):
        raise InputError(f"{there}: is there already, and not of an earlier export; name another folder")


def check_fits(network: Network, board: OneChipBoard, named: str) -> None:
    """Raise InputError, with the figures, where a model and the servo firmware are too much for a board."""
    needs = budget.estimate(network, board.chip.core)
    flash_bytes = needs.flash_bytes + board.firmware_flash_bytes
    ram_bytes = needs.ram_bytes + board.firmware_ram_bytes + (flash_bytes if board.code_in_ram else 0)
    chip = board.chip
    over = [
        f"{need:,} {what}, and there are {there:,}"
        for what, need, there in (
            ("bytes of flash", flash_bytes, chip.flash_bytes),
            ("bytes of RAM", ram_bytes, chip.ram_bytes),
            ("instructions in 10 ms", needs.instructions, chip.instructions),
        )
        if need > there
    ]
    if over:
        raise InputError(
            f"{one_line(named)} does not fit {board.name}: it takes {'; '.join(over)}; take a smaller model"
        )


def _texts(
    model: ModelFile, network: Network, rig: Rig, board: OneChipBoard, microphone: Microphone
) -> dict[str, str]:
    """Return all but what is written about them: texts by their place in the folder."""
    title = f"Viseme network {comment_name(model)}, sha256 {model.sha256[:16]}, for {board.key}."
    line = c_code.source_files(network, c_code.target_named(board.target), title, rig, str(model.path))
    texts = {f"line/{name}": text for name, text in line.items()}
    core = resources.files(_FIRMWARE) / "core"
    own = [
        *_PROGRAM,
        f"board_{board.layer}.c",
        f"watch_{board.watch}.c",
        f"microphone_{microphone.name}.c",
        *microphone.parts,
        *board.parts,
    ]
    firmware = {
        **{f"core/{file.name}": file for file in core.iterdir() if file.name.endswith((".c", ".h"))},
        **{
            f"boards/{board.layer}/{name}": resources.files(_FIRMWARE) / "boards" / board.layer / name
            for name in board.files
        },
        **{f"one_chip/{name}": resources.files(_SOURCES) / name for name in own},
    }
    for place, file in firmware.items():
        licence = LICENCE_LINE if place.endswith((".c", ".h")) else ""
        texts[place] = licence + file.read_text(encoding="utf-8")
    texts["one_chip/one_chip_rig.h"] = LICENCE_LINE + baked.header(rig, board.shortest_period_us)
    return texts
