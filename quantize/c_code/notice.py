"""The notice that goes with exported C: under which licences the code and the weights may be used."""

from __future__ import annotations

from mandible.errors import InputError
from mandible.models.released import ModelFile, card_path
from mandible.wording import one_line


def text(model: ModelFile) -> str:
    """Return the notice of a model; its card, if it has one, names whose recordings it learned from.

    Raises:
        InputError: the card's list of recordings is damaged.
    """
    lines = [
        "The C code in this folder is part of mandible, under the Apache License, Version 2.0:",
        "https://www.apache.org/licenses/LICENSE-2.0",
        "",
        f"The weights in mandible_model.c are those of the viseme model {one_line(model.name)},",
        f"sha256 {model.sha256}.",
    ]
    credits = _credits(model)
    if credits:
        lines += [
            "They were learned from these recordings; keep this list with a product that holds them:",
            "",
        ]
        lines += credits
    else:
        lines.append("No card lies beside the model that says from which recordings they were learned.")
    return "\n".join(lines) + "\n"


def _credits(model: ModelFile) -> list[str]:
    data = model.card.get("data", {})
    rows = data.get("train", []) if isinstance(data, dict) else None
    if not isinstance(rows, list):
        raise InputError(f"{card_path(model.path)}: data.train must be a list of sources; mend the card")
    return [_credit(model, number, row) for number, row in enumerate(rows)]


def _credit(model: ModelFile, number: int, row: object) -> str:
    words = [row.get(key) for key in ("source", "licence", "credit")] if isinstance(row, dict) else []
    texts = [word for word in words if isinstance(word, str)]
    if len(texts) != 3:
        # Leaving one out would break somebody's licence.
        raise InputError(
            f"{card_path(model.path)}: data.train[{number}] must give 'source', 'licence' and 'credit'; "
            "mend the card"
        )
    source, licence, credit = texts
    return one_line(f"- {source}: {licence}, {credit}")
