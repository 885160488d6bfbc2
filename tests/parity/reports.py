"""Running ``mandible parity`` in a test, and engines that are wrong on purpose."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mandible.cli.main import main
from mandible.device.engines.reference import ReferenceEngine
from mandible.quantize.parity.engine import Hops
from mandible.quantize.parity.subject import Subject

FEW = ("--hops", "150", "--random-hops", "150")
# Puts another engine, made of the model, in the place of ``c``.
Put = Callable[[Callable[[Subject], Any]], None]


def report(capsys: pytest.CaptureFixture[str], expected: int, *words: str | Path) -> dict[str, Any]:
    capsys.readouterr()
    status = main(["parity", *map(str, words), "--json"])
    out, error = capsys.readouterr()
    assert status == expected, error
    return dict(json.loads(out))


def engines(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in document["engines"]}


class Wrong:
    """The reference, but for one logit of one hop since the reset."""

    def __init__(self, subject: Subject, hop: int) -> None:
        self._engine = ReferenceEngine(subject.network)
        self._wrong_hop, self._hop = hop, 0

    def reset(self) -> None:
        self._engine.reset()
        self._hop = 0

    def step(self, mel: Hops) -> NDArray[np.generic]:
        logits = self._engine.step(mel)
        if self._hop == self._wrong_hop:
            logits[2] ^= 1
        self._hop += 1
        return logits
