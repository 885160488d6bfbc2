"""The walk through a whole puppet: a pure state machine that the terminal and the page both drive.

Questions come out (``prompt``), answers go in (``answer``), and so does what the board reports (``observe``);
where the servo shall be comes out (``jog``). It has no clock and does no input or output: what has to be done
outside (store, say, save) is an effect of a prompt, whose outcome is its answer.
"""

from __future__ import annotations

from dataclasses import dataclass

from mandible.firmware_bridge.calibration.channel_walk import walk_channel
from mandible.firmware_bridge.calibration.found import Found
from mandible.firmware_bridge.calibration.questions import Answer, Jog, Prompt, Walk
from mandible.firmware_bridge.calibration.stops import COARSE_US
from mandible.firmware_bridge.rig import Channel

# f, q and the space bar mean something else in the list.
_KEYS = "123456789abc"
_DONE = "done"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is calibrated, and what can be done with it.

    Attributes:
        channels: those to find the limits of.
        names: of every channel of the rig.
        file: what they are saved in; ``kept`` says what becomes of the one that is there.
        speaks: there is a test sentence.
        stores: the board has a memory of its own for limits.
    """

    channels: tuple[Channel, ...]
    names: tuple[str, ...]
    file: str
    kept: str
    speaks: bool
    stores: bool = True


class Wizard:
    """Walks a person through the channels of a plan.

    Attributes:
        found: what has been found so far, by channel name.
        channel: the channel at hand, or None.
        ended: nothing more is asked.
        stored, saved: what has been done with it.
    """

    def __init__(self, plan: Plan) -> None:
        """Ask the first question: of a single channel at once, else which one."""
        self.found: dict[str, Found] = {}
        self.channel: Channel | None = None
        self.ended = self.stored = self.saved = False
        self.serial = 0
        self._plan = plan
        self._stopped: Prompt | None = None
        self._there = False
        self._within_us: int | None = None
        self._stalls = False
        self._walk = self._puppet(plan.channels[0] if len(plan.channels) == 1 else None)
        self._prompt = next(self._walk)

    @property
    def prompt(self) -> Prompt:
        """What is asked now."""
        return self._stopped or self._prompt

    @property
    def jog(self) -> Jog | None:
        """Where the servo shall be now; None: nowhere, no pulses."""
        return self.prompt.jog

    @property
    def takes_answers(self) -> bool:
        """Whether the servo stands where the question is about, or the question is where to go."""
        return self.jog is None or self._there or bool(self.prompt.question.hold)

    def answer(self, word: str) -> bool:
        """Take an answer; False where it is none of this question's, or comes before the servo is there.

        A key that may be kept pressed counts when the servo is within a step of where it was last sent: so it
        moves without a halt, and stops at once when the key is let go. Whoever may keep one pressed may also
        give another answer at any time.
        """
        prompt = self.prompt
        if word not in [one.word for one in prompt.choices]:
            return False
        if not self.takes_answers or (word in prompt.question.hold and not self._nearly_there()):
            return False
        if self._stopped is None:
            self._advance(word)
        else:
            self._leave_stop(word)
        return True

    def came_of_it(self, done: bool) -> None:
        """Say what came of the effect that the prompt has; ValueError where it has none."""
        if self.prompt.effect is None:
            raise ValueError(f"{self.prompt.name} has no effect")
        self._advance(_DONE if done else "failed")

    def observe(self, pulse_us: int | None, stalled: bool = False) -> None:
        """Take what the board reports of the jogged output: its pulse now, and whether its servo stalls."""
        begins, self._stalls = stalled and not self._stalls, stalled
        if self.jog is None:
            return
        self._within_us = None if pulse_us is None else abs(self.jog.pulse_us - pulse_us)
        self._there = self._within_us == 0
        if begins:
            given = self.prompt.question.stalled
            if given is None:
                self.stop("The board says that the servo stalls.")
            elif given != "go_on":
                self._advance(given)
        elif self._there and self.prompt.passes:
            self._advance("there")

    def stop(self, why: str = "You stopped it.") -> None:
        """No pulses, from now on, whatever is asked; the person says how it goes on."""
        if self.jog is not None:
            self._stopped = Prompt("stopped", None, {"why": why})
            self._changed()

    def give_up(self) -> None:
        """End here: nothing more is asked, nothing is written."""
        self._walk.close()
        self._stopped = None
        self._end("Stopped. Nothing was written.")
        self._changed()

    def _leave_stop(self, word: str) -> None:
        self._stopped = None
        if word == "go_on":
            self._changed()
            return
        self._walk.close()
        again = self.channel if word == "anew" else None
        self._walk = self._puppet(again)
        self._prompt = next(self._walk)
        self._changed()

    def _advance(self, word: str) -> None:
        try:
            self._prompt = self._walk.send(word)
        except StopIteration:
            self._end("The limits are saved." if self.saved else "Nothing was saved.")
        self._changed()

    def _changed(self) -> None:
        self.serial += 1
        self._there = False
        self._within_us = None

    def _nearly_there(self) -> bool:
        return self._within_us is not None and self._within_us <= COARSE_US

    def _end(self, said: str) -> None:
        self._prompt = Prompt("end", None, {"said": said})
        self.ended = True

    def _puppet(self, channel: Channel | None) -> Walk[None]:
        """Channel after channel, then what becomes of it."""
        while True:
            if channel is None:
                channel = yield from self._chosen()
            if channel is not None:
                yield from self._one(channel)
                channel = None
                if len(self._plan.channels) > 1:
                    continue
            if not self.found or (yield from self._finish()):
                return

    def _one(self, channel: Channel) -> Walk[None]:
        self.channel = channel
        found = yield from walk_channel(channel)
        if found is not None:
            self.found[found.channel] = found
        self.channel = None

    def _chosen(self) -> Walk[Channel | None]:
        """Return the channel to calibrate next; None: that was all."""
        channels = self._plan.channels
        answers = tuple(
            Answer(key, f"channel {number}", _listed(channel, self.found))
            for number, (key, channel) in enumerate(zip(_KEYS, channels, strict=False))
        )
        word = yield Prompt("menu", None, answers=answers)
        if word == "leave":
            self.found.clear()
        return None if word in ("finish", "leave") else channels[int(word.split()[1])]

    def _finish(self) -> Walk[bool]:
        """Try it out and save it, as the person likes; False where the list is wanted again."""
        word = yield from self._try_out()
        while word != "list" and not self.saved:
            word = yield Prompt("save", None, {"file": self._plan.file, "kept": self._plan.kept})
            if word == "no":
                break
            # Where it fails, the disk may be full: an hour's work is not thrown away for that.
            self.saved = word == "yes" and (yield _working("save", "Saving ...")) == _DONE
        return word != "list"

    def _others(self) -> str:
        """Say which parts go with what the file says."""
        names = [name for name in self._plan.names if name not in self.found]
        return f"Not found now, and moved within what the file says: {', '.join(names)}." if names else ""

    def _try_out(self) -> Walk[str]:
        """Store and say, as the person likes; return the last answer."""
        stores, speaks = self._plan.stores, self._plan.speaks
        if not (stores or speaks):
            return "no"
        question = "speak" if stores and speaks else "store" if stores else "speak_only"
        if (yield Prompt(question, None, {"others": self._others()})) == "no":
            return "no"
        if stores:
            self.stored = (yield _working("store", "Storing on the board ...")) == _DONE
            if not (self.stored and speaks):
                return "no"
        while True:
            yield _working("say", "Listen, and watch the mouth ...")
            word = yield Prompt("again")
            if word != "again":
                return word


def _working(effect: str, doing: str) -> Prompt:
    return Prompt("working", None, {"doing": doing}, effect=effect)


def _listed(channel: Channel, found: dict[str, Found]) -> str:
    name = channel.name.replace("{", "{{").replace("}", "}}")
    one = found.get(channel.name)
    if one is None:
        return f"  {name}: in the file {channel.min_us} to {channel.max_us} µs"
    return (
        f"✓ {name}: found {one.min_us} to {one.max_us} µs (in the file {channel.min_us} to {channel.max_us})"
    )
