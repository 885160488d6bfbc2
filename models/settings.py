"""How a network is trained: everything that the card must record to train it again."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from mandible.device.frames import HOP_MS
from mandible.errors import InputError
from mandible.models.tcn import SIZES

TEACHER = "teacher"
MAX_LOOKAHEAD_MS = 100
PRECISIONS = ("auto", "float32", "bfloat16")


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
    learning_rate: float = 4e-3
    weight_decay: float = 1e-3
    clip_norm: float = 2.0
    warm_up_steps: int = 300
    chunk_hops: int = 300
    batch_chunks: int = 32
    unscored_hops: int = 30
    teacher_share: float = 0.6
    first_choice_share: float = 0.5
    jaw_weight: float = 1.0
    copies: int = 3
    clean_share: float = 0.3
    precision: str = "auto"

    def __post_init__(self) -> None:
        """Raise InputError for a value that no training can use."""
        sizes = (*SIZES, TEACHER)
        checks = (
            ("size", self.size in sizes, f"must be one of {', '.join(sizes)}"),
            ("lookahead_ms", 0 <= self.lookahead_ms <= MAX_LOOKAHEAD_MS and self.lookahead_ms % HOP_MS == 0,
             f"must be a multiple of {HOP_MS} from 0 to {MAX_LOOKAHEAD_MS}"),
            ("epochs", 1 <= self.epochs <= 1000, "must be from 1 to 1000"),
            ("seed", self.seed >= 0, "must not be negative"),
            ("learning_rate", 0 < self.learning_rate < 1, "must be between 0 and 1"),
            ("copies", 0 <= self.copies <= 10, "must be from 0 to 10"),
            ("teacher_share", 0 <= self.teacher_share <= 1, "must be from 0 to 1"),
            ("first_choice_share", 0 <= self.first_choice_share <= 1, "must be from 0 to 1"),
            ("batch_chunks", 1 <= self.batch_chunks <= 1024, "must be from 1 to 1024"),
            ("precision", self.precision in PRECISIONS, f"must be one of {', '.join(PRECISIONS)}"),
        )  # fmt: skip
        for name, holds, fix in checks:
            if not holds:
                raise InputError(f"training setting {name} = {getattr(self, name)!r} {fix}")

    @property
    def is_teacher(self) -> bool:
        """Tell whether this trains the large network that hears the whole sentence."""
        return self.size == TEACHER

    def described(self) -> dict[str, Any]:
        """Return the settings as plain data."""
        return asdict(self)


def from_record(record: dict[str, Any], where: str) -> Settings:
    """Return the settings that a card or training record holds; raises InputError naming ``where``."""
    known = {field.name: field.type for field in fields(Settings)}
    unknown = set(record) - set(known)
    if unknown:
        raise InputError(f"{where}: training setting {sorted(unknown)[0]!r} is unknown to this version")
    try:
        return Settings(**record)
    except TypeError as error:
        raise InputError(f"{where}: a training setting has the wrong type ({error})") from None
