"""The wizard alone: what it asks, what it takes for an answer, and how it stops."""

from __future__ import annotations

import dataclasses

import pytest

from mandible.firmware_bridge.calibration.questions import QUESTIONS, Jog
from mandible.firmware_bridge.calibration.stops import COARSE_US
from mandible.firmware_bridge.calibration.wizard import Plan, Wizard
from mandible.firmware_bridge.rig import Rig

SKULL, PARROT = Rig.load("skull"), Rig.load("parrot")


def plan_for(rig: Rig, speaks: bool) -> Plan:
    return Plan(rig.channels, tuple(channel.name for channel in rig.channels), "puppet.toml", "", speaks)


def wizard_for(rig: Rig = SKULL, speaks: bool = False) -> Wizard:
    return Wizard(plan_for(rig, speaks))


def arrive(wizard: Wizard) -> None:
    """Have the servo be where it is wished, as long as nobody is asked anything."""
    while wizard.jog is not None and (wizard.prompt.passes or not wizard.takes_answers):
        wizard.observe(wizard.jog.pulse_us)
    if wizard.jog is not None:
        wizard.observe(wizard.jog.pulse_us)


def answer(wizard: Wizard, *words: str) -> None:
    for word in words:
        arrive(wizard)
        assert wizard.answer(word), f"{word} is no answer to {wizard.prompt.name}"
    arrive(wizard)


def find_both_ends(wizard: Wizard) -> None:
    for _ in range(2):
        answer(wizard, *["further"] * 20, "stopped", "yes", "yes", "no", "yes")


def walk_through(wizard: Wizard) -> None:
    answer(wizard, "inside")
    find_both_ends(wizard)
    answer(wizard, "open", "done", "usual", "yes")


def test_nothing_moves_before_a_person_says_that_it_may() -> None:
    wizard = wizard_for()
    assert wizard.prompt.name == "safety"
    assert wizard.jog is None
    assert "1250" in wizard.prompt.text


@pytest.mark.parametrize(("word", "begins_us"), [("inside", 1250), ("middle", 1500), ("horn_off", 1500)])
def test_it_begins_where_the_person_was_told(word: str, begins_us: int) -> None:
    wizard = wizard_for()
    assert wizard.answer(word)
    assert wizard.jog == Jog(0, begins_us)


def test_an_answer_before_the_servo_is_there_does_not_count() -> None:
    wizard = wizard_for()
    answer(wizard, "inside", *["further"] * 5, "stopped")
    assert wizard.prompt.name == "back"
    assert wizard.answer("yes")
    assert wizard.prompt.name == "step"
    assert not wizard.answer("yes")
    wizard.observe(wizard.jog.pulse_us - 1 if wizard.jog else 0)
    assert not wizard.answer("yes")
    arrive(wizard)
    assert wizard.answer("yes")


def test_words_that_were_not_offered_do_not_count() -> None:
    wizard = wizard_for()
    for word in ("yes", "further", "there", "done", "", "leave"):
        assert not wizard.answer(word)
    assert wizard.prompt.name == "safety"


def test_a_key_kept_pressed_never_runs_ahead_of_the_servo() -> None:
    wizard = wizard_for()
    answer(wizard, "inside")
    at_us = 1250
    wizard.observe(at_us)
    for _ in range(500):
        wizard.answer("further")
        assert wizard.jog is not None
        assert abs(wizard.jog.pulse_us - at_us) <= 2 * COARSE_US
        at_us -= 1
        wizard.observe(at_us)


def test_stop_means_no_pulses_whatever_was_asked() -> None:
    wizard = wizard_for()
    answer(wizard, "inside", "further", "further")
    wizard.stop()
    assert wizard.jog is None
    wizard.observe(1200)
    assert not wizard.answer("further")
    assert wizard.jog is None
    assert wizard.answer("go_on")
    assert wizard.jog == Jog(0, 1230)


def test_after_a_stop_a_part_can_be_begun_anew_or_left() -> None:
    wizard = wizard_for(PARROT)
    answer(wizard, "channel 1", "inside", "further")
    wizard.stop()
    assert wizard.answer("anew")
    assert wizard.prompt.name == "safety"
    assert wizard.channel is PARROT.channels[1]
    answer(wizard, "inside")
    wizard.stop()
    assert wizard.answer("list")
    assert wizard.prompt.name == "menu"


def test_parts_are_found_in_any_order_and_kept_when_another_is_given_up() -> None:
    wizard = wizard_for(PARROT)
    answer(wizard, "channel 2")
    walk_through(wizard)
    assert wizard.prompt.name == "menu"
    answer(wizard, "channel 0", "inside")
    wizard.stop()
    answer(wizard, "list", "channel 0", "back")
    assert ["✓" in one.label for one in wizard.prompt.choices[:3]] == [False, False, True]
    answer(wizard, "finish")
    assert "lower_beak, upper_beak" in wizard.prompt.text
    answer(wizard, "no")
    assert wizard.prompt.name == "save"
    assert list(wizard.found) == ["tongue"]


def test_a_wrong_direction_does_not_cost_the_ends() -> None:
    wizard = wizard_for()
    answer(wizard, "inside")
    find_both_ends(wizard)
    answer(
        wizard, "open", "done", "usual", "settings", "closed", "opener", "done", "heavy", "yes", "no", "no"
    )
    jaw = wizard.found["jaw"]
    assert jaw.reversed
    assert jaw.neutral_us == jaw.max_us - 10
    assert jaw.speed_us_per_s == 2500


def test_leaving_writes_nothing() -> None:
    wizard = wizard_for(PARROT)
    answer(wizard, "channel 0")
    walk_through(wizard)
    answer(wizard, "leave")
    assert wizard.ended
    assert (wizard.found, wizard.saved, wizard.stored) == ({}, False, False)


def test_storing_speaking_and_saving_are_done_in_order() -> None:
    wizard = wizard_for(speaks=True)
    walk_through(wizard)
    done = []
    for word in ("yes", "", "", "again", "", "yes", "yes", ""):
        done.append(wizard.prompt.effect or wizard.prompt.name)
        if word:
            answer(wizard, word)
        else:
            # What comes of it is nothing that a person, or a page, could say.
            assert not wizard.answer("done")
            wizard.came_of_it(done=True)
    assert done == ["speak", "store", "say", "again", "say", "again", "save", "save"]
    assert wizard.ended
    assert wizard.saved
    assert wizard.stored


@pytest.mark.parametrize("speaks", [False, True])
def test_a_controller_without_a_memory_is_not_asked_to_store(speaks: bool) -> None:
    wizard = Wizard(dataclasses.replace(plan_for(SKULL, speaks), stores=False))
    walk_through(wizard)
    if speaks:
        answer(wizard, "yes")
        assert wizard.prompt.effect == "say"
        wizard.came_of_it(done=True)
        answer(wizard, "yes")
    assert wizard.prompt.name == "save"


def test_a_puppet_that_speaks_wrongly_leads_back_to_the_list() -> None:
    wizard = wizard_for(speaks=True)
    walk_through(wizard)
    answer(wizard, "yes")
    wizard.came_of_it(done=True)
    wizard.came_of_it(done=True)
    answer(wizard, "list")
    assert wizard.prompt.name == "menu"
    assert wizard.found


def test_a_board_that_refuses_is_not_spoken_to() -> None:
    wizard = wizard_for(speaks=True)
    walk_through(wizard)
    answer(wizard, "yes")
    wizard.came_of_it(done=False)
    assert wizard.prompt.name == "save"
    answer(wizard, "no")
    assert wizard.ended
    assert (wizard.saved, wizard.stored) == (False, False)


def test_a_file_that_cannot_be_written_is_asked_about_again() -> None:
    wizard = wizard_for()
    walk_through(wizard)
    answer(wizard, "no")
    for _ in range(2):
        answer(wizard, "yes")
        assert wizard.prompt.effect == "save"
        wizard.came_of_it(done=False)
        assert wizard.prompt.name == "save"
        assert wizard.found
    answer(wizard, "yes")
    wizard.came_of_it(done=True)
    assert wizard.ended
    assert wizard.saved


def test_ends_too_close_together_are_not_believed() -> None:
    wizard = wizard_for()
    answer(wizard, "inside")
    for _ in range(2):
        answer(wizard, "stopped", "yes", "yes", "no", "yes")
    assert wizard.prompt.name == "narrow"
    assert wizard.jog is None
    answer(wizard, "redo")
    assert wizard.prompt.name == "approach"


def test_where_nothing_stops_it_the_last_pulse_is_offered() -> None:
    wizard = wizard_for()
    answer(wizard, "middle", *["further"] * 101)
    assert wizard.prompt.name == "bound"
    assert wizard.jog == Jog(0, 500)
    answer(wizard, "take")
    assert wizard.prompt.text == QUESTIONS["approach"].text.strip()


def test_a_stall_answers_for_the_person_once() -> None:
    wizard = wizard_for()
    answer(wizard, "inside", "further", "further")
    wizard.observe(1235, stalled=True)
    assert wizard.prompt.name == "retreat"
    wizard.observe(1235, stalled=True)
    assert wizard.prompt.name == "retreat"


def test_a_stall_where_none_can_be_stops() -> None:
    wizard = wizard_for()
    answer(wizard, "inside")
    find_both_ends(wizard)
    answer(wizard, "open")
    assert wizard.prompt.name == "rest"
    wizard.observe(1250, stalled=True)
    assert wizard.prompt.name == "stopped"
    assert wizard.jog is None


def test_every_question_has_distinct_keys_and_none_is_the_stop_key() -> None:
    for name, question in QUESTIONS.items():
        keys = [one.key for one in question.answers]
        assert len(set(keys)) == len(keys), name
        assert " " not in keys
        assert set(question.hold) <= {one.word for one in question.answers}
        assert question.stalled in (None, "go_on", *(one.word for one in question.answers))
