"""What a probe may use: the device, the speech, the models, a place for files, and a way to tell progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from mandible.benchmarks.devices import Device
from mandible.benchmarks.speech import Speech
from mandible.models import network, released


def silent(_: str) -> None:
    """Tell nobody."""


@dataclass
class Bench:
    """The surroundings of a run's probes.

    Attributes:
        device: what figures speak of.
        speech: what is heard.
        scratch: a folder that is removed after the run.
        peers: names of rival programs to measure too; empty: none.
        tell: called with a word on what is being done, for the progress bar.
        models: what a result file says of each model that was used, by name.
        packages: packages whose versions the result file names.
    """

    device: Device
    speech: Speech
    scratch: Path
    peers: tuple[str, ...] = ()
    tell: Callable[[str], None] = silent
    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    packages: set[str] = field(default_factory=lambda: {"numpy"})

    @cached_property
    def conditions(self) -> dict[str, str | float | int]:
        """What measurements that hear the speech say of it."""
        return self.speech.conditions()

    def model(self, named: str) -> released.ModelFile:
        """Return a model by name or path, and note its hash and size for the result file.

        Raises:
            InputError: there is none, or it is damaged.
        """
        file = released.resolve(named)
        if file.name not in self.models:
            content = file.path.read_bytes()
            self.models[file.name] = {
                "sha256": sha256(content).hexdigest(),
                "bytes": len(content),
                "parameters": network.load(file.path).parameters,
            }
        return file
