"""Audacity label tracks, exported as ``.txt``: ``start end label`` a line, tab separated, in seconds.

Source: manual.audacityteam.org, "Importing and Exporting Labels".
"""

from __future__ import annotations

from mandible.errors import InputError
from mandible.models.annotations.segments import Annotation, Request, segment

# A second line of a label may hold the frequencies that were selected.
_FREQUENCIES = "\\"


def read(text: str, request: Request) -> Annotation:
    """Read an exported label track; raises InputError naming file, line and fix."""
    segments = []
    for line, row in enumerate(text.split("\n"), start=1):
        if not row.strip() or row.startswith(_FREQUENCIES):
            continue
        fields = row.split("\t")
        if len(fields) not in (2, 3):
            raise InputError(
                f"{request.path}:{line}: must be start and end in seconds and a phone, with tabs"
            )
        label = fields[2] if len(fields) == 3 else ""
        segments.append(segment(fields[0], fields[1], label, 1.0, request, line))
    return Annotation(request.path, tuple(segments))
