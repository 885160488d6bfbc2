"""``mandible rig new`` and ``rig plot``: files for people, whole or not at all."""

from __future__ import annotations

import json
import shlex
import struct
import wave
from pathlib import Path

import numpy as np
import pytest

from mandible.benchmarks.rig_curves import speak
from mandible.cli.main import main
from mandible.firmware_bridge.mouth_roles import ROLES
from mandible.firmware_bridge.rig import Rig, shipped_rigs

_SAMPLE = Path(__file__).parents[2] / "samples" / "puppet.wav"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_starter_is_a_right_rig_that_speaks(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rig", "new", "yorick"]) == 0
    assert "mandible rig check yorick.toml" in capsys.readouterr().out
    rig = Rig.load("yorick.toml")
    assert [channel.role for channel in rig.channels] == ["jaw"]
    assert len(set(rig.poses_us)) > 8


def test_the_next_command_can_be_pasted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rig", "new", "alas, poor yorick"]) == 0
    command = capsys.readouterr().out.strip().rpartition("then: ")[2]
    assert main(shlex.split(command)[1:]) == 0


def test_every_hint_in_the_starter_is_right_when_it_is_taken() -> None:
    assert main(["rig", "new", "yorick"]) == 0
    text = Path("yorick.toml").read_text("utf-8")
    hints = [line for line in text.splitlines() if line.startswith("# ") and ("=" in line or "[" in line)]
    assert len(hints) > 15
    for hint in hints:
        text = text.replace(hint, hint[2:])
    rig = Rig.parse("taken.toml", text)
    assert [channel.name for channel in rig.channels] == ["jaw", "corner_left", "corner_right"]
    assert (rig.link.idle_detach_s, rig.link.port) == (60, "serial:///dev/ttyACM0")
    assert all(role in text for role in ROLES)


@pytest.mark.parametrize("name", shipped_rigs())
def test_a_rig_can_be_begun_from_every_shipped_one(name: str) -> None:
    assert main(["rig", "new", "mine", "--from", name]) == 0
    mine, theirs = Rig.load("mine.toml"), Rig.load(name)
    assert (mine.channels, mine.poses_us) == (theirs.channels, theirs.poses_us)
    assert Path("mine.toml").read_text("utf-8").startswith(f"# mine, begun from {name}:\n")


def test_a_rig_begun_from_a_file_goes_where_it_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    Path("old.toml").write_bytes(b"\xef\xbb\xbf" + Path(Rig.load("skull").file).read_bytes())
    assert main(["rig", "new", "a name/of any kind", "--from", "old.toml", "-o", "b.toml", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"file": "b.toml", "from": "old.toml"}
    assert Rig.load("b.toml").poses_us == Rig.load("skull").poses_us


@pytest.mark.parametrize("name", ["two\nlines = 1", '"""', "\x1b[2J", "x" * 5000])
def test_no_name_becomes_part_of_the_rig(name: str) -> None:
    assert main(["rig", "new", name, "-o", "b.toml"]) == 0
    text = Path("b.toml").read_text("utf-8")
    assert text.splitlines()[1].startswith("# The least that works")
    assert Rig.load("b.toml").poses_us


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["yorick"], "yorick.toml: is there already; choose another name, or remove it first"),
        (["x", "-o", "yorick.toml"], "yorick.toml: is there already"),
        (["x", "-o", "dangling"], "dangling: is there already"),
        (["x", "-o", "absent/x.toml"], "there is no folder absent; make it first"),
        (["../x"], "../x: not a name"),
        ([".."], "..: not a name"),
        ([""], "an empty NAME: not a name"),
        (["--", "-x"], "-x: not a name"),
        ([".hidden"], ".hidden: not a name"),
        (["a\nb"], r"a\nb: not a name"),
        (["x", "--from", "skul"], "did you mean skull?"),
        (["x", "--from", "wrong.toml"], "wrong.toml: schema: missing"),
    ],
)
def test_nothing_is_overwritten_and_nothing_wrong_begun(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("yorick.toml").write_text("mine", "utf-8")
    Path("wrong.toml").write_text("a = 1", "utf-8")
    Path("dangling").symlink_to("nowhere")
    before = sorted(Path().iterdir())
    assert main(["rig", "new", *words]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert message in said
    assert sorted(Path().iterdir()) == before
    assert Path("yorick.toml").read_text("utf-8") == "mine"


def _png_size(path: Path) -> tuple[int, int]:
    head = path.read_bytes()[:24]
    assert head.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def _cut(seconds: float) -> None:
    with wave.open(str(_SAMPLE), "rb") as whole, wave.open("cut.wav", "wb") as cut:
        cut.setparams(whole.getparams())
        cut.writeframes(whole.readframes(int(seconds * whole.getframerate())))


def test_a_plot_has_a_row_for_each_channel_and_says_which(capsys: pytest.CaptureFixture[str]) -> None:
    _cut(2.0)
    heights = []
    for name in ("skull", "head"):
        assert main(["rig", "plot", name, "--wav", "cut.wav", "-o", f"{name}.png", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["seconds"], told["channels"]) == (2.0, [c.name for c in Rig.load(name).channels])
        width, height = _png_size(Path(f"{name}.png"))
        assert width == 1600
        heights.append(height)
    assert heights[1] - heights[0] > 11 * 80


def test_curves_stand_under_the_sound_they_show() -> None:
    spoken = speak(Rig.load("skull"), _SAMPLE)
    assert len(spoken.sound) == len(spoken.sound) // 160 * 160
    assert (spoken.track[0][2], spoken.track[-1][2]) == ("sil", "sil")
    assert np.allclose(np.diff(spoken.times_s), 0.01)
    # The first loud sound of the sample, at 0.32 s, and the jaw that opens for it.
    loud_s = np.flatnonzero(np.abs(spoken.sound) > 0.05)[0] / 16000
    opened_s = spoken.times_s[np.flatnonzero(spoken.pulses_us[:, 0] > 1400)[0]]
    assert abs(opened_s - loud_s) < 0.06
    assert spoken.track[-1][1] >= len(spoken.sound) / 16000 - 0.01


def test_what_cannot_be_drawn_is_one_line_and_leaves_no_picture(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("no.wav").write_text("no sound", "utf-8")
    with wave.open("empty.wav", "wb") as empty:
        empty.setparams((1, 2, 16000, 0, "NONE", ""))
    for words, code, message in (
        (["--wav", "no.wav", "-o", "a.png"], 2, "no.wav: not a WAV file"),
        (["--wav", "gone.wav", "-o", "a.png"], 2, "gone.wav"),
        (["--wav", "empty.wav", "-o", "a.png"], 2, "empty.wav"),
        (["--wav", str(_SAMPLE), "-o", "a.svg"], 2, "end its name in .png"),
        (["--wav", str(_SAMPLE), "-o", "absent/a.png"], 2, "there is no folder absent"),
    ):
        assert main(["rig", "plot", "skull", *words]) == code
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert message in said
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["rig", "plot", "skull", "--wav", str(_SAMPLE), "-o", "a.png"]) == 3
    assert "pip install matplotlib" in capsys.readouterr().err
    assert sorted(path.name for path in Path().iterdir()) == ["empty.wav", "no.wav"]
