"""TIMIT ``.phn`` files: ``start end label`` a line, times in samples of the recording."""

from __future__ import annotations

from mandible.errors import InputError
from mandible.models.annotations.segments import Annotation, Request, seconds_hint, segment


def read(text: str, request: Request) -> Annotation:
    """Read a ``.phn`` file; raises InputError naming file, line and fix."""
    segments = []
    for line, row in enumerate(text.split("\n"), start=1):
        fields = row.split()
        if not fields:
            continue
        if len(fields) != 3 or not (fields[0].isdecimal() and fields[1].isdecimal()):
            raise InputError(
                f"{request.path}:{line}: must be start and end in whole samples, and a phone"
                f"{seconds_hint(fields)}"
            )
        segments.append(segment(fields[0], fields[1], fields[2], 1 / request.rate_hz, request, line))
    return Annotation(request.path, tuple(segments))
