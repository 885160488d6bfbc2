"""From a recording to how late its mouth is."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mandible.benchmarks.lateness.matching import Spoken
from mandible.benchmarks.lipsync import read_phones
from mandible.benchmarks.loopback import jaw_voltage
from mandible.benchmarks.loopback.fit import Fit, best, correlation
from mandible.benchmarks.loopback.recording import Recording
from mandible.benchmarks.loopback.servo_signal import PulseTrain, pulse_train
from mandible.benchmarks.speech import Row
from mandible.errors import InputError
from mandible.firmware_bridge.rig import Rig
from mandible.models.scoring.timeline import runs
from mandible.small_file import read_small
from mandible.wording import shortened

PULSES, VOLTAGE = "pulses", "voltage"
_WHAT = {PULSES: "servo pulses that do", VOLTAGE: "no servo pulses, and a voltage that does"}
# Below this it is chance: movements of a few hertz, compared at 700 shifts, always agree somewhere.
LEAST_CORRELATION = 0.4
# Openings below this are rest. Speech that pauses for less goes on.
_OPEN, _PAUSE_MS = 0.05, 400
_LONGEST_MS, _LEAST_SPEECH_MS, _LEAST_SEGMENTS = 1500, 2000, 3
# Seconds of the mouth's way behind the speech that belong to a segment.
_AFTER_MS = 300
_STILL_US = 25.0
# No divisor of any usual period, so that every age of a pulse comes up.
_STANDING_STEP_MS = 3.0
_OPENING_RANKS = (2, 98)
_LABELS_BYTES = 1 << 20

Series = NDArray[np.float64]


@dataclass(frozen=True)
class Mouth:
    """What the mouth's channel shows.

    Attributes:
        kind: ``pulses`` or ``voltage``.
        at_ms: (n,) when each pulse began, or the middle of each 5 ms.
        value: (n,) width in µs, or voltage, full scale 1.
        train: the pulses.
    """

    kind: str
    at_ms: Series
    value: Series
    train: PulseTrain | None

    @property
    def opening(self) -> Series:
        """(n,) 0 to 1, as far as what was seen tells: between the ends that it reaches."""
        low, high = np.percentile(self.value, _OPENING_RANKS)
        return np.asarray(np.clip((self.value - low) / (high - low), 0, 1), np.float64)


@dataclass(frozen=True)
class Found:
    """How late a recorded mouth is.

    Attributes:
        mouth: what was seen.
        at_once: the shift with each value taken when it was seen.
        standing: the shift with each value standing until the next; None for a voltage, which always is.
        corner_hz: of the sound card's input, as fits a voltage best; 0 where it lets direct current through.
        speech_s: how much speech was compared.
    """

    mouth: Mouth
    at_once: Fit
    standing: Fit | None
    corner_hz: float
    speech_s: float


def mouth_of(recording: Recording) -> Mouth:
    """Return what the mouth's channel shows; InputError where it does not move."""
    train = pulse_train(recording.mouth, recording.rate_hz)
    if train is None:
        at_s, voltage = jaw_voltage.in_steps(recording.mouth, recording.rate_hz)
        return Mouth(VOLTAGE, at_s * 1000, voltage, None)
    low, high = np.percentile(train.widths_us, _OPENING_RANKS)
    if high - low < _STILL_US:
        raise InputError(f"{recording.name}: the servo's pulses never change; record while the mouth speaks")
    return Mouth(PULSES, train.starts_s * 1000, train.widths_us, train)


def found(recording: Recording, rig: Rig, model: str) -> Found:
    """Compare a recording's mouth with what the line says of its sound.

    Raises:
        InputError: there is too little speech, the mouth does not move, or it does not follow the speech.
    """
    mouth = mouth_of(recording)
    wanted, segments = own_track(recording, rig, model)
    corner_hz, most = 0.0, correlation(wanted, mouth.at_ms, mouth.value, segments)
    for tries in (jaw_voltage.corners_hz, jaw_voltage.corners_near_hz) if mouth.kind == VOLTAGE else ():
        for corner in tries(corner_hz):
            fits = correlation(jaw_voltage.high_passed(wanted, corner), mouth.at_ms, mouth.value, segments)
            if fits > most:
                corner_hz, most = corner, fits
    at_once = best(jaw_voltage.high_passed(wanted, corner_hz), mouth.at_ms, mouth.value, segments)
    if abs(at_once.correlation) < LEAST_CORRELATION or at_once.at_an_end:
        raise InputError(
            f"{recording.name}: the mouth's channel shows {_WHAT[mouth.kind]} not follow the speech "
            f"(correlation {abs(at_once.correlation):.2f} at best, {LEAST_CORRELATION:g} is needed); is it "
            "the right line, and the right channel?"
        )
    standing = None
    if mouth.train is not None:
        every = np.arange(np.ceil(mouth.at_ms[0]), mouth.at_ms[-1], _STANDING_STEP_MS)
        latest = np.searchsorted(mouth.at_ms, every, "right") - 1
        # Where pulses pause, none stands.
        there = every - mouth.at_ms[latest] < 2 * mouth.train.period_ms
        standing = best(wanted, every[there], mouth.value[latest][there], segments)
    speech_s = sum(end - start - _AFTER_MS for start, end in segments) / 1000
    return Found(mouth, at_once, standing, corner_hz, speech_s)


def turned(result: Found) -> Mouth:
    """Return the mouth so that wider is more: a servo may be mounted either way round."""
    mouth = result.mouth
    return mouth if result.at_once.correlation > 0 else replace(mouth, value=-mouth.value)


def own_track(recording: Recording, rig: Rig, model: str) -> tuple[Series, list[tuple[float, float]]]:
    """Return what the line asks of the jaw, (n,) every ms of the sound, and (start_ms, end_ms) of speech.

    Raises:
        InputError: there is less than two seconds of speech.
    """
    spoken = Spoken.of(recording.sound, rig, model)
    count = round(recording.seconds * 1000)
    # A hop's pose stands for 10 ms; their middles are joined by lines.
    middles_ms = spoken.begins_ms + 5
    wanted = np.interp(np.arange(count) + 0.5, middles_ms, spoken.opening)
    speaks = wanted > _OPEN
    stretches: list[list[int]] = []
    for start, end in runs(speaks).tolist():
        if stretches and start - stretches[-1][1] < _PAUSE_MS:
            stretches[-1][1] = end
        else:
            stretches.append([start, end])
    segments = [
        (float(at), float(min(at + _LONGEST_MS, end) + _AFTER_MS))
        for start, end in stretches
        for at in range(start, end, _LONGEST_MS)
        if min(at + _LONGEST_MS, end) - at >= _LONGEST_MS // 4
    ]
    if len(segments) < _LEAST_SEGMENTS or speaks.sum() < _LEAST_SPEECH_MS:
        had_s = speaks.sum() / 1000
        raise InputError(
            f"{recording.name}: {had_s:.1f} s of speech in its sound; record some ten seconds, "
            "or are the channels the other way round (--loopback-channel)?"
        )
    return wanted, segments


def labels_beside(recording: Recording) -> tuple[Row, ...]:
    """Return the phones in ``NAME.phones.csv`` beside ``NAME.wav``: (start_s, end_s, phone); none without it.

    Raises:
        InputError: it is no such file, or a time is none of the recording's.
    """
    path = Path(recording.name).with_suffix(".phones.csv")
    if not path.exists():
        return ()
    read_small(path, _LABELS_BYTES)
    try:
        phones = read_phones(path)
    except (ValueError, TypeError, KeyError, AttributeError, csv.Error) as error:
        raise InputError(f"{path}: not rows of start_s,end_s,phone ({shortened(str(error))})") from None
    at_s = 0.0
    for one in phones:
        if not at_s <= one.start_s < one.end_s <= recording.seconds + 1:
            raise InputError(
                f"{path}: {one.phone} from {one.start_s:g} to {one.end_s:g} s: times must follow each other "
                f"within the recording's {recording.seconds:.1f} s"
            )
        at_s = one.start_s
    if not phones:
        raise InputError(f"{path}: holds no phones; write some, or take it away")
    return tuple((one.start_s, one.end_s, one.phone) for one in phones)
