"""Writing a rig's limits to a board's permanent memory, one acknowledged step after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from mandible.firmware_bridge.exchange import Request
from mandible.firmware_bridge.limits import StoredLimits, StoredSettings
from mandible.firmware_bridge.protocol import LIMITS, STATUS, Value, status_name

_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Step:
    """One message of the procedure."""

    name: str
    values: Mapping[str, Value] = field(default_factory=dict)


class Provisioning:
    """Detach all, unlock, set the limits of every output, store.

    A step that gets no answer is sent again, up to three times in all; only ``store`` is not, since a board
    takes it once.

    Attributes:
        done: every step was acknowledged.
        failure: what the board refused, or that it stopped answering; None while all is well.
    """

    def __init__(self, limits: tuple[StoredLimits, ...], settings: StoredSettings, channels: int) -> None:
        """Plan the steps for a board with ``channels`` outputs."""
        self.failure: str | None = None
        self._steps = deque(_plan(limits, settings, channels))
        self._attempts = 0
        self._waiting = False

    @property
    def done(self) -> bool:
        """Whether every step was acknowledged."""
        return not self._steps and self.failure is None

    def next_step(self) -> Step | None:
        """Return the step to send now, or None while one waits for its answer or nothing is left."""
        if self._waiting or not self._steps or self.failure is not None:
            return None
        self._waiting = True
        self._attempts += 1
        return self._steps[0]

    def answered(self, request: Request, status: int) -> None:
        """Take the acknowledgement of a request."""
        if not self._steps or request.name != self._steps[0].name:
            return
        if status != STATUS["ok"]:
            self.failure = f"{request.name} was refused ({status_name(status)})"
        self._waiting = False
        self._attempts = 0
        self._steps.popleft()

    def lost(self, request: Request) -> None:
        """Take note that a request got no answer."""
        if self._steps and request.name == self._steps[0].name:
            self._waiting = False
            if request.name == "store":
                # Done or not, the calibration session is over: the board's next welcome tells.
                self._steps.popleft()
            elif self._attempts >= _ATTEMPTS:
                self.failure = f"no answer to {request.name} after {_ATTEMPTS} attempts"


def _plan(limits: tuple[StoredLimits, ...], settings: StoredSettings, channels: int) -> list[Step]:
    steps = [
        Step("detach", {"mask": (1 << channels) - 1}),
        Step("unlock", {"key": LIMITS["calibration_key"]}),
    ]
    # Zeros take an output's limits away; what another puppet has left there must not stay.
    wanted = {one.output: one for one in limits}
    for output in range(channels):
        one = wanted.get(output, StoredLimits(output, 0, 0, 0, 0, 0))
        steps.append(Step("set_limits", one.message))
    steps.append(Step("store", asdict(settings)))
    return steps
