"""How late the mouth is, from the sound to the servo pulse, in a real ``mandible run`` that is watched."""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import tomlkit

from mandible.benchmarks.bench import Bench
from mandible.benchmarks.lateness import syllable
from mandible.benchmarks.lateness.figures import Run, measurements
from mandible.benchmarks.lateness.matching import Spoken
from mandible.benchmarks.lateness.performance import Seen, through_a_microphone, through_a_pipe
from mandible.benchmarks.lateness.sentence import Programme, programme
from mandible.benchmarks.lateness.virtual_microphone import PROGRAMS
from mandible.benchmarks.lateness.watched_board import WatchedBoard
from mandible.benchmarks.measurement import Measurement, Series
from mandible.benchmarks.settings import bounded
from mandible.firmware_bridge.rig import Rig

PROBE = "lateness"
PIPE, MICROPHONE, AUTO = "pipe", "microphone", "auto"
# At 50 pulses a second, one pulse being two hops, each run would have two waits for a pulse, and chance says
# which. With one more a second every wait there is comes up, twice a second.
PULSE_HZ = 51


@dataclass(frozen=True)
class Settings:
    """What is played, how often, to whom.

    Attributes:
        seconds: most that a run's sound lasts; one recording is played whole in any case.
        runs: how often, each in a process of its own.
        source: ``pipe``, ``microphone`` (a virtual one, behind a real sound server), or ``auto``: the
            microphone where its programs are installed.
        model, rig: by name; the engine is the usual one.
    """

    seconds: float = bounded(10.0, 1.0, 600.0)
    runs: int = bounded(1, 1, 20)
    source: str = field(default=PIPE, metadata={"choices": (PIPE, MICROPHONE, AUTO)})
    model: str = "small"
    rig: str = "skull"


def measure(settings: Settings, bench: Bench) -> Iterator[Measurement | Series]:
    """Yield every figure of the runs, and the series of one syllable.

    Raises:
        InputError: no such model or rig.
        DeviceError: a run failed, or the sound server's programs are missing.
    """
    bench.model(settings.model)
    rig_file = _rig(settings.rig, bench.scratch)
    rig, source = Rig.load(rig_file), _source(settings.source)
    bench.packages |= {"pyserial"} | ({"PyAudio"} if source == MICROPHONE else set())
    played = programme(bench.speech.recordings, settings.seconds)
    words = ("--rig", str(rig_file), "--model", settings.model)
    runs = []
    for number in range(settings.runs):
        bench.tell(f"{source}, run {number + 1} of {settings.runs}, {played.seconds:.0f} s")
        seen = _performed(source, played, bench.scratch, words)
        runs.append(Run(seen, Spoken.of(seen.heard, rig, settings.model, seen.report["engine"])))
    subject = {"model": settings.model, "engine": runs[0].seen.report["engine"], "rig": settings.rig}
    conditions = {
        **bench.conditions,
        "source": source,
        "played_s": round(played.seconds, 1),
        "pulse_hz": PULSE_HZ,
        "lead_ms": rig.link.lead_ms,
    }
    yield from measurements(PROBE, subject, runs, conditions)
    yield from syllable.series(PROBE, settings.rig, runs[-1].seen, runs[-1].spoken, runs[-1].held_ms)


def _source(wanted: str) -> str:
    if wanted != AUTO:
        return wanted
    programs = all(shutil.which(program) is not None for program in PROGRAMS)
    return MICROPHONE if programs and importlib.util.find_spec("pyaudio") is not None else PIPE


def _performed(source: str, played: Programme, scratch: Path, words: tuple[str, ...]) -> Seen:
    with tempfile.TemporaryDirectory(dir=scratch) as name:
        folder = Path(name)
        with WatchedBoard(folder / "board.csv") as board:
            if source == MICROPHONE:
                return through_a_microphone(played, folder, board, *words)
            return through_a_pipe(played, board, *words)


def _rig(named: str, scratch: Path) -> Path:
    """Return a copy of a rig whose board gives ``PULSE_HZ``; InputError where there is no such rig."""
    original = Path(Rig.load(named).file)
    table = tomlkit.parse(original.read_text(encoding="utf-8-sig"))
    table.setdefault("link", tomlkit.table())["pulse_hz"] = PULSE_HZ
    copy = scratch / f"{original.stem}-{PULSE_HZ}-hz.toml"
    copy.write_text(tomlkit.dumps(table), encoding="utf-8")
    return copy
