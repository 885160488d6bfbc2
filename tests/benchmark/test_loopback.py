"""A recorded mouth: whatever a sound card did to its line, its lateness is found; what is none is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mandible.benchmarks.loopback.lateness import PULSES, VOLTAGE, turned
from mandible.benchmarks.loopback.recording import Recording, read
from mandible.benchmarks.loopback.servo_signal import pulse_train
from mandible.benchmarks.probes.loopback import Settings, measured
from mandible.cli.main import main
from mandible.errors import InputError
from tests.benchmark.loopback_recordings import (
    Series,
    asked,
    blocked,
    pulses,
    sound,
    voltage,
    with_noise,
    write,
)

# A pulse tells where the mouth is wanted once in 20 ms; lines between what it told are off by this much.
WITHIN_MS = 1.5


@pytest.mark.parametrize(("rate_hz", "late_ms"), [(44_100, 40.0), (48_000, 80.3), (44_100, 120.0)])
def test_clean_pulses_tell_their_lateness_and_its_interval_holds_it(
    tmp_path: Path, rate_hz: int, late_ms: float
) -> None:
    path = write(tmp_path / "a.wav", rate_hz, sound(rate_hz), 0.5 * pulses(rate_hz, late_ms) + 0.2)
    _, result, _ = measured(Settings(str(path)))
    assert result.mouth.kind == PULSES
    assert result.at_once.shift_ms == pytest.approx(late_ms, abs=WITHIN_MS)
    low, high = result.at_once.interval
    assert low - 0.5 <= late_ms <= high + 0.5
    assert high - low < 4
    assert result.at_once.correlation > 0.95
    # As a viewer sees it, a pulse standing until the next: half a period later.
    assert result.standing is not None
    assert result.standing.shift_ms == pytest.approx(late_ms + 10, abs=2 * WITHIN_MS)


@pytest.mark.parametrize(("corner_hz", "late_ms"), [(20.0, 40.0), (2.0, 80.3), (20.0, 120.0)])
def test_noise_an_offset_a_capacitor_and_a_turned_polarity_change_nothing(
    tmp_path: Path, corner_hz: float, late_ms: float
) -> None:
    line = -0.5 * blocked(pulses(48_000, late_ms), 48_000, corner_hz) - 0.1
    path = write(tmp_path / "a.wav", 48_000, with_noise(sound(48_000), 0.002), with_noise(line, 0.02))
    _, result, _ = measured(Settings(str(path)))
    assert result.mouth.train is not None
    assert result.mouth.train.inverted
    assert result.at_once.shift_ms == pytest.approx(late_ms, abs=WITHIN_MS)


@pytest.mark.parametrize(("rate_hz", "hz"), [(44_100, 50.0), (48_000, 333.0)])
def test_widths_are_found_to_two_microseconds(rate_hz: int, hz: float) -> None:
    train = pulse_train(0.6 * blocked(pulses(rate_hz, 50, hz), rate_hz, 10.0), rate_hz)
    assert train is not None
    assert train.period_ms == pytest.approx(1000 / hz, abs=0.01)
    wanted_us = 1250 + 500 * asked(train.starts_s - 0.05)
    assert np.percentile(np.abs(train.widths_us - wanted_us), 99) < 6
    assert np.median(np.abs(train.widths_us - wanted_us)) < 2.5
    assert train.jitter_us < 3


@pytest.mark.parametrize(("corner_hz", "sign"), [(0.0, -1), (4.0, 1)])
def test_a_jaw_voltage_tells_its_lateness_through_any_input(
    tmp_path: Path, corner_hz: float, sign: int
) -> None:
    jaw = voltage(48_000, 80.3)
    jaw = blocked(jaw, 48_000, corner_hz) if corner_hz else jaw - 0.4
    path = write(tmp_path / "a.wav", 48_000, sound(48_000), with_noise(0.5 * sign * jaw, 0.02))
    _, result, _ = measured(Settings(str(path)))
    assert result.mouth.kind == VOLTAGE
    assert result.standing is None
    assert result.at_once.shift_ms == pytest.approx(80.3, abs=2)
    assert result.corner_hz == pytest.approx(corner_hz, rel=0.25, abs=0.01)
    # Wider is more, whichever way round the sensor is.
    assert (turned(result).value[0] == result.mouth.value[0]) == (sign > 0)


def test_the_other_channel_may_be_the_mouth(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", 48_000, 0.5 * pulses(48_000, 60), sound(48_000))
    _, result, _ = measured(Settings(str(path), channel="left"))
    assert result.at_once.shift_ms == pytest.approx(60, abs=WITHIN_MS)


def test_the_command_gives_a_result_file_with_the_labels_beside_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.wav", 48_000, sound(48_000), 0.5 * pulses(48_000, 80.3))
    labels = Path(__file__).parents[2] / "samples" / "puppet.phones.csv"
    (tmp_path / "a.phones.csv").write_bytes(labels.read_bytes())
    assert main(["benchmark", "--loopback", str(path), "--json"]) == 0
    table = json.loads(capsys.readouterr().out)
    rows = {one["figure"]: one for one in table["measurements"]}
    assert rows["loopback_shift_ms"]["value"] == pytest.approx(80.3, abs=WITHIN_MS)
    assert rows["loopback_shift_ms"]["low"] < 80.3 < rows["loopback_shift_ms"]["high"]
    assert rows["loopback_shift_ms"]["conditions"]["pulses"] == pytest.approx(530, abs=2)
    assert rows["loopback_shift_ms"]["conditions"]["period_ms"] == pytest.approx(20, abs=0.01)
    assert rows["loopback_correlation"]["value"] > 0.95
    # Against phones recognition is part of it: later, and of the same order.
    for figure in ("jaw_shift_ms", "onset_shift_ms", "closure_shift_ms"):
        assert 85 < rows[figure]["value"] < 130


def still(rate_hz: int) -> Series:
    """Return a servo's line whose pulses never change."""
    at = np.arange(len(sound(rate_hz)))
    return np.asarray(np.where(at % (rate_hz // 50) < rate_hz // 700, 0.5, 0.0))


REFUSED = {
    "one channel": (48_000, lambda s: [s], "one channel; record two"),
    "three channels": (48_000, lambda s: [s, s, s], "3 channels; record two"),
    "too fine": (192_000, lambda s: [s, s], "192000 Hz; record at 48000 Hz"),
    "too slow": (16_000, lambda s: [s, s], "16000 Hz; record at 48000 Hz"),
    "too short": (48_000, lambda s: [s[:48_000], s[:48_000]], "1.0 s long"),
    "no sound": (48_000, lambda s: [0 * s, 0.5 * pulses(48_000, 40)], "no sound on the left channel"),
    "nothing on the mouth": (48_000, lambda s: [s, 0 * s + 0.3], "nothing on the right channel"),
    "clipped sound": (48_000, lambda s: [8 * s, 0.5 * pulses(48_000, 40)], "left channel is clipped"),
    "clipped line": (48_000, lambda s: [s, 1.5 * pulses(48_000, 40)], "right channel is clipped"),
    "no speech": (48_000, lambda s: [with_noise(0 * s, 0.1), 0.5 * pulses(48_000, 40)], "s of speech in"),
    "a mouth at rest": (48_000, lambda s: [s, still(48_000)], "pulses never change"),
    "noise": (48_000, lambda s: [s, with_noise(0 * s, 0.2)], "a voltage that does not follow the speech"),
    "hum": (48_000, lambda s: [s, 0.3 * np.sin(np.arange(len(s)) / 48_000 * 314.16)], "does not follow"),
    "another mouth": (48_000, lambda s: [s, 0.5 * pulses(48_000, 40)[::-1]], "not follow the speech"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_tells_nothing_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    rate_hz, channels, says = REFUSED[what]
    path = write(tmp_path / "a.wav", rate_hz, *channels(sound(rate_hz)))
    assert main(["benchmark", "--loopback", str(path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert str(path) in line
    assert says in line


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("start_s,end_s,phone\n0,1e300,AA\n", "within the recording"),
        ("start_s,end_s,phone\n0,nan,AA\n", "within the recording"),
        ("start_s,end_s,phone\n-1,1,AA\n", "within the recording"),
        ("start_s,end_s,phone\n0,x,AA\n", "not rows of"),
        ("start_s,end_s,phone\n0\n", "not rows of"),
        ("start_s,end_s,phone\n", "no phones"),
        ("a,b\n", "columns must be"),
        ("start_s,end_s,phone\n0,1,QQ\n", "not an ARPAbet phone"),
        ("\0\0\0", "columns must be"),
    ],
)
def test_bad_labels_are_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    path = write(tmp_path / "a.wav", 48_000, sound(48_000), 0.5 * pulses(48_000, 40))
    (tmp_path / "a.phones.csv").write_text(text)
    assert main(["benchmark", "--loopback", str(path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "a.phones.csv" in line
    assert says in line


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFF\xff\xff\xff\xffWAVEfmt ", bytes(5000)])
def test_what_is_no_recording_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.wav"):
        read(path)
    with pytest.raises(InputError, match="not a regular file"):
        read(tmp_path)
    with pytest.raises(InputError, match="no such recording"):
        read(tmp_path / "b.wav")


def test_every_length_of_a_signal_is_looked_at_without_an_error() -> None:
    for count in (192_000, 192_001, 200_003):
        recording = Recording("x", 48_000, np.zeros(1, np.int16), with_noise(np.zeros(count), 0.1))
        assert pulse_train(recording.mouth, recording.rate_hz) is None
