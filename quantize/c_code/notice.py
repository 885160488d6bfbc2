"""The notice that goes with exported C: under which licences the code and the weights may be used."""

from __future__ import annotations

from mandible.models.released import ModelFile
from mandible.wording import one_line


def text(model: ModelFile) -> str:
    """Return the notice of a model; its card, if it has one, names whose recordings it learned from."""
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
    data = model.card.get("data")
    rows = data.get("train", []) if isinstance(data, dict) else []
    said = []
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict):
            words = [str(row.get(key, "")) for key in ("source", "licence", "credit")]
            said.append("- " + one_line(": ".join([words[0], ", ".join(filter(None, words[1:]))])))
    return said
