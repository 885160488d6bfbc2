"""``mandible rig``: checking a file, and storing limits only when told to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mandible.cli.main import main
from mandible.firmware_bridge import ports
from mandible.firmware_bridge.fake_board import FakeBoard
from mandible.firmware_bridge.rig import Rig

_SKULL = Rig.load("skull")


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> FakeBoard:
    """Return the board that ``fake:`` leads to in this test."""
    board = FakeBoard()
    monkeypatch.setattr(ports, "FakeBoard", lambda: board)
    return board


def test_check_says_that_a_rig_is_right(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rig", "check", "skull"]) == 0
    assert capsys.readouterr().out.endswith("right; 1 channel(s): jaw\n")


def test_check_ends_with_2_and_one_line_on_a_wrong_rig(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("schema = 1\n[chanels.jaw]\n", "utf-8")
    assert main(["rig", "check", str(wrong)]) == 2
    error = capsys.readouterr().err
    assert error == f"mandible: {wrong}:2: chanels: unknown table or key; did you mean channels?\n"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('[link]\nport = "serail:///dev/ttyACM0"', "[link] port: "),
        ('[link]\nport = "serial://[x"', "[link] port: "),
        ('[model]\nname = "smal"', "[model] name: "),
        ('[model]\nengine = "tflight"', '[model] engine: "tflight" is no engine; did you mean tflite?'),
    ],
)
def test_check_refuses_what_no_run_could_use_and_names_the_line(
    table: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rig = tmp_path / "mine.toml"
    rig.write_text(
        Path(_SKULL.file).read_text("utf-8").replace("[smoothing]", f"{table}\n[smoothing]"), "utf-8"
    )
    line = rig.read_text("utf-8").splitlines().index(table.splitlines()[1]) + 1
    assert main(["rig", "check", str(rig)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"mandible: {rig}:{line}: {message}")
    assert error.count("\n") == 1


def test_explain_shows_every_value_and_where_it_comes_from(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    assert main(["rig", "check", "parrot", "--explain"]) == 0
    shown = capsys.readouterr().out
    for effective in Rig.load("parrot").effective:
        assert effective.key in shown
    assert "default" in shown
    assert "line 5" in shown


def test_explain_says_where_each_pose_comes_from(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["rig", "explain", "head"]) == 0
    shown = capsys.readouterr().out
    for words in ("role upper_lip", "mirrors corner_left", "1700", "eyes_turn has no poses"):
        assert words in shown
    assert "…" not in shown.split("Pulses in µs")[1]
    assert main(["rig", "explain", "head", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["poses"]["PP"]["jaw"] == {"position": 0.08, "from": "rule", "origin": "role jaw"}
    assert told["poses"]["E"]["corner_right"]["from"] == "mirror"
    assert told["poses"]["aa"]["lids"] == {
        "position": None,
        "from": "neutral",
        "origin": "no pose: neutral",
    }
    assert {v["key"]: v["source"] for v in told["values"]}["poses.PP.jaw"] == "role jaw"


def test_explain_says_who_waits_for_whom(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rig = tmp_path / "slow.toml"
    text = Path(Rig.load("parrot").file).read_text("utf-8")
    rig.write_text(text.replace("output = 0", "output = 0\nservo_delay_ms = 90"), "utf-8")
    assert main(["rig", "explain", str(rig), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["held_back_ms"] == {"lower_beak": 0, "upper_beak": 90, "tongue": 90}
    assert main(["rig", "explain", str(rig)]) == 0
    assert "tongue waits 90 ms for the slowest servo of the mouth (90 ms)." in capsys.readouterr().out


@pytest.mark.parametrize("words", [["rig", "check", "skull", "--json"], ["rig", "--json", "check", "skull"]])
def test_json_holds_the_same(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["poses_us"]["aa"] == {"jaw": 1750}
    assert {v["key"]: v["source"] for v in told["values"]}["link.lead_ms"] == "default"


def test_store_needs_a_yes(board: FakeBoard, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rig", "store", "skull", "--port", "fake:"]) == 2
    assert "add --yes" in capsys.readouterr().err
    assert board.limits == {}


def test_store_shows_what_it_writes_and_does_it_once(
    board: FakeBoard, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rig", "store", "skull", "--port", "fake:", "--yes"]) == 0
    shown = capsys.readouterr().out
    assert "1250" in shown
    assert "Stored, and read back." in shown
    assert tuple(board.limits.values()) == _SKULL.limits
    assert main(["rig", "store", "skull", "--port", "fake:", "--yes"]) == 0
    assert "Nothing to do" in capsys.readouterr().out


def test_store_asks_a_person_and_takes_no_for_an_answer(
    board: FakeBoard, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda prompt: "n")
    assert main(["rig", "store", "skull", "--port", "fake:"]) == 1
    assert "Nothing was written." in capsys.readouterr().out
    assert board.limits == {}
    monkeypatch.setattr("builtins.input", lambda prompt: "y")
    assert main(["rig", "store", "skull", "--port", "fake:"]) == 0
    assert tuple(board.limits.values()) == _SKULL.limits


def test_store_takes_the_end_of_input_for_no(
    board: FakeBoard, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", end)
    assert main(["rig", "store", "skull", "--port", "fake:"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "mandible: the question got no answer: nothing was stored; say y, or add --yes"
    ]
    assert board.limits == {}


def test_store_speaks_json(board: FakeBoard, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rig", "store", "skull", "--port", "fake:", "--yes", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["board"], told["written"]) == ("virtual", True)
    assert told["limits"][0]["max_us"] == 1750


def test_store_needs_a_board(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["rig", "store", "skull", "--port", "none:", "--yes"]) == 2
    absent = tmp_path / "ttyNone"
    assert main(["rig", "store", "skull", "--port", f"serial://{absent}", "--yes"]) == 3
    assert "no such port" in capsys.readouterr().err
