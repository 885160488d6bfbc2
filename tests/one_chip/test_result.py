"""The committed figures keep what docs/one-chip.md promises; a test of docs/ holds its table to them."""

from __future__ import annotations

import json
import wave
from typing import Any

import pytest

from mandible.benchmarks import mcu
from mandible.benchmarks import one_chip as benchmark
from mandible.models import released
from mandible.quantize import budget, one_chip
from mandible.quantize.one_chip.export import check_fits
from mandible.quantize.streaming import load


@pytest.fixture(scope="module")
def committed() -> dict[str, Any]:
    return dict(json.loads(benchmark.RESULT.read_text(encoding="utf-8")))


def test_every_board_speaks_the_whole_sample_as_the_host_does(committed: dict[str, Any]) -> None:
    assert [row["board"] for row in committed["rows"]] == list(one_chip.BOARDS)
    with wave.open(str(mcu.SAMPLE)) as file:
        assert file.getnframes() // 160 == benchmark.HOPS
    for row in committed["rows"]:
        assert row["hops"] == benchmark.HOPS
        assert row["differing_viseme_bytes"] == 0
        assert row["most_us_from_host_pulses"] <= 1
        assert row["set_points_refused"] == 0


def test_the_worst_hop_is_within_its_10_ms(committed: dict[str, Any]) -> None:
    assert committed["model_sha256"] == released.resolve(benchmark.MODEL).sha256
    for row in committed["rows"]:
        assert row["most_cycles_assumed"] == pytest.approx(2 * row["most_instructions"])
        assert row["cycles_in_a_hop"] == 10_000 * row["clock_mhz"]
        assert row["most_cycles_assumed"] <= row["cycles_in_a_hop"] / 2
        assert row.get("most_cycles_counted", 0) <= row["most_cycles_assumed"]


def test_what_goes_into_the_estimate_is_what_was_built(committed: dict[str, Any]) -> None:
    """The refusal of models that are too large adds up at least what the image took, and not much more."""
    for row in committed["rows"]:
        board = one_chip.board_named(row["board"])
        network = load(released.resolve(benchmark.MODEL).path)
        check_fits(network, board, benchmark.MODEL)
        needs = budget.estimate(network, board.chip.core)
        told = needs.flash_bytes + board.firmware_flash_bytes
        assert row["flash_bytes"] <= told <= 1.2 * row["flash_bytes"]
