"""Festival and xwaves ``.lab`` files: a header up to a line ``#``, then ``end colour label``, in seconds.

A label lasts from the end of the one before it.
"""

from __future__ import annotations

from mandible.errors import InputError
from mandible.models.annotations.segments import Annotation, Request, segment

HEADER_END = "#"


def is_xwaves(text: str) -> bool:
    """Tell whether a label file has the header that Festival writes."""
    return any(row.strip() == HEADER_END for row in text.split("\n"))


def read(text: str, request: Request) -> Annotation:
    """Read a Festival label file; raises InputError naming file, line and fix."""
    rows = text.split("\n")
    header = next((line for line, row in enumerate(rows, start=1) if row.strip() == HEADER_END), None)
    if header is None:
        raise InputError(f"{request.path}:1: a line with # must end the header")
    segments = []
    start = "0"
    for line, row in enumerate(rows[header:], start=header + 1):
        fields = row.split()
        if not fields:
            continue
        if len(fields) < 2:
            raise InputError(f"{request.path}:{line}: must be end in seconds, colour and phone")
        # Labels may be left out (a pause); what follows ; is Festival's own.
        label = fields[2] if len(fields) > 2 and not fields[2].startswith(";") else ""
        segments.append(segment(start, fields[0], label, 1.0, request, line))
        start = fields[0]
    return Annotation(request.path, tuple(segments))
