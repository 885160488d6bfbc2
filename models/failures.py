"""What a model is known to do badly, in sentences made from the figures on its card."""

from __future__ import annotations

from typing import Any

from mandible.models.visemes import VISEME_NAMES

# A viseme heard in fewer of its hops than this is worth a warning.
WEAK_RECALL = 0.5
NEVER_HEARD = "Laughter, song, whispers and several people at once were not among the recordings: unknown."


def known_failures(metrics: dict[str, Any]) -> list[str]:
    """Return sentences from a card's metrics; the first set it was measured on counts."""
    name, entry = next(iter(metrics["int8"].items()))
    heard, seen = entry["argmax"], entry["decoded"]["figures"]
    # A viseme that a small set does not hold has no recall.
    recall = {one: heard["recall"].get(one) for one in VISEME_NAMES}
    weak = sorted((share, one) for one, share in recall.items() if share is not None and share < WEAK_RECALL)
    said = []
    if weak:
        listed = ", ".join(f"{one} {share:.0%}" for share, one in weak)
        said.append(f"Seldom recognised, in per cent of their hops ({name}): {listed}.")
    precision, found = seen["bilabial_precision"], seen["bilabial_recall"]
    if precision is not None and found is not None:
        said.append(
            f"Of the closures it shows, {1 - precision:.0%} are at no /p b m/; "
            f"of the /p b m/, {1 - found:.0%} are shown open ({name})."
        )
    noise = entry.get("noise", {})
    if noise:
        worst = min(noise, key=float)
        quiet, loud = (row["figures"]["accuracy"] for row in (heard, noise[worst]["argmax"]))
        said.append(
            f"In noise {worst} dB under the speech accuracy falls from {quiet:.3f} to {loud:.3f} ({name})."
        )
    return [*said, NEVER_HEARD]
