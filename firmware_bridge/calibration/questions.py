"""What the wizard may ask: the questions of ``questions.toml``, and one of them put to a person."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from mandible.firmware_bridge import toml_source

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Answer:
    """One way to answer: the key for it, the word that the wizard gets, and what a person reads."""

    key: str
    word: str
    label: str


@dataclass(frozen=True, slots=True)
class Question:
    """One table of ``questions.toml``; ``hold`` are the words whose key may be kept pressed."""

    title: str
    text: str
    answers: tuple[Answer, ...]
    hold: tuple[str, ...]
    stalled: str | None


@dataclass(frozen=True, slots=True)
class Jog:
    """Where one servo output shall go: a pulse in µs."""

    output: int
    pulse_us: int


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question at one moment.

    Attributes:
        name: its table in ``questions.toml``.
        jog: where the servo shall be while it is asked; None: no pulses.
        values: what fills the {names} of its texts.
        answers: further answers, before those of the table.
        effect: something that whoever drives the wizard does now, and then says what came of it.
        passes: it answers itself with ``there`` when the servo has arrived.
    """

    name: str
    jog: Jog | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()
    effect: str | None = None
    passes: bool = False

    @property
    def question(self) -> Question:
        """Its table."""
        return QUESTIONS[self.name]

    @property
    def choices(self) -> tuple[Answer, ...]:
        """Every way to answer it, labels filled in."""
        return tuple(
            Answer(one.key, one.word, one.label.format_map(self.values))
            for one in (*self.answers, *self.question.answers)
        )

    @property
    def title(self) -> str:
        """The title, filled in."""
        return self.question.title.format_map(self.values)

    @property
    def text(self) -> str:
        """The text, filled in."""
        return self.question.text.strip().format_map(self.values)


# A part of the walk: yields prompts, is sent the word of each answer, returns what it found.
Walk = Generator[Prompt, str, _T]


def go(jog: Jog, name: str = "moving") -> Walk[None]:
    """Have the servo go somewhere; nobody is asked anything."""
    yield Prompt(name, jog, passes=True)


def _question(table: Mapping[str, Any]) -> Question:
    return Question(
        table["title"],
        table["text"],
        tuple(Answer(*one) for one in table["answers"]),
        tuple(table.get("hold", "").split()),
        table.get("stalled"),
    )


QUESTIONS: Mapping[str, Question] = {
    name: _question(table)
    for name, table in toml_source.parse(
        Path(__file__).with_name("questions.toml").read_text("utf-8")
    ).items()
    if isinstance(table, dict)
}
