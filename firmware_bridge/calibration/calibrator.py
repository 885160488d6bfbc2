"""A wizard and a board joined: answers move the servo, what the board reports moves the wizard on.

No input or output here either: whoever has the port and the person hands bytes, answers and the time in.
"""

from __future__ import annotations

from mandible.firmware_bridge.calibration.jog_talk import JogTalk
from mandible.firmware_bridge.calibration.wizard import Wizard

# A servo that presses against a stop must not do so while its owner makes tea.
REST_AFTER_S = 30


class Calibrator:
    """One calibration of one puppet on one board.

    Attributes:
        wizard: what is asked.
        talk: the conversation with the board.
    """

    def __init__(self, wizard: Wizard, now_us: int) -> None:
        """Begin to greet the board."""
        self.wizard = wizard
        self.talk = JogTalk(now_us)
        self._answered_us = now_us

    def answer(self, word: str, now_us: int, serial: int | None = None) -> bool:
        """Take an answer, to the question with this ``serial`` if one is given; say whether it counted.

        A key that is kept pressed answers many questions, so for those the number does not matter.
        """
        prompt = self.wizard.prompt
        if serial is not None and serial != self.wizard.serial and word not in prompt.question.hold:
            return False
        if not self.wizard.answer(word):
            return False
        self._answered_us = now_us
        self.talk.wish(self.wizard.jog)
        return True

    def stop(self, why: str = "You stopped it.") -> None:
        """Let go of the servo at once."""
        self.wizard.stop(why)
        self.talk.let_go()

    def receive(self, data: bytes, now_us: int) -> None:
        """Take bytes that arrived from the board."""
        self.talk.receive(data, now_us)

    def poll(self, now_us: int) -> None:
        """Do what is due; call it every 20 ms or so."""
        wizard, talk = self.wizard, self.talk
        if wizard.jog is None:
            self._answered_us = now_us
        elif now_us - self._answered_us > 1_000_000 * REST_AFTER_S:
            wizard.stop(f"Nothing was answered for {REST_AFTER_S} s, so the servo rests.")
        if talk.halted is not None:
            wizard.stop(talk.halted)
            talk.resume()
        wizard.observe(talk.position_us, talk.stalled)
        talk.wish(wizard.jog)
        talk.poll(now_us)

    def transmit(self) -> bytes:
        """Return the bytes to send to the board, once."""
        return self.talk.transmit()
