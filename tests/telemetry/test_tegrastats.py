"""``tegrastats``: lines captured on real boards, from the TX1 to the Thor, and lines that are none."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mandible.device.telemetry import tegrastats
from mandible.device.telemetry.reading import Reading

CAPTURES = sorted((Path(__file__).parent / "captures").glob("*.txt"))
LINES = [
    (path.stem, line)
    for path in CAPTURES
    for line in path.read_text("utf-8").splitlines()
    if not line.startswith("#")
]

# What each board's first line says, read by eye.
TOLD: dict[str, dict[str, Any]] = {
    "nano-32.7.1": {
        "ram_used_mb": 1923,
        "ram_total_mb": 3964,
        "swap_used_mb": 191,
        "swap_total_mb": 1982,
        "cpu_percent": (5, 4, 3, 6),
        "cpu_mhz": 1224,
        "emc_percent": 0,
        "emc_mhz": 1600,
        "gpu_percent": 0.0,
        "gpu_mhz": 76,
        "temperatures_c": {"PLL": 37.0, "CPU": 40.0, "GPU": 40.0, "AO": 45.0, "thermal": 40.0},
        "temperature_c": 45.0,
        "rails_mw": {"POM_5V_IN": 1750, "POM_5V_GPU": 0, "POM_5V_CPU": 366},
        "power_mw": 1750,
    },
    "nano-32": {"cpu_percent": (90, 16, 0, 9), "gpu_percent": 7.0, "gpu_mhz": 768, "power_mw": 2746},
    "tx1-28": {"swap_total_mb": None, "ram_used_mb": 1179, "power_mw": 2532, "temperature_c": 42.75},
    "tx2-32": {
        "cpu_percent": (1, None, None, 1, 0, 2),
        "cpu_mhz": 345,
        "power_mw": 3056,
        "emc_percent": 4,
        "temperature_c": 37.5,
    },
    "agx-xavier-32.1": {
        "gpu_percent": 0.0,
        "gpu_mhz": None,
        "emc_percent": 0,
        "emc_mhz": None,
        "rails_mw": {"GPU": 463, "CPU": 618, "SOC": 2936, "CV": 0, "VDDRQ": 309, "SYS5V": 3306},
        "power_mw": 463 + 618 + 2936 + 309 + 3306,
        "temperature_c": 32.0,
    },
    "xavier-nx-35.4.1": {
        "gpu_mhz": 114,
        "rails_mw": {"VDD_IN": 2763, "VDD_CPU_GPU_CV": 650, "VDD_SOC": 650},
        "power_mw": 2763,
        "temperature_c": 46.5,
    },
    "orin-nx-35": {
        "cpu_percent": (6, 9, 5, 16, None, None, None, None),
        "gpu_mhz": 611,
        "power_mw": 5299,
        "temperature_c": 48.875,
    },
    "agx-orin-35": {
        "gpu_mhz": 0,
        "temperature_c": 44.562,
        "rails_mw": {"VDD_GPU_SOC": 2340, "VDD_CPU_CV": 390, "VIN_SYS_5V0": 4025, "VDDQ_VDD2_1V8AO": 301},
    },
    "orin-nano-36.4.3": {
        "emc_percent": 15,
        "emc_mhz": 204,
        "gpu_mhz": 305,
        "temperatures_c": {
            "cpu": 48.562,
            "soc2": 46.593,
            "soc0": 48.625,
            "gpu": 49.625,
            "tj": 49.312,
            "soc1": 47.937,
        },
        "power_mw": 5251,
    },
    "agx-orin-36.4.4": {"cpu_mhz": 2201, "power_mw": 2412 + 1607 + 4707, "temperature_c": 52.562},
    "thor-38.4.0": {"gpu_percent": None, "gpu_mhz": 0, "ram_total_mb": 125773, "power_mw": 4165 + 4126},
}


def test_every_capture_names_its_board_and_where_it_is_from() -> None:
    assert {path.stem for path in CAPTURES} == set(TOLD)
    for path in CAPTURES:
        assert path.read_text("utf-8").startswith("# Jetson")


@pytest.mark.parametrize("board", sorted(TOLD))
def test_a_board_is_understood(board: str) -> None:
    reading = tegrastats.parse(next(line for name, line in LINES if name == board))
    assert reading is not None
    assert {field: getattr(reading, field) for field in TOLD[board]} == TOLD[board]


@pytest.mark.parametrize(("board", "line"), LINES)
def test_a_line_cut_off_anywhere_gives_nothing_that_was_not_there(board: str, line: str) -> None:
    whole = tegrastats.parse(line)
    assert whole is not None
    for length in range(0, len(line), 7):
        part = tegrastats.parse(line[:length])
        if part is not None:
            # A number cut in half is no reading: rails and temperatures end with their unit or a space.
            known = whole.temperatures_c
            assert all(known.get(name) == degrees for name, degrees in part.temperatures_c.items())
            assert set(part.rails_mw) <= set(whole.rails_mw)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "\0",
        "tegrastats: command not found",
        "RAM",
        "RAM /MB",
        "RAM 1/2GB",
        "RAM 99999999999999999999/1MB",
        "CPU []",
        "CPU [off",
        "CPU@40C",
    ],
)
def test_what_is_no_such_line_gives_no_reading(line: str) -> None:
    assert tegrastats.parse(line) is None


def test_nonsense_values_stay_unknown() -> None:
    line = "RAM 1/2MB CPU [,x,200%@abc,7%] GR3D_FREQ off EMC_FREQ x% cpu@nanC gpu@1e9C A@9999999C VDD_IN -5/3"
    assert tegrastats.parse(line) == Reading(
        source="tegrastats", cpu_percent=(None, None, None, 7), ram_used_mb=1, ram_total_mb=2
    )


@given(st.text(max_size=300))
def test_no_text_raises(text: str) -> None:
    tegrastats.parse(text)
    tegrastats.parse("RAM 1/2MB CPU [" + text + "] " + text)


@given(st.sampled_from(LINES), st.integers(0, 500), st.characters())
def test_no_damaged_line_raises(capture: tuple[str, str], place: int, letter: str) -> None:
    line = capture[1]
    tegrastats.parse(line[:place] + letter + line[place + 1 :])


def test_a_huge_line_takes_no_time() -> None:
    began_s = time.process_time()
    tegrastats.parse("RAM 1/2MB " + "A" * 10_000_000)
    tegrastats.parse("RAM 1/2MB CPU [" + "9" * 10_000_000)
    tegrastats.parse("RAM 1/2MB " + "VDD_IN 1" * 1_000_000)
    assert time.process_time() - began_s < 1.0


def program(folder: Path, script: str) -> str:
    """Put a ``tegrastats`` of the test's own into a folder; no real one can run here."""
    path = folder / "tegrastats"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(folder)


def test_the_program_is_asked_for_one_line(tmp_path: Path) -> None:
    line = next(line for board, line in LINES if board == "orin-nano-36.4.3")
    script = f'echo "$@" > {tmp_path}/asked\nwhile :; do echo "{line}"; sleep 0.05; done'
    reading = tegrastats.read(program(tmp_path, script))
    assert reading is not None
    assert reading.power_mw == 5251
    assert (tmp_path / "asked").read_text() == "--interval 100\n"


@pytest.mark.parametrize(
    "script",
    [
        "exit 1",
        "echo nonsense",
        "yes | head -c 1000000000",
        "cat /dev/zero",
        "trap '' TERM; exec sleep 1000",
        "sleep 1000 & echo $! > {folder}/child; wait",
    ],
)
def test_a_program_gone_mad_holds_nobody_up(tmp_path: Path, script: str) -> None:
    began_s = time.monotonic()
    assert tegrastats.read(program(tmp_path, script.format(folder=tmp_path))) is None
    assert time.monotonic() - began_s < 3 * tegrastats.LIMIT_S
    child = tmp_path / "child"
    if child.exists():
        with pytest.raises(ProcessLookupError):
            wait_for_the_end_of(int(child.read_text()))


def wait_for_the_end_of(process: int) -> None:
    """Raise ProcessLookupError as soon as a process is gone (or only its exit code is left)."""
    deadline_s = time.monotonic() + 5.0
    while time.monotonic() < deadline_s:
        os.kill(process, 0)
        if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            raise ProcessLookupError


def test_without_the_program_nothing_is_known(tmp_path: Path) -> None:
    assert tegrastats.read(str(tmp_path)) is None
    assert tegrastats.read("") is None
