"""A calibration at a real port: carries bytes, does the effects, lets go of the servo whatever happens."""

from __future__ import annotations

import contextlib
import select
import threading
import time
from collections.abc import Callable
from typing import Protocol

from mandible.errors import DeviceError, InputError
from mandible.firmware_bridge.calibration.calibrator import Calibrator
from mandible.firmware_bridge.calibration.jog_talk import JogTalk
from mandible.firmware_bridge.calibration.view import View, view_of
from mandible.firmware_bridge.calibration.wizard import Plan, Wizard
from mandible.firmware_bridge.host_clock import now_us
from mandible.firmware_bridge.port_url import PortUrl
from mandible.firmware_bridge.ports import Port, open_port

_TURN_S = 0.02
_REOPEN_S = 0.5
_LET_GO_S = 0.5
_GREETING_US = 6_000_000
_SILENT = "The board does not answer; check its supply and its cable."
# What an effect does: raises MandibleError where it fails.
Effect = Callable[[], None]


class Front(Protocol):
    """Where the person is: a terminal or a page."""

    def fileno(self) -> int | None:
        """Return a descriptor that is readable when the person has done something, if there is one."""
        ...

    def turn(self) -> None:
        """Take what the person has done, show how things stand; called fifty times a second."""
        ...


class LiveCalibration:
    """Drives a wizard and the board at a port. ``answer``, ``stop`` and ``view`` are for any thread.

    Attributes:
        interrupted: the person wants an effect that lasts (a test sentence) to end.
    """

    def __init__(self, url: PortUrl, plan: Plan, effects: dict[str, Effect]) -> None:
        """Take the port's URL; nothing is opened yet."""
        self.interrupted = False
        self._url = url
        self._plan = plan
        self._effects = effects
        self._calibrator = Calibrator(Wizard(plan), now_us())
        self._lock = threading.Lock()
        self._port: Port | None = None
        self._note = ""
        self._silent_us = now_us()
        self._met = False

    @property
    def wizard(self) -> Wizard:
        """What has been asked and found."""
        return self._calibrator.wizard

    def answer(self, word: str, serial: int | None = None) -> View:
        """Take an answer, if it is one; return how things stand then."""
        with self._lock:
            if self._calibrator.answer(word, now_us(), serial):
                self._note = ""
            return self._view()

    def stop(self, why: str = "You stopped it.") -> View:
        """Let go of the servo at once; return how things stand then."""
        with self._lock:
            self.interrupted = True
            self._calibrator.stop(why)
            with contextlib.suppress(OSError):  # the turn that follows finds it as well, and says so
                self._speak()
            return self._view()

    def view(self) -> View:
        """Return how things stand."""
        with self._lock:
            return self._view()

    def run(self, front: Front) -> None:
        """Carry on until the wizard has ended; then, or when anything goes wrong, let go and close.

        Raises:
            DeviceError: the port cannot be opened, or no board of ours answers there.
        """
        self._open()
        try:
            while not self.wizard.ended:
                self._turn(front)
                front.turn()
        finally:
            self._let_go()

    def _turn(self, front: Front) -> None:
        effect = self.wizard.prompt.effect
        if effect is not None:
            front.turn()
            self._do(effect)
            return
        if self._port is None:
            self._reopen()
        watched = [one for one in (front.fileno(), self._port) if one is not None]
        readable = select.select(watched, [], [], _TURN_S)[0]
        try:
            with self._lock:
                if self._port is not None and self._port in readable:
                    self._calibrator.receive(self._port.read(), now_us())
                self._calibrator.poll(now_us())
                self._speak()
        except OSError:
            self._lost()
        self._refuse_silence()

    def _speak(self) -> None:
        """Send what there is to send; to be called with the lock held."""
        data = self._calibrator.transmit()
        if data and self._port is not None:
            # What does not fit is lost, like bytes on a wire: everything that matters is said again.
            self._port.write(data)

    def _refuse_silence(self) -> None:
        """Raise DeviceError where no board of ours has ever answered, or one that cannot be used.

        One that has answered before may do so again: what was found must not be lost with it.
        """
        talk = self._calibrator.talk
        if talk.board is not None:
            self._silent_us = now_us()
            self._met = True
            if self._note == _SILENT:
                self._note = ""
            if talk.board.unfit is not None:
                raise DeviceError(f"{self._url.text}: {talk.board.unfit}")
        elif self._port is not None and now_us() - self._silent_us > _GREETING_US:
            if not self._met:
                raise DeviceError(
                    f"{self._url.text}: the board does not answer; is the mandible firmware on it?"
                )
            self._note = _SILENT

    def _do(self, effect: str) -> None:
        """Do an effect with the port to itself, and tell the wizard what came of it."""
        self._let_go()
        self.interrupted = False
        note = ""
        try:
            self._effects[effect]()
        except (DeviceError, InputError) as error:
            note = str(error)
        with self._lock:
            self._note = note
            self.wizard.came_of_it(done=not note)
        if not self.wizard.ended:
            self._reopen()

    def _open(self) -> None:
        self._port = open_port(self._url)
        with self._lock:
            self._calibrator.talk = JogTalk(now_us())
        self._silent_us = now_us()

    def _reopen(self) -> None:
        try:
            self._open()
        except DeviceError as error:
            with self._lock:
                self._note = str(error)
            time.sleep(_REOPEN_S)

    def _lost(self) -> None:
        self._close()
        with self._lock:
            self._calibrator.stop("The port went away; check its cable.")
            self._calibrator.talk = JogTalk(now_us())

    def _let_go(self) -> None:
        """Have the board stop its pulses, and see that it says so; one that is gone stops by itself."""
        port = self._port
        if port is None:
            return
        give_up_s = time.monotonic() + _LET_GO_S
        talk = self._calibrator.talk
        with contextlib.suppress(OSError), self._lock:
            talk.wish(None)
            while talk.board is not None and talk.moving and time.monotonic() < give_up_s:
                talk.poll(now_us())
                self._speak()
                select.select([port], [], [], _TURN_S)
                talk.receive(port.read(), now_us())
        self._close()

    def _close(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            with contextlib.suppress(Exception):  # a port that is gone may refuse even this
                port.close()

    def _view(self) -> View:
        return view_of(self._calibrator, self._plan, self._note)
