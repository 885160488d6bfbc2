"""``jsonl`` carries arousal and emphasis where a line hears them, and nothing about them elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mandible.device.sinks.formats import open_track
from mandible.models.visemes import Viseme
from tests.cli.command import SAMPLE, complaint, mandible, succeed
from tests.sinks.decoded import DELAY_MS, HEADER, decoded


def test_rows_carry_what_a_frame_has(tmp_path: Path) -> None:
    plain = decoded(5, Viseme.aa, 9)
    frames = [plain, plain.having(index=6, arousal=255, emphasis=0), plain.having(index=7, arousal=51)]
    track = open_track(tmp_path / "a", "jsonl", delay_ms=DELAY_MS, header=HEADER)
    for frame in frames:
        track.write(frame)
    track.close(0.08)
    rows = [json.loads(line) for line in (tmp_path / "a").read_text("utf-8").splitlines()[1:]]
    assert [(row.get("arousal"), row.get("emphasis")) for row in rows] == [
        (None, None),
        (1.0, 0.0),
        (0.2, None),
    ]


def test_bake_hears_expression_when_asked(tmp_path: Path) -> None:
    track = tmp_path / "a.jsonl"
    succeed("bake", SAMPLE, "--expression", "-o", track)
    rows = [json.loads(line) for line in track.read_text("utf-8").splitlines()[1:]]
    arousal, emphasis = ([row[name] for row in rows] for name in ("arousal", "emphasis"))
    assert min(arousal) == min(emphasis) == 0.0
    assert 0.3 < max(arousal) <= 1.0
    assert 0.5 < max(emphasis) <= 1.0
    succeed("bake", SAMPLE, "-o", track)
    assert "arousal" not in track.read_text("utf-8")


@pytest.mark.parametrize("words", [["-o", "{}/a.csv"], ["-o", "{}/a", "--format", "rhubarb-json"]])
def test_a_format_without_room_for_it_says_so(words: list[str], tmp_path: Path) -> None:
    done = mandible("bake", SAMPLE, "--expression", *(word.format(tmp_path) for word in words))
    assert complaint(done, 2).endswith("has no room for it; add --format jsonl")
    assert not list(tmp_path.iterdir())


def test_a_rig_that_shows_expression_makes_the_line_hear_it(tmp_path: Path) -> None:
    track = tmp_path / "a.jsonl"
    succeed("bake", SAMPLE, "--rig", "owl", "-o", track)
    assert '"arousal":' in track.read_text("utf-8")
