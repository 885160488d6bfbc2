"""Twenty fresh sentences, heard by the line and played on the simulated chip; figures after the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from mandible.benchmarks.lipsync import Hits, Performance, closures, openings
from mandible.device.pipeline import Line
from mandible.firmware_bridge.rig import Channel, Rig
from tests.behaviour.boards import ChipBoard
from tests.behaviour.lockstep import Motion, Recording, Show
from tests.behaviour.speaking import speaking_line, spoken
from tests.virtual.simavr.uno import SimulatedUno
from tests.voices.sentences import SEED_VARIABLE, fresh_seed
from tests.voices.synthesis import fresh_utterances
from tests.voices.utterance import Utterance

SENTENCES = 20
# Sentences begin at different times against the board's pulses: steps that 20 ms is no multiple of.
PHASE_STEP_US = 3000
FIGURES = pytest.StashKey[list[str]]()

Report = Callable[[str], None]
Mouth = Callable[[Utterance], Motion]


@dataclass(frozen=True)
class Shown:
    """One sentence and what the jaw's pin did."""

    utterance: Utterance
    recording: Recording
    jaw: Channel

    def closures(self) -> Hits:
        """Return the /p b m/ shown."""
        return closures(self.utterance.phones, *self.recording.position(self.jaw).T)

    def openings(self) -> Hits:
        """Return the stressed /a/ shown."""
        return openings(self.utterance.phones, *self.recording.position(self.jaw).T)

    def performance(self) -> Performance:
        """Return what the measures of lateness want."""
        starts_s = self.recording.measured[self.jaw.name][:, 0]
        return Performance(self.utterance.phones, starts_s, self.recording.position(self.jaw)[:, 1])


def play_all(utterances: list[Utterance], show: Show, rig: Rig, mouth: Mouth) -> list[Shown]:
    """Play every sentence as a mouth moves to it; the rig's first channel is the jaw."""
    return [
        Shown(utterance, show.play(mouth(utterance), i * PHASE_STEP_US), rig.channels[0])
        for i, utterance in enumerate(utterances)
    ]


@pytest.fixture(scope="session")
def report(pytestconfig: pytest.Config) -> Report:
    """Add a line to what is printed after the tests."""
    return pytestconfig.stash.setdefault(FIGURES, []).append


@pytest.fixture(scope="session")
def utterances(report: Report) -> list[Utterance]:
    """The sentences of this run."""
    seed = fresh_seed()
    print(f"{SEED_VARIABLE}={seed}")
    report(f"{SENTENCES} sentences; {SEED_VARIABLE}={seed} repeats them")
    return fresh_utterances(SENTENCES, seed)


@pytest.fixture(scope="session")
def rig() -> Rig:
    """The rig of the demo: one jaw."""
    return Rig.load("skull")


@pytest.fixture(scope="session")
def line(rig: Rig) -> Line:
    """The whole line for that rig."""
    return speaking_line(rig)


@pytest.fixture(scope="session")
def chip(rig: Rig) -> Iterator[Show]:
    """The firmware image in simavr, connected and calibrated."""
    with SimulatedUno() as uno:
        yield Show(rig, ChipBoard(uno))


@pytest.fixture(scope="session")
def on_chip(utterances: list[Utterance], rig: Rig, line: Line, chip: Show) -> list[Shown]:
    """Every sentence, from samples to pulses measured at the chip's pin."""
    return play_all(utterances, chip, rig, lambda utterance: spoken(utterance, line))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the figures, whatever the outcome."""
    figures = config.stash.get(FIGURES, [])
    if figures:
        terminalreporter.section("behaviour")
        for line_of_text in figures:
            terminalreporter.write_line(line_of_text)
