"""What a person is shown of a calibration, on the terminal and on the page: plain JSON values."""

from __future__ import annotations

from typing import Any

from mandible.firmware_bridge.calibration.calibrator import Calibrator
from mandible.firmware_bridge.calibration.wizard import Plan

View = dict[str, Any]


def view_of(calibrator: Calibrator, plan: Plan, note: str) -> View:
    """Return the question, its answers, where the servo is, and what has been found so far."""
    wizard, talk = calibrator.wizard, calibrator.talk
    prompt = wizard.prompt
    hold = prompt.question.hold
    return {
        "serial": wizard.serial,
        "ended": wizard.ended,
        "title": prompt.title,
        "text": prompt.text,
        "answers": [
            {"key": one.key, "word": one.word, "label": one.label, "hold": one.word in hold}
            for one in prompt.choices
        ],
        "ready": wizard.takes_answers,
        "powered": talk.moving or prompt.effect is not None,
        "goal_us": None if wizard.jog is None else wizard.jog.pulse_us,
        "position_us": talk.position_us,
        "note": note or ("" if talk.board is not None else "Waiting for the board ..."),
        "channels": [
            {
                "name": channel.name,
                "output": channel.output,
                "now": channel is wizard.channel,
                "before": _row(channel),
                "found": _row(wizard.found[channel.name]) if channel.name in wizard.found else None,
            }
            for channel in plan.channels
        ],
    }


def _row(one: Any) -> View:
    keys = ("min_us", "max_us", "neutral_us", "speed_us_per_s", "reversed")
    return {key: getattr(one, key) for key in keys}
