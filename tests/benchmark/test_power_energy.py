"""Joules for a second of speech, against folders whose counters and rails say what is known."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mandible.benchmarks.bench import Bench
from mandible.benchmarks.devices import Device
from mandible.benchmarks.measurement import Measurement
from mandible.benchmarks.power import counters
from mandible.benchmarks.power.counters import Counter
from mandible.benchmarks.power.meter import Meter, counted_w, sampled_w
from mandible.benchmarks.probes import energy
from mandible.benchmarks.speech import sample
from mandible.errors import DeviceError
from tests.benchmark.draws import Drawing, zone
from tests.telemetry import trees

QUICK = energy.Settings(model="nano", rounds=1, idle_s=0.5, live_s=0.5, flat_out_s=0.5, interval_s=0.05)
NOBODY = 65534


def measured(root: Path, scratch: Path, settings: energy.Settings = QUICK) -> list[Measurement]:
    return list(energy.measure(settings, Bench(Device("host", root), sample(), scratch)))


def value(found: list[Measurement], figure: str, rail: str, pace: str | None = None) -> float:
    (one,) = [
        one
        for one in found
        if one.figure == figure and one.subject.get("rail") == rail and one.subject.get("pace") == pace
    ]
    return one.value


def test_a_known_power_gives_its_joules(tmp_path: Path) -> None:
    with Drawing(zone(tmp_path, "0", "package-0"), 5.0):
        found = measured(tmp_path, tmp_path)
    for rail in ("package-0", "total"):
        assert value(found, "idle_power_mw", rail) == pytest.approx(5000, rel=0.05)
        assert value(found, "energy_total_j_per_audio_s", rail, energy.LIVE) == pytest.approx(5, rel=0.08)
        assert abs(value(found, "energy_j_per_audio_s", rail, energy.LIVE)) < 0.4
        # Many seconds of speech go through in one.
        assert value(found, "energy_total_j_per_audio_s", rail, energy.FLAT_OUT) < 0.5
    accuracy = next(one for one in found if one.figure == "accuracy")
    assert accuracy.subject["model"] == "nano"
    assert 0.4 < accuracy.value < 1
    conditions = next(one for one in found if one.subject.get("rail") == "total").conditions
    assert conditions["covers"] == "the processor and its memory"
    assert conditions["read_from"] == "energy counters"


def test_work_that_takes_six_watts_more_is_told_so(tmp_path: Path) -> None:
    with Drawing(zone(tmp_path, "0", "package-0"), 2.0) as drawing:
        meter = Meter(tmp_path, 0.05)
        idle_w = meter.during(lambda: waited(0.6)).watts["total"]

        def work() -> float:
            drawing.power_w = 8.0
            waited(0.8)
            drawing.power_w = 2.0
            return 1.6  # seconds of speech

        phase = meter.during(work)
        meter.close()
    assert idle_w == pytest.approx(2, rel=0.05)
    assert phase.above_j("total", idle_w) == pytest.approx(6 * 0.8 / 1.6, rel=0.06)
    assert phase.all_j("total", idle_w) == pytest.approx(8 * 0.8 / 1.6, rel=0.06)


def waited(seconds: float) -> float:
    threading.Event().wait(seconds)
    return seconds


def test_a_counter_may_start_over_several_times(tmp_path: Path) -> None:
    range_uj = 1_500_000
    counter = zone(tmp_path, "0", "package-0", 1_400_000, range_uj)
    with Drawing(counter, 5.0, range_uj, 1_400_000):
        meter = Meter(tmp_path, 0.02)
        phase = meter.during(lambda: waited(1.0))
        meter.close()
    assert phase.watts["package-0"] == pytest.approx(5, rel=0.05)


def test_a_counter_that_is_set_back_tells_nothing() -> None:
    endless = Counter("chip", Path("unread"))
    assert counted_w(endless, [(0.0, 1_000_000), (1.0, 3_000_000), (2.0, 4_000_000)]) == 1.5
    assert counted_w(endless, [(0.0, 1_000_000), (1.0, 3_000_000), (2.0, 10)]) is None
    wrapping = Counter("chip", Path("unread"), 10_000_000)
    assert counted_w(wrapping, [(0.0, 9_000_000), (1.0, 2_000_000)]) == 3.0
    # A wrap of so much in so little time is none.
    assert counted_w(Counter("chip", Path("unread"), 1 << 40), [(0.0, 9_000_000), (1.0, 2_000_000)]) is None
    assert counted_w(endless, []) is counted_w(endless, [(0.0, 5)]) is None


def test_sampled_power_is_integrated_between_samples_however_far_apart() -> None:
    assert sampled_w([(0.0, 0.0), (1.0, 10_000.0)]) == pytest.approx(5)
    assert sampled_w([(0.0, 2000.0), (3.0, 2000.0), (3.5, 6000.0), (4.0, 6000.0)]) == pytest.approx(
        (3 * 2 + 0.5 * 4 + 0.5 * 6) / 4
    )
    assert sampled_w([(0.0, 1.0)]) is None


def test_a_jetsons_rails_are_told_one_by_one_and_its_input_is_the_whole_board(tmp_path: Path) -> None:
    trees.orin_nano(tmp_path)
    found = measured(tmp_path, tmp_path)
    input_mw = 5032 * 912 // 1000
    for rail, power_mw in (("VDD_IN", input_mw), ("total", input_mw), ("VDD_SOC", 5024 * 320 // 1000)):
        assert value(found, "idle_power_mw", rail) == pytest.approx(power_mw)
        assert value(found, "energy_j_per_audio_s", rail, energy.LIVE) == pytest.approx(0, abs=1e-6)
    total = next(one for one in found if one.subject.get("rail") == "total")
    assert total.conditions["covers"] == "the whole board"


def test_zones_within_zones_count_once(tmp_path: Path) -> None:
    for number, name in (
        ("0", "package-0"), ("0:0", "core"), ("0:1", "dram"), ("1", "package-1"), ("1:0", "dram"),
    ):  # fmt: skip
        zone(tmp_path, number, name)
    found = counters.find(tmp_path)
    rails = ["package-0", "package-1", "package-0 core", "package-0 dram", "package-1 dram"]
    assert [one.rail for one in found] == rails
    whole = counters.whole(found)
    assert whole is not None
    assert {one.rail for one in whole[1]} == {"package-0", "package-1", "package-0 dram", "package-1 dram"}
    zone(tmp_path, "2", "psys")
    platform = counters.whole(counters.find(tmp_path))
    assert platform is not None
    assert (platform[0], [one.rail for one in platform[1]]) == ("the whole computer", ["psys"])


def test_where_nothing_can_be_read_it_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match=r"jtop.*tegrastats.*hwmon.*powercap.*USB power meter") as told:
        measured(tmp_path, tmp_path)
    assert "\n" not in str(told.value)


def test_a_counter_that_stands_still_is_none(tmp_path: Path) -> None:
    zone(tmp_path, "0", "package-0", 12345)
    with pytest.raises(DeviceError, match="tell nothing that changes"):
        measured(tmp_path, tmp_path)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users may look into, unlike the tests' own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_a_counter_for_root_only_is_named_with_the_command_that_opens_it(open_folder: Path) -> None:
    zone(open_folder, "0", "package-0").chmod(0o400 if os.geteuid() == 0 else 0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        with pytest.raises(DeviceError, match=r"intel-rapl:0/energy_uj: .*only root.*sudo chmod a\+r"):
            Meter(open_folder, 0.1)
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.parametrize("content", ["", "-5", "nan", "9" * 30, "\x00\xff", "1 2"])
def test_what_is_no_count_is_no_counter(tmp_path: Path, content: str) -> None:
    zone(tmp_path, "0", "package-0").write_text(content, encoding="latin-1")
    with pytest.raises(DeviceError):
        measured(tmp_path, tmp_path)
