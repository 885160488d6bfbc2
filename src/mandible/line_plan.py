"""Which line is wanted: a model, an engine, perhaps a rig, all checked, so that any worker can build it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from mandible.api import assemble, choose
from mandible.device.engines import HeadInfo
from mandible.device.pipeline import Line
from mandible.firmware_bridge.rig import Rig
from mandible.models import released


@dataclass(frozen=True)
class LinePlan:
    """A model file, an engine's name and a rig, or none.

    Attributes:
        rig_name: the rig as it was named, to read it again.
        expression: frames carry arousal and emphasis even if no rig shows them.
    """

    model: released.ModelFile
    engine: str
    rig: Rig | None
    rig_name: str | None = None
    expression: bool = False

    @classmethod
    def of(
        cls, model: str | None, engine: str | None, rig_name: str | None, expression: bool = False
    ) -> LinePlan:
        """Resolve names and files; None takes the rig's, else the default.

        Raises:
            InputError: what is wrong, before anything is opened.
        """
        rig = None if rig_name is None else Rig.load(rig_name)
        return cls(*choose(model, engine, rig), rig, rig_name, expression)

    @property
    def reads(self) -> dict[str, str]:
        """The files that the line is made from, and what each is."""
        rig = {} if self.rig is None else {self.rig.file: "is the rig"}
        return {str(self.model.path): "is the model", **rig}

    def build(self) -> Line:
        """Return a fresh line."""
        return assemble(self.model, self.engine, self.rig, self.expression)

    def header(
        self, sound: Mapping[str, object], stamp: str, heads: Sequence[HeadInfo] = ()
    ) -> dict[str, object]:
        """What an output says about its making.

        Args:
            sound: what the source says of itself.
            stamp: ``aligned`` or ``emission``.
            heads: the engine's; their numbers mean nothing without.
        """
        said: dict[str, object] = {"heads": [asdict(head) for head in heads]} if heads else {}
        return {
            **sound,
            "model": self.model.name,
            "model_sha256": self.model.sha256,
            "engine": self.engine,
            "lookahead_ms": self.model.lookahead_ms,
            "stamp": stamp,
            **said,
        }
