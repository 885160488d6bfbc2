"""``mandible export c``: a folder of C99 that turns sound into visemes, and pulses, on a microcontroller."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import ExitStack
from importlib import resources
from pathlib import Path

from mandible import __version__
from mandible.device.decoder_settings import DecoderSettings
from mandible.errors import InputError
from mandible.firmware_bridge.rig import Rig
from mandible.models.network import Network
from mandible.models.quantisation import UnfitError
from mandible.models.released import ModelFile
from mandible.quantize import streaming
from mandible.quantize.c_code import decoder_tables, notice, rig_tables
from mandible.quantize.c_code.model_source import ModelSource
from mandible.quantize.c_code.targets import Target, target_named
from mandible.whole_file import check_place, written

FRONT_END = ("logmel.c", "logmel.h", "logmel_tables.h")
DECODER = ("mandible_decoder.c", "mandible_decoder.h")
SOURCES = ("mandible.c", "mandible.h")
KERNELS = ("mandible_kernels.c", "mandible_kernels.h")
RIG = ("mandible_rig.c", "mandible_rig.h")
LICENCE_LINE = "/* SPDX-License-Identifier: Apache-2.0 */\n"


def export(model: ModelFile, folder: Path, target: str = "generic", rig: Rig | None = None) -> list[Path]:
    """Write the C of a model, its front end and its decoder into ``folder``; return the files.

    Args:
        model: an int8 model, streaming or of whole sequences.
        folder: made if it is not there; files of an earlier export in it are replaced, others left alone.
        target: a name of ``targets.toml``.
        rig: whose decoder settings are used, and for whose servos ``mandible_rig.c`` is written too.

    Raises:
        InputError: the model is damaged or not of the family, the target is unknown, or the folder cannot be
            written. Nothing is written before all of it is known to be sound.
    """
    chosen = target_named(target)
    texts = source_files(streaming.load(model.path), chosen, _title(model, chosen), rig, str(model.path))
    texts["NOTICE"] = notice.text(model)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made a folder ({error.strerror}); name another") from None
    places = [folder / name for name in sorted(texts)]
    for place in places:
        check_place(place)
    with ExitStack() as stack:
        # All are written before the first one takes its place.
        for place in places:
            partial = stack.enter_context(written(place))
            partial.write_text(texts[place.name], encoding="utf-8")
    return places


def source_files(
    model: Network, target: Target, title: str, rig: Rig | None = None, named: str = "the network"
) -> dict[str, str]:
    """Return the C files of a network by name.

    Args:
        model: what to write.
        target: for which kernels.
        title: says in a comment which network it is.
        rig: for whose servos, and with whose decoder settings.
        named: what messages call the network.

    Raises:
        InputError: a layer is too large for the C kernels.
    """
    settings = DecoderSettings() if rig is None else rig.smoothing
    try:
        generated = ModelSource(model, target, title)
    except UnfitError as error:
        raise InputError(f"{named}: cannot become C: {error}") from None
    texts: dict[str, str] = {
        "mandible_model.h": generated.header(),
        "mandible_model.c": generated.source(),
        "mandible_decoder_tables.h": decoder_tables.header(model.output_scale, settings),
    }
    kernels = tuple(f"mandible_kernels_{kind}.h" for kind in target.kernels)
    texts |= _shipped("mandible.quantize.c_code.sources", (*SOURCES, *KERNELS, *kernels))
    texts |= _shipped("mandible.device.frontend", FRONT_END)
    texts |= _shipped("mandible.device.decoder_c", DECODER)
    if rig is not None:
        texts["mandible_rig_tables.h"] = rig_tables.header(rig)
        texts |= _shipped("mandible.quantize.c_code.sources", RIG)
    return {name: LICENCE_LINE + text for name, text in texts.items()}


def _shipped(package: str, names: tuple[str, ...]) -> Mapping[str, str]:
    folder = resources.files(package)
    return {name: (folder / name).read_text(encoding="utf-8") for name in names}


def comment_name(model: ModelFile) -> str:
    """Return a model's name as a comment may hold it."""
    # A card may call its model anything printable, also what would end the comment.
    return re.sub(r"[^A-Za-z0-9_. -]", "_", model.name)


def _title(model: ModelFile, target: Target) -> str:
    return (
        f"Viseme network {comment_name(model)}, sha256 {model.sha256[:16]}, for {target.name}.\n"
        f" * A hop's logits speak of the sound {model.lookahead_ms} ms before it. "
        f"Written by mandible {__version__}."
    )
