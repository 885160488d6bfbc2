"""How a network is trained: everything that the card must record to train it again."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from mandible.device.frames import HOP_MS
from mandible.errors import InputError
from mandible.models.tcn import SIZES
from mandible.wording import shown

TEACHER = "teacher"
MAX_LOOKAHEAD_MS = 100
PRECISIONS = ("auto", "float32", "bfloat16")
# Setting -> its smallest and its largest value; a whole number where these are.
RANGES: dict[str, tuple[int, int] | tuple[float, float]] = {
    "lookahead_ms": (0, MAX_LOOKAHEAD_MS),
    "epochs": (1, 1000),
    "seed": (0, 2**31 - 1),
    "learning_rate": (1e-8, 1.0),
    "weight_decay": (0.0, 1.0),
    "clip_norm": (1e-6, 1e6),
    "warm_up_steps": (1, 1_000_000),
    "chunk_hops": (2, 10_000),
    "batch_chunks": (1, 1024),
    "unscored_hops": (0, 10_000),
    "teacher_share": (0.0, 1.0),
    "first_choice_share": (0.0, 1.0),
    "jaw_weight": (0.0, 1000.0),
    "copies": (0, 10),
    "clean_share": (0.0, 1.0),
}
CHOICES = {"size": (*SIZES, TEACHER), "precision": PRECISIONS}


@dataclass(frozen=True)
class Settings:
    """How to train.

    Attributes:
        size: ``nano``, ``small``, ``base`` or ``teacher``.
        lookahead_ms: how much later than the sound the network answers, a multiple of 10, 0 to 100.
        epochs: passes over as many hops as the corpus has.
        seed: of weights, copies, chunks and augmentation.
        teacher_share: weight of the teacher's soft labels against the phones', 0 to 1; without a teacher
            it has no effect.
        first_choice_share: see ``losses.hard_loss``.
        jaw_weight: weight of ``losses.jaw_loss``.
        copies: changed copies of the corpus besides the clean one.
        clean_share: share of the chunks cut from the clean copy.
        precision: ``bfloat16`` computes layers in half the bits where the processor can.
    """

    size: str = "small"
    lookahead_ms: int = 30
    epochs: int = 30
    seed: int = 1
    learning_rate: float = 3e-3
    weight_decay: float = 1e-3
    clip_norm: float = 2.0
    warm_up_steps: int = 300
    chunk_hops: int = 300
    batch_chunks: int = 16
    unscored_hops: int = 5
    teacher_share: float = 0.6
    first_choice_share: float = 0.5
    jaw_weight: float = 1.0
    copies: int = 3
    clean_share: float = 0.3
    precision: str = "auto"

    def __post_init__(self) -> None:
        """Raise InputError for a value that no training can use."""
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                self._refuse(name, f"must be one of {', '.join(choices)}")
        for name, (low, high) in RANGES.items():
            if not _in_range(getattr(self, name), low, high):
                kind = "a whole number" if isinstance(low, int) else "a number"
                self._refuse(name, f"must be {kind} from {low:g} to {high:.10g}")
        if self.lookahead_ms % HOP_MS:
            self._refuse("lookahead_ms", f"must be a multiple of {HOP_MS} from 0 to {MAX_LOOKAHEAD_MS}")
        if self.is_teacher and self.chunk_hops % 2:
            self._refuse("chunk_hops", "must be even: the teacher halves the rate")
        # The teacher is blind at both ends of a chunk.
        ends = 2 if self.is_teacher else 1
        if ends * self.unscored_hops >= self.chunk_hops:
            half = "half of " if self.is_teacher else ""
            self._refuse("unscored_hops", f"must be less than {half}chunk_hops = {self.chunk_hops}")

    def _refuse(self, name: str, fix: str) -> None:
        raise InputError(f"training setting {name} = {shown(getattr(self, name))} {fix}")

    @property
    def is_teacher(self) -> bool:
        """Tell whether this trains the large network that hears the whole sentence."""
        return self.size == TEACHER

    def described(self) -> dict[str, Any]:
        """Return the settings as plain data."""
        return asdict(self)


def _in_range(value: object, low: float, high: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, int if isinstance(low, int) else int | float):
        return False
    return low <= value <= high  # no for what is no number


def from_record(record: dict[str, Any], where: str) -> Settings:
    """Return the settings that a card or training record holds; raises InputError naming ``where``."""
    unknown = set(record) - {field.name for field in fields(Settings)}
    if unknown:
        raise InputError(f"{where}: training setting {shown(min(unknown))} is unknown to this version")
    try:
        return Settings(**record)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
