"""Serial ports: what is plugged in, who holds it, and whether this user may open it."""

from __future__ import annotations

import grp
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from mandible.device.doctor import inventory
from mandible.device.doctor.check import FAIL, OK, WARN, Check
from mandible.device.doctor.holders import holders, is_running
from mandible.errors import MandibleError

# It opens every new serial port and talks to it as to a modem.
MODEM_MANAGER = "ModemManager"
RULE = 'SUBSYSTEM=="tty", SUBSYSTEMS=="usb", GROUP="dialout", MODE="0660"'
RULE_FILE = "/etc/udev/rules.d/60-serial.rules"


def serial_ports(proc: Path = Path("/proc")) -> Iterator[Check]:
    """Yield the ports with VID:PID:serial and who holds them. The virtual board works without any."""
    try:
        found = inventory.serial_ports()
    except MandibleError as error:
        yield Check("serial ports", FAIL, str(error), "pip install pyserial")
        return
    if not found:
        yield Check("serial ports", OK, "none: no board plugged in (--port virtual: needs none)")
        return
    usb = [port for port in found if port["usb"] is not None]
    built_in = [port["port"] for port in found if port["usb"] is None]
    if built_in:
        yield Check("serial ports", OK, ", ".join(built_in))
    held = holders([Path(port["port"]) for port in found], proc)
    for port in usb:
        words = [f"USB {port['usb']}", *([port["description"]] if port["description"] else [])]
        yield _held(port["port"], ", ".join(words), held.get(Path(port["port"]), []))
    for name in built_in:
        if who := held.get(Path(name)):
            yield _held(name, "built in", who)
    if usb and is_running(MODEM_MANAGER, proc):
        finding = "takes every new board for a modem and talks to it for seconds"
        yield Check(MODEM_MANAGER, WARN, finding, "sudo systemctl mask --now ModemManager")


def _held(port: str, words: str, who: Sequence[tuple[int, str]]) -> Check:
    name = f"port {port}"
    if not who:
        return Check(name, OK, f"{words}, free")
    listed = ", ".join(f"{command} ({process})" for process, command in who)
    remedy = "close it: kill " + " ".join(str(process) for process, _ in who)
    if any(command.startswith("mandible") for _, command in who):
        remedy = "that is mandible itself; sudo systemctl stop mandible frees the port"
    return Check(name, WARN, f"{words}, held by {listed}", remedy)


def dialout_group() -> Iterator[Check]:
    """Yield whether this user may open the serial ports there are."""
    try:
        nodes = [Path(port["port"]) for port in inventory.serial_ports()]
    except MandibleError as error:
        yield Check("dialout group", WARN, f"unknown while serial ports cannot be listed: {error}")
        return
    yield group("dialout", "serial ports", nodes)


def audio_group() -> Iterator[Check]:
    """Yield whether this user may open sound cards."""
    yield group("audio", "sound cards", list(Path("/dev/snd").glob("pcm*c")))


def group(name: str, what: str, nodes: Sequence[Path]) -> Check:
    """Return whether the device files there are can be opened; without any there is nothing to forbid."""
    closed = [node for node in nodes if not os.access(node, os.R_OK | os.W_OK)]
    if not closed:
        return Check(f"{name} group", OK, f"{what} can be opened" if nodes else f"no {what} to open")
    finding = f"you may not open {', '.join(map(str, closed))}"
    owner = _group_of(closed[0])
    if owner in (None, "root") and name == "dialout":
        remedy = (
            f"echo '{RULE}' | sudo tee {RULE_FILE} && sudo udevadm control --reload && sudo udevadm trigger"
        )
        return Check(f"{name} group", WARN, f"{finding}: no udev rule gives it to a group", remedy)
    group_name = name if owner in (None, "root") else owner
    if _is_member(group_name):
        finding += f"; you are in the group {group_name}, but this session began before"
        return Check(f"{name} group", WARN, finding, "log out and in again, or: sudo reboot")
    remedy = f"sudo usermod -a -G {group_name} $USER, then log in again"
    return Check(f"{name} group", WARN, finding, remedy)


def _group_of(node: Path) -> str | None:
    try:
        return grp.getgrgid(node.stat().st_gid).gr_name
    except (OSError, KeyError):
        return None


def _is_member(name: str) -> bool:
    """Whether the system's list has this user in a group that this process does not have yet."""
    try:
        entry = grp.getgrnam(name)
        user = os.environ.get("USER") or ""
    except KeyError:
        return False
    return user in entry.gr_mem and entry.gr_gid not in os.getgroups()
