"""A whole calibration: rig file in, person and board in between, rig file and stored limits out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from mandible.device.audio.wav_file import WavFile
from mandible.errors import InputError
from mandible.firmware_bridge.calibration import effects
from mandible.firmware_bridge.calibration.found import Found
from mandible.firmware_bridge.calibration.live import Front, LiveCalibration
from mandible.firmware_bridge.calibration.rig_writing import backup_of, rig_text
from mandible.firmware_bridge.calibration.wizard import Plan, Wizard
from mandible.firmware_bridge.drivers.registry import has_driver
from mandible.firmware_bridge.port_url import PortUrl, parse_port_url
from mandible.firmware_bridge.rig import SHIPPED, Channel, Rig
from mandible.firmware_bridge.rig_keys import nearest
from mandible.firmware_bridge.virtual_process import VirtualProcess
from mandible.saying import say
from mandible.small_file import exists
from mandible.whole_file import check_place
from mandible.wording import one_line, shortened

# In a source folder; an installed package carries no recording.
_SAMPLE = Path(__file__).resolve().parents[2] / "samples" / "puppet.wav"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks for; None is the default."""

    rig: str
    port: str | None
    channel: str | None
    output: str | None
    sentence: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: the limits found, and whether the file and the board have them now.

    ``stored`` is None where the controller is none that could keep them.
    """

    file: str
    found: tuple[Found, ...]
    saved: bool
    stored: bool | None


def calibrate(wish: Wish, front: Callable[[LiveCalibration], AbstractContextManager[Front]]) -> Outcome:
    """Walk a person, who is at ``front``, through the calibration.

    Raises:
        InputError: the rig, the channel or a file is wrong; before anything moves.
        DeviceError: the board cannot be reached.
    """
    rig = Rig.load(wish.rig)
    path = _place(wish, rig)
    channels = _channels(rig, wish.channel)
    sentence = _sentence(wish)
    text = rig_text(Path(rig.file))
    kept = f"The file as it is now is kept as {backup_of(path).name}." if exists(path) else ""
    with _port(wish, rig) as url, ExitStack() as stack:
        fronts: list[Front] = []
        # Somebody else's controller has no memory for limits: it gets them from the rig, each time anew.
        stores = not has_driver(url.scheme)

        def interrupted() -> bool:
            fronts[0].turn()
            return live.interrupted

        def found() -> Rig:
            return effects.found_rig(str(path), text, live.wizard.found.values())

        def text_now() -> str:
            # The file may have been edited meanwhile: only the numbers are changed here.
            if exists(path) and path.samefile(rig.file):
                Rig.load(str(path))
                return rig_text(path)
            return text

        def speak() -> None:
            if sentence is not None:
                effects.say(url, found(), sentence, interrupted)

        live = LiveCalibration(
            url,
            Plan(
                channels,
                tuple(channel.name for channel in rig.channels),
                str(path),
                kept,
                speaks=sentence is not None,
                stores=stores,
            ),
            {
                "store": lambda: effects.store(url, found()),
                "say": speak,
                "save": lambda: effects.save(path, str(path), text_now(), live.wizard.found.values()),
            },
        )
        # After the front has given the terminal back.
        stack.callback(_tell_unsaved, live.wizard)
        fronts.append(stack.enter_context(front(live)))
        live.run(fronts[0])
        wizard = live.wizard
        return Outcome(
            str(path), tuple(wizard.found.values()), wizard.saved, wizard.stored if stores else None
        )


def _tell_unsaved(wizard: Wizard) -> None:
    """Say what was found by a calibration that was cut off: an hour's work can then be typed in by hand."""
    if not wizard.ended:
        for one in wizard.found.values():
            limits = f"min_us = {one.min_us}, max_us = {one.max_us}, neutral_us = {one.neutral_us}"
            turned = str(one.reversed).lower()
            say(f"mandible: not saved: {one_line(one.channel)}: {limits}, reversed = {turned}")


def _place(wish: Wish, rig: Rig) -> Path:
    """Return where the rig file is written."""
    if wish.output is None and Path(rig.file).parent == SHIPPED:
        raise InputError(
            f"{wish.rig}: a shipped rig is not written over; add -o FILE, e.g. -o my-puppet.toml"
        )
    path = Path(rig.file if wish.output is None else wish.output)
    check_place(path)
    return path


def _channels(rig: Rig, name: str | None) -> tuple[Channel, ...]:
    chosen = tuple(channel for channel in rig.channels if name in (None, channel.name))
    if not chosen:
        hint = nearest(name or "", [channel.name for channel in rig.channels])
        raise InputError(f"--channel {shortened(name or '')}: {rig.file} has no such channel; {hint}")
    return chosen


def _sentence(wish: Wish) -> Path | None:
    """Return the recording of the test sentence, or None where there is none."""
    if wish.sentence is None:
        return _SAMPLE if _SAMPLE.is_file() else None
    path = Path(wish.sentence)
    with WavFile(path):  # says now what is wrong with it, and not when the mouth is to speak
        return path


@contextmanager
def _port(wish: Wish, rig: Rig) -> Iterator[PortUrl]:
    """Give the port's URL; a virtual board of its own lives as long as the calibration."""
    url = parse_port_url(wish.port or rig.link.port)
    if url.scheme == "none":
        raise InputError("calibrating needs a board: add --port URL, e.g. --port serial:///dev/ttyACM0")
    if url.scheme != "virtual" or url.path:
        yield url
        return
    board = VirtualProcess()
    try:
        yield parse_port_url(f"virtual:{board.path}")
    finally:
        board.end()
