"""One labelled recording, wherever it came from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mandible.models.licences import Licence

SPLITS = ("train", "dev", "test")


@dataclass(frozen=True)
class Utterance:
    """One recording and its phones.

    Attributes:
        source: folder name; ``<language>_<source>`` in a corpus directory.
        name: unique within the source.
        language: a code such as ``en`` or ``pt-br``, or ``und`` where nobody said.
        split: ``train``, ``dev`` or ``test``.
        seconds: length of the recording.
        phoneset: ``arpabet`` or ``ipa``.
        starts_s, ends_s: (n,) phone times in seconds, contiguous from 0.
        phones: the n phones, in ``phoneset`` spelling.
        text: what was said, in ordinary spelling; empty where nobody said.
        licence: what its source allows; None where nobody said.
    """

    source: str
    name: str
    path: Path
    speaker: str
    language: str
    split: str
    seconds: float
    phoneset: str
    starts_s: NDArray[np.float64]
    ends_s: NDArray[np.float64]
    phones: tuple[str, ...]
    text: str = ""
    licence: Licence | None = None
