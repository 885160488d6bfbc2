"""A person at a terminal calibrates a virtual board: keys, files, and a servo let go whatever happens."""

from __future__ import annotations

import re
import signal
import wave
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from mandible.cli import calibrate
from mandible.cli.main import build_parser
from mandible.errors import InputError
from mandible.firmware_bridge.calibration.at_a_port import Wish
from mandible.firmware_bridge.calibration.at_a_port import calibrate as calibrate_at
from mandible.firmware_bridge.calibration.found import Found
from mandible.firmware_bridge.calibration.live import LiveCalibration
from mandible.firmware_bridge.port_url import parse_port_url
from mandible.firmware_bridge.protocol import LIMITS
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.storing import LimitsWriter
from tests.bridge.boards import BoardProcess
from tests.calibration.at_terminal import AtTerminal
from tests.calibration.silence import wait_for_pulses, wait_for_silence
from tests.controllers.maestro_device import SimulatedMaestro

SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "puppet.wav"


@pytest.fixture
def maestro(tmp_path: Path) -> Iterator[SimulatedMaestro]:
    device = SimulatedMaestro(tmp_path)
    yield device
    device.pull()


def find_an_end(person: AtTerminal, goal_us: int) -> None:
    person.press_until("f", f"on its way to {goal_us} ")
    person.press("s")
    person.wait_for("Did you see")
    person.wait_for("stands at")
    person.press("y")
    for answer in "yn":
        person.wait_for("Did it move")
        person.wait_for("stands at")
        person.press(answer)
    person.wait_for("come away")
    person.wait_for("stands at")
    person.press("y")


def begin(person: AtTerminal) -> None:
    person.wait_for("Before jaw moves")
    person.press("i")
    person.wait_for("Towards the short-pulse end")


def test_a_jaw_is_calibrated_stored_tried_and_saved(
    rig_file: Path, board: BoardProcess, tmp_path: Path
) -> None:
    before = rig_file.read_text("utf-8")
    sentence = tmp_path / "mama.wav"
    with wave.open(str(SAMPLE)) as whole, wave.open(str(sentence), "wb") as part:
        part.setparams(whole.getparams())
        part.writeframes(whole.readframes(whole.getframerate() // 2))
    with AtTerminal(str(rig_file), "--port", board.url, "--say", str(sentence)) as person:
        begin(person)
        find_an_end(person, 1100)
        person.wait_for("Towards the long-pulse end")
        find_an_end(person, 1400)
        for asked, key in (
            ("Is it open now", "c"),
            ("Where does it rest", "d"),
            ("What kind of servo", "u"),
            ("freely all the way", "y"),
            ("A test sentence", "y"),
            ("Was that right", "y"),
            ("Save?", "y"),
        ):
            person.wait_for(asked)
            if asked not in ("A test sentence", "Was that right", "Save?"):
                person.wait_for("stands at")
            if asked == "Save?":
                # Somebody adds a word meanwhile, and a disk that is away for a moment costs nothing.
                before += "\n# a word of my own\n"
                rig_file.write_text(before, "utf-8")
                away = rig_file.parent.rename(tmp_path / "away")
                person.press(key)
                person.wait_for("cannot be written")
                away.rename(rig_file.parent)
            person.press(key)
        assert person.end() == 0
        assert "saved" in person.shown
    jaw = Rig.load(rig_file).channels[0]
    assert 1100 < jaw.min_us < 1250 < jaw.max_us < 1400
    assert jaw.reversed
    assert jaw.neutral_us == jaw.max_us
    assert (rig_file.with_name("puppet.before-calibration.toml")).read_text("utf-8") == before
    assert "# teeth together" in rig_file.read_text("utf-8")
    assert "# a word of my own" in rig_file.read_text("utf-8")
    # Never beyond the last step that the person allowed.
    moved_us = {pulse_us for _, _, pulse_us in board.rows() if pulse_us}
    assert min(moved_us) >= 1090
    with LimitsWriter(parse_port_url(board.url), Rig.load(rig_file)) as writer:
        assert writer.greet()[1] is None


def test_the_space_bar_stops_the_pulses(rig_file: Path, board: BoardProcess) -> None:
    with AtTerminal(str(rig_file), "--port", board.url) as person:
        begin(person)
        person.press_until("f", "on its way to 1210 ")
        person.press(" ")
        person.wait_for("You stopped it")
        wait_for_silence(board)
        person.press("g")
        person.wait_for("stands at")
        person.signal(signal.SIGINT)
        assert person.end() == 130
        wait_for_silence(board)


def test_the_space_bar_needs_no_enter_after_the_program_was_suspended(
    rig_file: Path, board: BoardProcess
) -> None:
    with AtTerminal(str(rig_file), "--port", board.url) as person:
        begin(person)
        person.press_until("f", "on its way to 1220 ")
        person.signal(signal.SIGSTOP)
        person.make_it_wait_for_enter()
        wait_for_silence(board)
        person.signal(signal.SIGCONT)
        person.wait_for("did not run for a while")
        person.press("g")
        person.wait_for("stands at")
        person.press(" ")
        person.wait_for("You stopped it")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP, signal.SIGHUP])
def test_a_program_that_ends_or_stops_lets_the_servo_go(
    rig_file: Path, board: BoardProcess, number: signal.Signals
) -> None:
    with AtTerminal(str(rig_file), "--port", board.url) as person:
        begin(person)
        person.press_until("f", "on its way to 1150 ")
        person.signal(number)
        wait_for_silence(board)
    assert min(pulse_us for _, _, pulse_us in board.rows() if pulse_us) > 1150 - LIMITS["jog_reach_us"]


def test_a_board_that_is_unplugged_and_back_goes_on_when_asked(rig_file: Path, board: BoardProcess) -> None:
    with AtTerminal(str(rig_file), "--port", board.url) as person:
        begin(person)
        person.wait_for("stands at")
        board.pull()
        person.wait_for("The port went away")
        board.plug_in()
        person.press("g")
        person.wait_for("stands at")
        wait_for_pulses(board)


def test_nothing_is_written_by_a_person_who_turns_back(rig_file: Path) -> None:
    before = rig_file.read_bytes()
    with AtTerminal(str(rig_file), "--port", "virtual:") as person:
        person.wait_for("Before jaw moves")
        person.press("b")
        assert person.end() == 1
    assert rig_file.read_bytes() == before
    assert [file.name for file in rig_file.parent.iterdir()] == ["puppet.toml"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["skull", "--port", "virtual:"], "-o"),
        (["skull", "-o", "x.toml"], "--port"),
        (["skull", "-o", "x.toml", "--port", "virtual:"], "terminal"),
        (["skull", "-o", "x.toml", "--port", "virtual:", "--channel", "jow"], "did you mean jaw?"),
        (["skull", "-o", "x.toml", "--port", "virtual:", "--say", "no.wav"], "no.wav"),
        (["skull", "-o", "x.toml", "--port", "virtual:", "--web", "--listen", "nonsense"], "--listen"),
        (["skull", "-o", "x.toml", "--port", "virtual:", "--listen", "127.0.0.1:0"], "--web"),
        (["skull", "-o", "no/x.toml", "--port", "virtual:"], "folder"),
    ],
)
def test_a_wrong_wish_is_refused_before_anything_moves(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=re.escape(said)):
        calibrate.main(build_parser("calibrate").parse_args(["calibrate", *words]))
    assert list(tmp_path.iterdir()) == []


def test_what_was_found_is_told_when_the_program_is_interrupted(
    rig_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(live: LiveCalibration, _: object) -> None:
        live.wizard.found["jaw"] = Found("jaw", 1111, 1444, 1222, 5000, 160_000, True)
        raise KeyboardInterrupt

    monkeypatch.setattr(LiveCalibration, "run", interrupted)
    wish = Wish(str(rig_file), "serial:///dev/nobody", None, None, None)
    with pytest.raises(KeyboardInterrupt):
        calibrate_at(wish, lambda _: nullcontext())  # type: ignore[arg-type, return-value]
    told = capsys.readouterr().err
    assert "not saved: jaw: min_us = 1111, max_us = 1444, neutral_us = 1222, reversed = true" in told


def test_another_maker_s_controller_is_calibrated_the_same_way(
    rig_file: Path, maestro: SimulatedMaestro
) -> None:
    with AtTerminal(str(rig_file), "--port", f"maestro://{maestro.path}") as person:
        begin(person)
        person.press_until("f", "on its way to 1210 ")
        person.wait_for("stands at")
        maestro.wait_for(lambda: 4 * 1190 <= maestro.targets[0] <= 4 * 1210)
        person.press(" ")
        maestro.wait_for(lambda: maestro.targets[0] == 0)
        person.wait_for("You stopped it")
