"""The page in a real browser: it asks, jogs while a button is pressed, stops when told to or when gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bridge.boards import BoardProcess
from tests.browser import Browser
from tests.calibration.served import Served
from tests.calibration.silence import wait_for_pulses, wait_for_silence

TITLE = "document.getElementById('title').textContent"
WHERE = "document.getElementById('where').textContent"
FURTHER = "button[data-word=further]"


@pytest.fixture
def served(rig_file: Path, board: BoardProcess) -> Iterator[Served]:
    with Served(str(rig_file), "--port", board.url) as served:
        yield served


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A calibration that nobody answers."""
    output = tmp_path_factory.mktemp("rig") / "puppet.toml"
    with Served("skull", "-o", str(output), "--port", "virtual:") as served:
        yield served


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


def begin(browser: Browser, served: Served, board: BoardProcess) -> None:
    browser.open(served.url)
    browser.wait_for(f"{TITLE} === 'Before jaw moves'")
    browser.click("button[data-word=inside]")
    browser.wait_for(f"{TITLE} === 'Towards the short-pulse end'")
    wait_for_pulses(board)


def test_a_pressed_button_jogs_and_the_red_one_stops(
    chromium: Browser, served: Served, board: BoardProcess
) -> None:
    begin(chromium, served, board)
    chromium.mouse("mousePressed", FURTHER)
    chromium.wait_for(f"{WHERE}.includes('to 1150')")
    chromium.mouse("mouseReleased", FURTHER)
    chromium.wait_for(f"!{WHERE}.includes('on its way')")
    lowest_us = min(pulse_us for _, _, pulse_us in board.rows())
    assert 1100 < lowest_us <= 1150
    chromium.mouse("mousePressed", "#stop")
    chromium.wait_for(f"{TITLE}.startsWith('Stopped')")
    wait_for_silence(board)
    chromium.click("button[data-word=go_on]")
    chromium.wait_for(f"{TITLE} === 'Towards the short-pulse end'")
    wait_for_pulses(board)
    chromium.key("keyDown", " ")
    chromium.wait_for(f"{TITLE}.startsWith('Stopped')")
    wait_for_silence(board)
    assert min(pulse_us for _, _, pulse_us in board.rows()) == lowest_us


def test_a_page_that_is_left_lets_the_servo_go(
    chromium: Browser, served: Served, board: BoardProcess
) -> None:
    begin(chromium, served, board)
    chromium.mouse("mousePressed", FURTHER)
    chromium.wait_for(f"{WHERE}.includes('to 1150')")
    chromium.open("about:blank")
    wait_for_silence(board)
    chromium.mouse("mouseReleased", "body")


def test_a_browser_that_dies_lets_the_servo_go(served: Served, board: BoardProcess, tmp_path: Path) -> None:
    with Browser(tmp_path / "profile") as browser:
        begin(browser, served, board)
        browser.mouse("mousePressed", FURTHER)
        browser.wait_for(f"{WHERE}.includes('to 1150')")
        browser.die()
    wait_for_silence(board)
    assert served.turn("another")["title"].startswith("Stopped")


def test_a_second_page_has_to_wait(standing: Served) -> None:
    assert standing.turn()["title"] == "Before jaw moves"
    assert standing.post("turn", b'{"page": "second"}')[0] == 409


def test_an_answer_to_an_earlier_question_does_not_count(served: Served) -> None:
    serial = served.turn()["serial"]
    assert served.turn(word="inside", serial=serial)["title"] != "Before jaw moves"
    after = served.turn(word="inside", serial=serial)
    assert after["title"] != "Before jaw moves"
    assert served.turn(word="nonsense", serial=after["serial"])["serial"] in (
        after["serial"],
        after["serial"] + 1,
    )


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("turn", b"{", 400),
        ("turn", b"[1]", 400),
        ("turn", b'{"page": ""}', 400),
        ("turn", b'{"page": "x", "word": 3}', 400),
        ("turn", b'{"page": "x", "word": "inside"}', 400),
        ("turn", b'{"page": "x", "stop": 1}', 400),
        ("turn", b"[" * 900, 400),
        ("turn", b"x" * 5000, 413),
        ("elsewhere", b"{}", 404),
        ("../guess/turn", b"{}", 404),
    ],
)
def test_what_no_page_of_ours_says_is_refused(standing: Served, name: str, body: bytes, status: int) -> None:
    assert standing.post(name, body)[0] == status
    assert standing.turn()["title"] == "Before jaw moves"
