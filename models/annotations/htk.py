"""HTK ``.lab`` files: ``start end label [score ...]`` a line, times in units of 100 ns.

Of a label with its neighbours (``left-phone+right``) the phone in the middle counts.

Source: The HTK Book, chapter "Label Files", Cambridge University Engineering Department.
"""

from __future__ import annotations

import re

from mandible.errors import InputError
from mandible.models.annotations.segments import Annotation, Request, seconds_hint, segment

UNIT_S = 1e-7
_IN_CONTEXT = re.compile(r"[^-]+-([^+]+)\+")


def read(text: str, request: Request) -> Annotation:
    """Read an HTK label file; raises InputError naming file, line and fix."""
    segments = []
    for line, row in enumerate(text.split("\n"), start=1):
        fields = row.split()
        if not fields:
            continue
        if len(fields) < 3 or not (fields[0].isdecimal() and fields[1].isdecimal()):
            raise InputError(
                f"{request.path}:{line}: must be start and end in whole 100 ns, and a phone"
                f"{seconds_hint(fields)} (a Festival label file has a line with # first)"
            )
        context = _IN_CONTEXT.match(fields[2])
        label = context.group(1) if context else fields[2]
        segments.append(segment(fields[0], fields[1], label, UNIT_S, request, line))
    return Annotation(request.path, tuple(segments))
