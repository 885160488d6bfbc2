"""The fifteen visemes, in the order every array, file and wire format of this project uses."""

from __future__ import annotations

from enum import IntEnum


class Viseme(IntEnum):
    """Oculus/Meta viseme classes. ``sil`` is a class like any other, and its value is 0."""

    sil = 0
    PP = 1
    FF = 2
    TH = 3
    DD = 4
    kk = 5
    CH = 6
    SS = 7
    nn = 8
    RR = 9
    aa = 10
    E = 11
    ih = 12
    oh = 13
    ou = 14


VISEME_COUNT = len(Viseme)
VISEME_NAMES: tuple[str, ...] = tuple(v.name for v in Viseme)
