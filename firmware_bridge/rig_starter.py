"""The text of a rig file to begin with: the shortest, full of hints, or that of another rig."""

from __future__ import annotations

from pathlib import Path

from mandible.firmware_bridge.rig import MOST_BYTES, Rig
from mandible.small_file import read_small
from mandible.wording import shortened

_STARTER = Path(__file__).with_name("rig_starter.toml")


def starter(name: str, begun_from: str | None = None) -> str:
    """Return the text for a puppet of this name, which may hold any characters.

    Raises InputError where ``begun_from``, a shipped rig's name or a file, is no right rig.
    """
    if begun_from is None:
        return f"# {shortened(name)}: a puppet.\n{_STARTER.read_text('utf-8')}"
    rig = Rig.load(begun_from)
    text = read_small(Path(rig.file), MOST_BYTES).decode("utf-8-sig")
    return f"# {shortened(name)}, begun from {shortened(begun_from)}:\n{text}"
