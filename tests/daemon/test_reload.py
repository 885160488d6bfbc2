"""A rig read again is taken over between two hops, or refused in one line while the old one stays."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from mandible.device.daemon.controls import Controls
from mandible.device.daemon.notify import Notifier
from mandible.device.daemon.reload import Reload, check
from mandible.device.frames import Frame
from mandible.errors import InputError
from mandible.firmware_bridge.rig import Rig

TEXT = """schema = 1
[smoothing]
hysteresis = 60
[link]
port = "virtual:"
[channels.jaw]
output = 0
min_us = 1250
max_us = 1750
neutral_us = 1250
[channels.lip]
output = 1
min_us = 1250
max_us = 1750
neutral_us = 1250
[poses]
aa = { jaw = 1.0 }
"""
LIMIT_S = 10


class Heard(Notifier):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def _tell(self, *parts: str) -> None:
        self.said += [part.split("=")[0] for part in parts if "=" in part]


class Running:
    """A line that does nothing but look for what is waiting."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.write_text(TEXT)
        self.controls = Controls()
        self.adopted: list[tuple[Rig, int]] = []
        self.lines: list[str] = []
        self.notifier = Heard()
        self.reload = Reload(
            str(file), Rig.load(file), self.controls, self.adopt, self.notifier, self.lines.append
        )

    def adopt(self, rig: Rig) -> None:
        self.adopted.append((rig, threading.get_ident()))

    def outcome(self) -> str | None:
        """Ask, and run hops until there is an answer."""
        answers: list[str | None] = []
        answered = threading.Event()

        def answer(complaint: str | None) -> None:
            answers.append(complaint)
            answered.set()

        self.reload.ask(answer)
        silence = Frame(0, 0, np.zeros(160, np.int16))
        for _ in range(LIMIT_S * 100):
            list(self.controls.between([silence]))
            if answered.wait(0.01):
                return answers[0]
        raise AssertionError("no answer")


@pytest.fixture
def running(tmp_path: Path) -> Running:
    return Running(tmp_path / "rig.toml")


def test_new_poses_and_smoothing_are_taken_over_by_the_lines_thread(running: Running) -> None:
    running.file.write_text(TEXT.replace("jaw = 1.0", "jaw = 0.5").replace("= 60", "= 70") + "# a note\n")
    assert running.outcome() is None
    (rig, thread), *others = running.adopted
    assert others == []
    assert thread == threading.get_ident()
    assert rig.poses_us[10][0] == 1500
    assert rig.smoothing.hysteresis == 70
    assert running.reload.rig is rig
    assert (running.reload.reloads, running.reload.refused_reloads, running.reload.last_refusal) == (
        1,
        0,
        None,
    )
    assert running.notifier.said == ["RELOADING", "MONOTONIC_USEC", "READY"]
    assert running.lines == []


def test_axes_are_taken_over_like_poses(running: Running) -> None:
    axis = "[axes.open]\nchannels = { lip = 0.5 }\n[poses.E]\nopen = 1.0\n"
    running.file.write_text(TEXT + axis)
    assert running.outcome() is None
    lip = running.reload.rig.channels[1]
    assert running.reload.rig.poses_us[11][1] == (lip.min_us + lip.max_us) // 2


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("1750\nneutral_us = 1250\n[channels.lip]", "1800\nneutral_us = 1250\n[channels.lip]",
         "rig.toml:9: [channels.jaw] max_us: changed from 1750 to 1800; this needs a restart"),
        ('"virtual:"', '"fake:"', '[link] port: changed from "virtual:" to "fake:"'),
        ('port = "virtual:"', 'port = "virtual:"\nlead_ms = 25', "[link] lead_ms: changed from 10 to 25"),
        ("output = 1", "output = 2", "[channels.lip] output: changed from 1 to 2"),
        ("schema = 1", 'schema = 1\n[model]\nname = "micro"', "[model] name: changed from"),
        ("schema = 1", 'schema = 1\n[audio]\nsource = "x"', '[audio] source: changed from "mic" to "x"'),
        ("[channels.lip]", "[channels.tongue]", "[channels.tongue] output: changed from nothing to 1"),
        ("jaw = 1.0", "jaww = 1.0", "unknown channel; did you mean jaw?"),
        ("schema = 1", "schema = ", "not valid TOML"),
        ("jaw = 1.0", "jaw = nan", "write a finite number"),
    ],
)  # fmt: skip
def test_what_cannot_change_while_running_is_refused_by_name(
    running: Running, old: str, new: str, wanted: str
) -> None:
    assert old in TEXT
    before = running.reload.rig
    running.file.write_text(TEXT.replace(old, new))
    complaint = running.outcome()
    assert complaint is not None
    assert wanted in complaint
    assert "\n" not in complaint
    assert running.reload.rig is before
    assert running.adopted == []
    assert running.lines == [f"mandible: not reloaded: {complaint}"]
    assert running.reload.last_refusal == complaint
    assert running.notifier.said[-1] == "READY", "the manager must not wait for ever"
    running.file.write_text(TEXT)
    assert running.outcome() is None, "a rig that is mended is taken"
    assert running.reload.last_refusal is None


def test_a_channel_less_is_named(running: Running) -> None:
    cut = TEXT[: TEXT.index("[channels.lip]")] + TEXT[TEXT.index("[poses]") :]
    running.file.write_text(cut)
    assert "[channels.lip] output: changed from 1 to nothing" in str(running.outcome())


def test_servos_in_another_order_are_another_puppet() -> None:
    jaw, lip, poses = (TEXT.index(table) for table in ("[channels.jaw]", "[channels.lip]", "[poses]"))
    swapped = TEXT[:jaw] + TEXT[lip:poses] + TEXT[jaw:lip] + TEXT[poses:]
    with pytest.raises(InputError, match="another order; this needs a restart"):
        check(Rig.parse("rig.toml", TEXT), Rig.parse("rig.toml", swapped))


def test_a_file_that_is_gone_is_refused(running: Running) -> None:
    running.file.unlink()
    assert "no such rig file" in str(running.outcome())


def test_a_line_that_cannot_adopt_goes_on(running: Running) -> None:
    def stumble(rig: Rig) -> None:
        raise RuntimeError("no such stage")

    running.adopt, before = stumble, running.reload.rig  # type: ignore[method-assign]
    running.reload._adopt = stumble
    assert "RuntimeError: no such stage" in str(running.outcome())
    assert running.reload.rig is before


def test_a_flood_of_wishes_is_bounded_and_ends(running: Running) -> None:
    answers: list[str | None] = []
    for _ in range(500):
        running.reload.ask(answers.append)
    assert running.outcome() in (None, "too many wishes are waiting already; try again")
    assert sum(answer is not None for answer in answers) > 0
    running.reload.close()


def test_shipped_rigs_can_be_reloaded() -> None:
    for name in ("skull", "parrot"):
        check(Rig.load(name), Rig.load(name))
