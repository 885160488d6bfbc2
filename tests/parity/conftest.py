"""Fixtures of the parity tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mandible.quantize.parity import registry
from mandible.quantize.parity.engine import Options
from mandible.quantize.parity.subject import Subject
from tests.models.tiny_corpus import write_source
from tests.parity.reports import Put


@pytest.fixture
def instead_of_c(monkeypatch: pytest.MonkeyPatch) -> Put:
    """Put another engine in the place of ``c``."""
    create = registry.create

    def put(make: Callable[[Subject], Any]) -> None:
        def replaced(name: str, subject: Subject, options: Options) -> Any:
            return make(subject) if name == "c" else create(name, subject, options)

        monkeypatch.setattr(registry, "create", replaced)

    return put


@pytest.fixture
def tones(tmp_path: Path) -> Path:
    words = ["SIL", "M", "AA", "S", "M", "IY", "UW", "SIL", "SIL"]
    write_source(tmp_path, "en_a", dict.fromkeys(("one", "two", "three"), ("test", words)))
    write_source(tmp_path, "en_b", {"four": ("test", words[::-1]), "five": ("train", words)})
    return tmp_path
