"""``mandible service``: a line that starts with the machine, and a word with one that runs."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import mandible
from mandible.device.daemon.control_client import ControlClient, find
from mandible.device.daemon.socket_place import FOLDER
from mandible.device.daemon.systemd import Systemd
from mandible.device.daemon.unit_file import Account, Service, checked_name
from mandible.errors import DeviceError, InputError, MandibleError
from mandible.own_command import own_command
from mandible.small_file import is_file
from mandible.wording import one_line

WISHES = ("reload", "mute", "unmute", "park", "stop")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the options of the verb."""
    parser.add_argument(
        "action",
        choices=("install", "status", "logs", "uninstall", *WISHES),
        help="install: at every start of the machine; reload: read the rig again; mute: the mouth rests; "
        "park: everything rests and servos are let go, until unmute",
    )
    parser.epilog = (
        "install: what mandible run is to be given follows after --, as in: install -- --rig skull"
    )
    parser.add_argument(
        "--user", action="store_true", help="a service of your session, with its sound server"
    )
    parser.add_argument(
        "--name", default=FOLDER, help="of the service, if there are several (default: mandible)"
    )
    parser.add_argument("--as", dest="account", metavar="USER", help="install: run as this user, never root")
    parser.add_argument("--dry-run", action="store_true", help="install: show the unit file, change nothing")
    parser.add_argument("--control", metavar="SOCKET", help="the control socket of the line that is meant")
    parser.add_argument("--lines", "-n", type=int, default=100, help="logs: how many of the latest")
    parser.add_argument("--follow", "-f", action="store_true", help="logs: go on with new ones")


def main(args: argparse.Namespace) -> int:
    """Do one action."""
    checked_name(args.name)
    foreign = [*args.misplaced, *args.passed_on]
    if foreign and args.action != "install":
        raise InputError(f"{args.action} takes no run options; leave out {one_line(foreign[0])}")
    if args.misplaced:
        own = ["install", *(["--user"] if args.user else []), *named(args.name)]
        example = shlex.join(["mandible", "service", *own, "--", *foreign])
        raise InputError(
            f"service knows no {one_line(args.misplaced[0])}; put what is for run after --: {example}"
        )
    if args.action in WISHES:
        return wish(args)
    return {"install": install, "status": status, "logs": logs, "uninstall": uninstall}[args.action](args)


def install(args: argparse.Namespace) -> int:
    """Write the unit, and start it where systemd runs and listens to us."""
    systemd = Systemd.of(args.user)
    account = None if args.user else Account.chosen(args.account)
    if args.user and args.account is not None:
        raise InputError("--as: a service of the session runs as its user; leave out --as or --user")
    reads, writes = checked(args.passed_on)
    version = systemd.version()
    text = Service(args.name, tuple(args.passed_on), account, reads, writes, version).text()
    if args.dry_run:
        shown = json.dumps({"unit": str(systemd.path(args.name)), "text": text}) + "\n" if args.json else text
        print(shown, end="")
        return 0
    changed = systemd.write(args.name, text)
    runs = systemd.runs()
    done = [f"{'wrote' if changed else 'unchanged:'} {systemd.path(args.name)}"]
    commands = next_commands(systemd, args.name)
    if runs:
        systemd.do("daemon-reload")
        systemd.do("enable", f"{args.name}.service")
        started = changed or systemd.state(args.name).get("ActiveState") != "active"
        if started:
            systemd.do("restart", f"{args.name}.service")
        done.append(f"{args.name} {'started' if started else 'runs already'}; it starts with the machine")
        commands = commands[2:]
    tell(args, {"unit": str(systemd.path(args.name)), "changed": changed, "started": runs}, done, commands)
    return 0


def next_commands(systemd: Systemd, name: str) -> list[str]:
    """Return what a person does next, in order."""
    sudo = "" if systemd.user or os.geteuid() == 0 else "sudo "
    systemctl = sudo + " ".join(systemd.command)
    status = ["service", "status", *(["--user"] if systemd.user else []), *named(name)]
    lingering = ["loginctl enable-linger   # so that it runs while you are not logged in"]
    return [
        f"{systemctl} daemon-reload",
        f"{systemctl} enable --now {name}",
        *(lingering if systemd.user else []),
        f"{own_command(sudo=bool(sudo))} {' '.join(status)}",
    ]


def named(name: str) -> list[str]:
    """Return the words that name a service, none for the usual one."""
    return [] if name == FOLDER else ["--name", name]


def checked(options: list[str]) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Check the options as ``mandible run`` does; return the files it reads, and those it writes."""
    # With the whole line, which the other actions do without.
    from mandible.cli.live_options import read_live_options, wanted_from
    from mandible.device.audio import is_live, open_source
    from mandible.device.audio.tcp_place import parse_place

    asked = read_live_options(options)
    wanted = wanted_from(asked)[1]
    if wanted.source == "-":
        raise InputError("--source -: a service has no standard input; name a source")
    kind, _, place = wanted.source.partition(":")
    if kind in ("tcp", "tcp-listen"):
        parse_place(kind, place, lowest_port=0)
    elif not is_live(wanted.source) and kind != "cmd":
        with open_source(wanted.source):
            pass  # a recording that can be read
    named = [asked.rig, asked.model, wanted.source]
    reads = [Path(name) for name in named if name is not None and is_file(Path(name))]
    here = Path(mandible.__file__ or "")
    writes = [Path(name) for name in (wanted.output, wanted.record) if name is not None and name != "-"]
    return (Path(sys.executable), Path(sys.prefix), here, *reads), tuple(writes)


def status(args: argparse.Namespace) -> int:
    """Show what systemd and the line itself say; 1 where nothing runs."""
    told: dict[str, Any] = {"systemd": {}, "line": None}
    problems = []
    try:
        told["systemd"] = Systemd.of(args.user).state_now(args.name)
    except DeviceError as error:
        problems.append(str(error))
    try:
        with connected(args) as client:
            told["line"] = client.ask("status")["status"]
    except MandibleError as error:
        problems.append(str(error))
    if args.json:
        print(json.dumps({**told, "problems": problems}))
    else:
        show(told, problems)
    active = told["systemd"].get("ActiveState") in ("active", "reloading")
    return 0 if told["line"] is not None or active else 1


def show(told: dict[str, Any], problems: list[str]) -> None:
    """Print a status for people, on few lines."""
    unit, line = told["systemd"], told["line"]
    if unit:
        words = [unit.get("ActiveState", "unknown"), f"({unit.get('SubState', '?')})"]
        if unit.get("MainPID", "0") != "0":
            words.append(f"pid {unit['MainPID']}")
        if unit.get("NRestarts", "0") != "0":
            words.append(f"restarted {unit['NRestarts']} times")
        if unit.get("LoadState") == "not-found":
            words = ["not installed; run: mandible service install -- RUN OPTIONS"]
        print("systemd   ", *words)
    if line:
        source, total, link = line.get("source") or {}, line.get("total") or {}, line.get("link")
        facts = {
            "line": f"{line.get('mode')}, up {float(line.get('uptime_s') or 0):.0f} s, pid {line.get('pid')}",
            "source": f"{source.get('description')}: {source.get('state')}",
            "hops": f"{line.get('hops')}, {source.get('dropped_hops')} dropped",
            "compute": f"p50 {total.get('p50_ms')} ms, p99 {total.get('p99_ms')} ms",
            "link": None if not link else f"{str(link.get('url')).rstrip(':')}: {standing(link)}",
            "refused": line.get("last_refusal"),
        }
        for name, value in facts.items():
            if value is not None:
                print(f"{name:<10}", one_line(str(value)))
    for problem in problems:
        print(f"{'note':<10}", problem)


def standing(link: dict[str, Any]) -> object:
    """Say how a link stands."""
    return link.get("problem") or link.get("phase")


def logs(args: argparse.Namespace) -> int:
    """Show the journal of the service."""
    if args.follow:  # of what was uninstalled there may be old lines, but new ones never come
        Systemd.of(args.user).check_installed(args.name)
    if not 0 < args.lines < 1_000_000:
        raise InputError(f"--lines {args.lines}: give a positive number")
    which = "--user-unit" if args.user else "--unit"
    words = ["journalctl", which, f"{args.name}.service", "--lines", str(args.lines), "--no-pager"]
    words += ["--follow"] if args.follow else []
    words += ["--output", "json"] if args.json else []
    try:
        return 0 if subprocess.run(words).returncode == 0 else 1
    except OSError:
        remedy = "see what your service manager keeps"
        raise DeviceError(f"there is no systemd journal on this machine (no journalctl); {remedy}") from None


def uninstall(args: argparse.Namespace) -> int:
    """Stop the service and remove its unit; harmless where there is none."""
    systemd = Systemd.of(args.user)
    there, runs = systemd.path(args.name).exists(), systemd.runs()
    if there and runs:
        systemd.do("disable", "--now", f"{args.name}.service")
    removed = systemd.remove(args.name)
    if removed and runs:
        systemd.do("daemon-reload")
    path = systemd.path(args.name)
    done = [f"removed {path}" if removed else f"not installed (no {path})"]
    tell(args, {"unit": str(path), "removed": removed}, done, [])
    return 0


def wish(args: argparse.Namespace) -> int:
    """Ask a running line for something."""
    with connected(args) as client:
        answer = client.ask(args.action)
    note = answer.get("note")
    tell(args, answer, [f"{args.action}: done" if note is None else f"{args.action}: {note}"], [])
    return 0


def connected(args: argparse.Namespace) -> ControlClient:
    """Return a connection to the line that is meant."""
    return ControlClient(Path(args.control) if args.control else find(args.name))


def tell(args: argparse.Namespace, facts: dict[str, Any], done: list[str], commands: list[str]) -> None:
    """Say what was done and what comes next."""
    if args.json:
        print(json.dumps({**facts, "next": commands}))
        return
    for line in done:
        print(one_line(line))
    for command in commands:
        print(f"next: {command}")
