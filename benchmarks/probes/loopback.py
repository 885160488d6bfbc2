"""How late a real mouth is, from a recording of its sound and its servo's line: ``--loopback``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mandible.benchmarks.bench import Bench
from mandible.benchmarks.lateness.sentence import Sentence
from mandible.benchmarks.lateness.shifts import Shown, closure_shift_ms, jaw_shift_ms, onset_shift_ms
from mandible.benchmarks.loopback.fit import Fit
from mandible.benchmarks.loopback.lateness import Found, Mouth, found, labels_beside, turned
from mandible.benchmarks.loopback.recording import LEFT, RIGHT, Recording, read
from mandible.benchmarks.measurement import Measurement
from mandible.benchmarks.speech import Row
from mandible.device.frames import SAMPLE_RATE_HZ
from mandible.errors import InputError
from mandible.firmware_bridge.rig import Rig

PROBE = "loopback"


@dataclass(frozen=True)
class Settings:
    """What was recorded.

    Attributes:
        recording: a WAV file of two channels; phones in ``NAME.phones.csv`` beside it are used as well.
        channel: which of them the servo or the jaw is on: ``left`` or ``right``.
        model, rig: what the line that the mouth is compared with is made of.
    """

    recording: str = ""
    channel: str = field(default=RIGHT, metadata={"choices": (LEFT, RIGHT)})
    model: str = "small"
    rig: str = "skull"


def measured(settings: Settings) -> tuple[Recording, Found, tuple[Row, ...]]:
    """Return the recording, how late its mouth is, and its phones where there are any.

    Raises:
        InputError: it is not what it has to be; one line.
    """
    if not settings.recording:
        raise InputError("loopback: no recording; name one: mandible benchmark --loopback RECORDING.wav")
    recording = read(Path(settings.recording), settings.channel)
    rows = labels_beside(recording)
    return recording, found(recording, Rig.load(settings.rig), settings.model), rows


def measure(settings: Settings, bench: Bench) -> Iterator[Measurement]:
    """Yield by how much the mouth is behind, and how sure that is."""
    bench.model(settings.model)
    bench.tell("comparing")
    recording, result, rows = measured(settings)
    mouth = turned(result)
    subject = {"rig": settings.rig, "model": settings.model, "sensor": mouth.kind}
    conditions = _conditions(recording, result, mouth)

    def one(figure: str, value: float, fit: Fit | None = None) -> Measurement:
        return Measurement(
            PROBE, figure, subject, ((value,),), conditions, None if fit is None else fit.interval
        )

    yield one("loopback_shift_ms", result.at_once.shift_ms, result.at_once)
    if result.standing is not None:
        yield one("loopback_seen_shift_ms", result.standing.shift_ms, result.standing)
    yield Measurement(PROBE, "loopback_segment_shift_ms", subject, (result.at_once.segments_ms,), conditions)
    yield one("loopback_correlation", abs(result.at_once.correlation))
    # What a capacitor made of a voltage is no opening any more.
    if rows and result.corner_hz == 0:
        yield from (one(figure, value) for figure, value in _against_phones(rows, mouth))


def _conditions(recording: Recording, result: Found, mouth: Mouth) -> dict[str, str | int | float | bool]:
    told: dict[str, str | int | float | bool] = {
        "recording": Path(recording.name).name,
        "rate_hz": recording.rate_hz,
        "seconds": round(recording.seconds, 1),
        "speech_s": round(result.speech_s, 1),
        "segments": len(result.at_once.segments_ms),
        "reversed": result.at_once.correlation < 0,
    }
    if mouth.train is not None:
        train = mouth.train
        told |= {
            "pulses": len(train.starts_s),
            "period_ms": round(train.period_ms, 3),
            "edge_us": round(train.jitter_us, 2),
            "inverted": train.inverted,
        }
    else:
        told["high_pass_hz"] = result.corner_hz
    return told


def _against_phones(rows: tuple[Row, ...], mouth: Mouth) -> Iterator[tuple[str, float]]:
    sentence = Sentence(rows, "arpabet", round(rows[-1][1] * SAMPLE_RATE_HZ))
    pieces = [Shown(sentence, mouth.at_ms, mouth.opening)]
    yield "jaw_shift_ms", jaw_shift_ms(pieces)
    yield "onset_shift_ms", onset_shift_ms(pieces)
    closing = closure_shift_ms(pieces)
    if closing is not None:
        yield "closure_shift_ms", closing
