"""Other programs and our models on the same recordings: what each costs, and how well it hears."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mandible.benchmarks.bench import Bench
from mandible.benchmarks.measurement import Measurement, NotMeasured, Subject
from mandible.benchmarks.peers import judging
from mandible.benchmarks.peers.adapter import Pass
from mandible.benchmarks.peers.cache import installed
from mandible.benchmarks.peers.catalogue import Peer, known
from mandible.benchmarks.peers.ourselves import CLASSES, is_ours, ours
from mandible.benchmarks.peers.turns import Turns, in_turns
from mandible.benchmarks.settings import bounded
from mandible.benchmarks.speech import Recording, Speech
from mandible.errors import MandibleError

PROBE = "peers"
_MS_PER_S = 1000


@dataclass(frozen=True)
class Settings:
    """What takes part.

    Attributes:
        models: of ours, each a program beside the others.
        rounds: how often the programs take turns; each round is other recordings, or the same few again.
        speech_s: so much of the speech at most, as some programs take longer than it lasts.
    """

    models: tuple[str, ...] = ("nano", "small", "base")
    rounds: int = bounded(3, 3, 100)
    speech_s: float = bounded(600.0, 1.0, 36_000.0)


def measure(settings: Settings, bench: Bench) -> Iterator[Measurement | NotMeasured]:
    """Yield what every program costs and how well it hears; nothing where no programs were asked for."""
    if not bench.peers:
        return
    speech = shortened(bench.speech, settings.speech_s)
    for model in settings.models:
        bench.model(model)
    ready: list[tuple[Peer, Path]] = []
    for peer in (*ours(settings.models), *(known()[key] for key in bench.peers)):
        bench.tell(f"fetching {peer.name}")
        try:
            ready.append((peer, installed(peer, bench.tell)))
        except MandibleError as error:
            yield NotMeasured(peer.name, str(error))
    turns = in_turns(ready, speech.recordings, settings.rounds, bench.scratch, bench.tell)
    finished = [peer for peer, _ in ready if peer.key in turns.passes]
    for peer, _ in ready:
        if peer.key in turns.failed:
            yield NotMeasured(peer.name, turns.failed[peer.key])
    wanted = {judging.classes_of(peer) for peer in finished} - {CLASSES}
    for peer in finished:
        bench.tell(f"judging {peer.name}")
        try:
            yield from _of(peer, turns, speech, wanted)
        except MandibleError as error:
            yield NotMeasured(peer.name, str(error))


def shortened(speech: Speech, most_s: float) -> Speech:
    """Return the first recordings that last so long together, at least one."""
    taken: list[Recording] = []
    sum_s = 0.0
    for recording in speech.recordings:
        if taken and sum_s + recording.seconds > most_s:
            continue
        taken.append(recording)
        sum_s += recording.seconds
    return Speech(speech.name, tuple(taken))


def _of(peer: Peer, turns: Turns, speech: Speech, wanted: set[str]) -> Iterator[Measurement]:
    subject: Subject = {"system": peer.name}
    passes = turns.passes[peer.key]
    said: judging.Conditions = {
        **speech.conditions(),
        "version": peer.version,
        "runtime": passes[0].runtime,
        "live": peer.live,
        "stamped": "when it was known" if peer.live else "where the sound is",
        "classes": judging.classes_of(peer),
    }
    yield from _costs(subject, turns, passes, speech, said)
    recordings = speech.recordings
    shown = judging.shown(peer, turns.of(peer.key), recordings)
    names = judging.AT_BEST_SHIFT | judging.AS_STAMPED
    yield from judging.measurements(PROBE, subject, judging.scored(shown, recordings), names, said)
    if not is_ours(peer.name):
        return
    for classes in sorted(wanted):
        score = judging.scored(judging.read_as(shown, classes), recordings)
        read_as = {**subject, "classes": classes}
        yield from judging.measurements(PROBE, read_as, score, judging.IN_RIVALS_CLASSES, said)


def _costs(
    subject: Subject, turns: Turns, passes: list[Pass], speech: Speech, said: judging.Conditions
) -> Iterator[Measurement]:
    heard_s = [sum(speech.recordings[number].seconds for number in members) for members in turns.rounds]

    def per_round(values: list[float]) -> tuple[tuple[float, ...], ...]:
        return tuple((value,) for value in values)

    cpu = [one.cpu_s / seconds for one, seconds in zip(passes, heard_s, strict=True)]
    yield Measurement(PROBE, "cpu_s_per_audio_s", subject, per_round(cpu), said)
    emulated = [
        sum(heard.emulated_cpu_s for heard in one.recordings) / seconds
        for one, seconds in zip(passes, heard_s, strict=True)
    ]
    if any(emulated):
        yield Measurement(PROBE, "emulated_cpu_s_per_audio_s", subject, per_round(emulated), said)
    yield Measurement(PROBE, "rss_mb", subject, per_round([one.peak_rss_mb for one in passes]), said)
    yield Measurement(
        PROBE, "ready_cpu_ms", subject, per_round([_MS_PER_S * one.start_cpu_s for one in passes]), said
    )
