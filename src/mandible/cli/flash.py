"""``mandible flash``: put the firmware on a board, and see that it answers."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path

from mandible.errors import DeviceError, InputError
from mandible.firmware_bridge.board_report import VERSION, BoardIdentity
from mandible.firmware_bridge.flashing import avrdude
from mandible.firmware_bridge.flashing.boards import BOARDS, Board
from mandible.firmware_bridge.flashing.hail import hail
from mandible.firmware_bridge.flashing.image import Image, load_image, shipped_path
from mandible.firmware_bridge.flashing.plan import Plan, make_plan
from mandible.firmware_bridge.port_url import DEFAULT_BAUD, PortUrl, parse_port_url
from mandible.wording import one_line

_OLD_BOOT_LOADER_BAUD = 57600
_OLD_BOOT_LOADER = (
    "This Nano has the old boot loader: after a watchdog reset it restarts for ever. Put the Uno's "
    "(Optiboot) on it before a puppet depends on it."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``flash`` takes."""
    parser.add_argument("--board", required=True, choices=BOARDS, help="what kind of board it is")
    parser.add_argument(
        "--port", metavar="URL", help="e.g. /dev/ttyACM0 or serial:///dev/ttyACM0?baud=250000"
    )
    parser.add_argument("--image", type=Path, metavar="FILE", help="your own .hex or .uf2; default: ours")
    parser.add_argument("--drive", type=Path, metavar="FOLDER", help="where the Pico's drive is mounted")
    parser.add_argument("--programmer-baud", type=int, metavar="BAUD", help="of an Arduino's boot loader")
    parser.add_argument("--yes", action="store_true", help="write without asking")
    parser.add_argument("--dry-run", action="store_true", help="check, say what would be done, do nothing")


def main(args: argparse.Namespace) -> int:
    """Check, ask, write, greet."""
    board = BOARDS[args.board]
    url = _url(args.port)
    baud = DEFAULT_BAUD if url is None else url.baud
    image = load_image(board, args.image or shipped_path(board, baud))
    plan = make_plan(board, image, url, drive=args.drive, programmer_baud=args.programmer_baud)
    if args.dry_run:
        _tell(args.json, plan, written=False)
        if not args.json:
            print("A dry run: nothing was written.")
        return 0
    if board.writer == "avrdude":
        avrdude.find()
    if not args.yes and (args.json or not sys.stdin.isatty()):
        raise InputError("flashing needs a yes: run this in a terminal, or add --yes")
    if not args.json:
        _tell(False, plan, written=False)
    if not args.yes and not _agreed():
        print("Nothing was written.")
        return 1
    heard_baud = plan.carry_out()
    if not args.json:
        print("Written and compared." if board.writer == "avrdude" else "Written.")
    identity = _greeted(board, plan, url)
    if args.json:
        _tell(True, plan, written=True, identity=identity)
    elif identity is not None:
        print(f"The board answers: {identity.kind}, protocol {identity.major}.{identity.minor}.")
    else:
        print("Name its --port as well and it is greeted; mandible devices lists the ports.")
    if heard_baud == _OLD_BOOT_LOADER_BAUD and not args.json:
        print(_OLD_BOOT_LOADER)
    return 0


def _url(text: str | None) -> PortUrl | None:
    if text is None:
        return None
    return parse_port_url(f"serial://{text}" if text.startswith("/") else text)


def _greeted(board: Board, plan: Plan, url: PortUrl | None) -> BoardIdentity | None:
    """Return what the board says of itself, None where its port is not known; DeviceError if another."""
    if url is None and board.usb:
        url = parse_port_url(f"usb:{board.usb}")
    if url is None:
        return None
    identity = hail(url)
    if (identity.kind, f"{identity.major}.{identity.minor}") != (board.id, VERSION):
        raise DeviceError(
            f"{url.text}: written, but a {identity.kind} with protocol {identity.major}.{identity.minor} "
            "answers; is this the port of the board that was flashed?"
        )
    return identity


def _tell(as_json: bool, plan: Plan, *, written: bool, identity: BoardIdentity | None = None) -> None:
    if as_json:
        print(json.dumps(_as_json(plan, written, identity)))
        return
    print(one_line(f"{plan.image.path}: right for the {plan.board.name}, {_extent(plan.image)}."))
    for step in plan.steps:
        print(one_line(f"  {step}"))


def _extent(image: Image) -> str:
    return f"{image.extent.count} bytes from 0x{image.extent.first:x}"


def _as_json(plan: Plan, written: bool, identity: BoardIdentity | None) -> dict[str, object]:
    return {
        "board": plan.board.id,
        "image": str(plan.image.path),
        "bytes": plan.image.extent.count,
        "steps": list(plan.steps),
        "written": written,
        "answer": None if identity is None else dataclasses.asdict(identity),
    }


def _agreed() -> bool:
    print("What is on the board now is lost; limits stored on it stay if it had this firmware.")
    try:
        answer = input("Write? [y/N] ")
    except EOFError:
        print()
        raise InputError("the question got no answer: nothing was written; say y, or add --yes") from None
    return answer.strip().casefold() in ("y", "yes")
