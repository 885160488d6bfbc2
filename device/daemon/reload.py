"""Reading a rig again while the line runs: checked apart, taken over between two hops, or refused.

What is stored on the board, and what is open (port, source, model), stays as it is until a restart.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

from mandible.device.daemon.controls import BUSY, Action, Answer, Controls
from mandible.device.daemon.notify import Notifier
from mandible.errors import InputError, MandibleError
from mandible.firmware_bridge.rig import Rig
from mandible.saying import say
from mandible.wording import shortened, shown

# Tables of a rig file that only the pure stages read.
RELOADABLE = frozenset(("smoothing", "axes", "poses", "idle", "expression"))
RESTART = "this needs a restart; the rig read before stays"
_MOST_WAITING = 8


class Reload:
    """Reads the rig's file in a thread of its own and has the line's thread take it over.

    Attributes:
        rig: the one in force.
        reloads, refused_reloads: how often a rig was taken over, or not.
        last_refusal: why, the latest time; None if the latest reload took.
    """

    def __init__(
        self,
        name: str,
        rig: Rig,
        controls: Controls,
        adopt: Callable[[Rig], None],
        notifier: Notifier | None = None,
        tell: Callable[[str], None] = say,
    ) -> None:
        """Take what is in force.

        Args:
            name: of the file, as ``Rig.load`` takes it.
            rig: what the line runs with now.
            controls: where the line's thread looks between two hops.
            adopt: puts a rig in place (``Line.adopt``); called in the line's thread, so it must be quick.
            notifier: the service manager.
            tell: takes a line for people; standard error by default.
        """
        self.rig = rig
        self.reloads = 0
        self.refused_reloads = 0
        self.last_refusal: str | None = None
        self._name = name
        self._adopt = adopt
        self._controls = controls
        self._notifier = notifier or Notifier()
        self._tell = tell
        # Putting into it is safe in a signal handler, unlike starting a thread.
        self._asked: SimpleQueue[Answer | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="reload", daemon=True)
        self._thread.start()

    def ask(self, answer: Answer) -> None:
        """Begin to read the rig; ``answer`` gets the outcome. For any thread and for signal handlers."""
        if self._asked.qsize() >= _MOST_WAITING:
            answer(BUSY)
        else:
            self._asked.put(answer)

    def close(self) -> None:
        """End the thread."""
        self._asked.put(None)
        self._thread.join(1.0)

    def _run(self) -> None:
        while (answer := self._asked.get()) is not None:
            self._notifier.reloading()
            try:
                rig = Rig.load(self._name)
                check(self.rig, rig)
            except MandibleError as error:
                self._refuse(str(error), answer)
            except Exception as error:  # the thread must live to read the next one
                self._refuse(f"{self._name}: {type(error).__name__}: {shortened(str(error))}", answer)
            else:
                if not self._controls.post(self._taking(rig, answer)):
                    self._refuse(BUSY, answer)

    def _taking(self, rig: Rig, answer: Answer) -> Action:
        def take() -> None:
            try:
                self._adopt(rig)
            except Exception as error:  # the line goes on with what it has
                self._refuse(f"{rig.file}: {type(error).__name__}: {shortened(str(error))}", answer)
                return
            self.rig = rig
            self.reloads += 1
            self.last_refusal = None
            self._notifier.ready(f"read {rig.file} again")
            answer(None)

        return take

    def _refuse(self, why: str, answer: Answer) -> None:
        self.refused_reloads += 1
        self.last_refusal = why
        self._tell(f"mandible: not reloaded: {why}")
        self._notifier.ready(f"not reloaded: {why}")
        answer(why)


def check(old: Rig, new: Rig) -> None:
    """Raise InputError, naming the key, where going from ``old`` to ``new`` needs a restart."""
    before = {each.key: each.value for each in old.effective}
    after = {each.key: each.value for each in new.effective}
    for key in [*after, *(key for key in before if key not in after)]:
        if key.split(".")[0] in RELOADABLE or before.get(key) == after.get(key):
            continue
        change = f"changed from {_worded(before, key)} to {_worded(after, key)}"
        raise new.error(key, f"{change}; {RESTART}")
    if [channel.name for channel in old.channels] != [channel.name for channel in new.channels]:
        raise InputError(f"{new.file}: the channels stand in another order; {RESTART}")
    if old.limits != new.limits or old.link != new.link:
        raise InputError(f"{new.file}: what is stored on the board would change; {RESTART}")


def _worded(values: dict[str, object], key: str) -> str:
    return shown(values[key]) if key in values else "nothing"
