"""Twenty puppets with hidden stops, calibrated by people with different eyes."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from mandible.firmware_bridge import _board
from mandible.firmware_bridge.calibration.rig_writing import rig_text, save_rig, with_limits
from mandible.firmware_bridge.calibration.wizard import Plan, Wizard
from mandible.firmware_bridge.rig import SHIPPED, Rig
from tests.calibration.patient_person import Person, Senses
from tests.calibration.virtual_mouth import Build, Mouth
from tests.calibration.workbench import Workbench

DRAWS = 20
_RIGS = ("skull", "skull", "skull", "parrot")
_ANSWERS = {"rest": "done", "kind": "fast", "sure": "yes", "store": "no", "save": "yes"}


class Calibrated:
    """One draw, calibrated.

    Attributes:
        rig: as it was saved.
        mouths: by channel name.
    """

    def __init__(self, seed: int, folder: Path, stalls_at_us: float | None = None) -> None:
        draw = random.Random(seed)
        self._path = folder / "puppet.toml"
        self._path.write_text((SHIPPED / f"{rig_of(seed)}.toml").read_text("utf-8"), "utf-8")
        rig = Rig.load(self._path)
        horn_off = draw.random() < 0.5
        self.mouths = {
            c.name: Mouth(_drawn_build(draw, 1500 if horn_off else c.neutral_us), horn_on=not horn_off)
            for c in rig.channels
        }
        senses = Senses(sees_us=draw.uniform(2.0, 7.5), reaction_us=draw.randrange(150_000, 400_000))
        wizard = Wizard(Plan(rig.channels, tuple(self.mouths), str(self._path), "", speaks=False))
        bench = Workbench(
            wizard, {c: self.mouths[c.name] for c in rig.channels}, _board.Board(), stalls_at_us
        )
        bench.effects["save"] = lambda: self._save(wizard)
        person = Person(
            self.mouths, senses, horn_off, _ANSWERS, leaves_it_to_the_board=stalls_at_us is not None
        )
        bench.run_until(lambda: wizard.ended, person)
        self.rig = Rig.load(self._path)

    def _save(self, wizard: Wizard) -> bool:
        save_rig(self._path, with_limits(str(self._path), rig_text(self._path), wizard.found.values()))
        return True


def rig_of(seed: int) -> str:
    """Return which shipped rig a draw begins with."""
    return _RIGS[seed % len(_RIGS)]


@cache
def calibrated(seed: int, stalls_at_us: float | None = None) -> Calibrated:
    """Return a draw; each is calibrated once."""
    with TemporaryDirectory() as folder:
        return Calibrated(seed, Path(folder), stalls_at_us)


def _drawn_build(draw: random.Random, begin_us: int) -> Build:
    """Return a mouth with ``begin_us`` somewhere inside its travel."""
    return Build(
        low_us=begin_us - draw.randint(60, 300),
        high_us=begin_us + draw.randint(60, 300),
        is_reversed=draw.random() < 0.5,
        dead_us=draw.uniform(0.0, 9.0),
        play_us=draw.uniform(0.0, 6.0),
        servo_us_per_s=draw.uniform(8000, 16000),
        asleep_us=begin_us + draw.uniform(-50, 50),
    )
