"""The system around mandible: its service, the limits set on it, room for what it writes."""

from __future__ import annotations

import os
import resource
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mandible.device.doctor.check import OK, WARN, Check
from mandible.device.telemetry.bounded_command import output_of
from mandible.device.telemetry.kernel_file import text, whole_number

UNIT = "mandible.service"
PROPERTIES = ("LoadState", "ActiveState", "UnitFileState", "NRestarts", "Result")
ANSWER_S = 1.0
FEWEST_FILES = 128
LEAST_MEMORY_MB = 160
# An hour of a jsonl track is about 60 MB.
LEAST_SPACE_MB = 200


def service(root: Path = Path("/"), search_path: str | None = None) -> Iterator[Check]:
    """Yield how the installed service stands, the system's or this user's."""
    systemctl = shutil.which("systemctl", path=search_path)
    if systemctl is None or not (root / "run/systemd/system").exists():
        yield Check("service", OK, "no systemd here: nothing starts mandible at boot")
        return
    for words, whose in (([], ""), (["--user"], "your own ")):
        asked = [systemctl, *words, "show", UNIT, "-p", ",".join(PROPERTIES)]
        said = dict(
            line.split("=", 1) for line in (output_of(asked, ANSWER_S) or "").splitlines() if "=" in line
        )
        if said.get("LoadState") == "loaded":
            yield _standing(said, whose, "--user " if words else "")
            return
    yield Check("service", OK, "not installed (mandible service install starts it at boot)")


def _standing(said: dict[str, str], whose: str, option: str) -> Check:
    sudo = "" if option else "sudo "
    state, restarts = said.get("ActiveState", "unknown"), whole_number(said.get("NRestarts", "0")) or 0
    finding = f"{whose}{UNIT}: {state}"
    if state == "failed":
        remedy = f"mandible service logs {option}says why; then {sudo}systemctl {option}restart {UNIT}"
        return Check("service", WARN, f"{finding} ({said.get('Result', 'unknown')})", remedy)
    if said.get("UnitFileState") not in ("enabled", "enabled-runtime", "static"):
        remedy = f"{sudo}systemctl {option}enable {UNIT}"
        return Check("service", WARN, f"{finding}, not started at boot", remedy)
    if restarts:
        remedy = f"mandible service logs {option}says why".replace("  ", " ")
        return Check("service", WARN, f"{finding}, started again {restarts} times", remedy)
    return Check("service", OK, f"{finding}, started at boot")


def limits(root: Path = Path("/")) -> Iterator[Check]:
    """Yield limits that would make the line late or end it. It needs no real-time priority."""
    problems = []
    if (niceness := os.nice(0)) > 0:
        problems.append((f"runs with niceness {niceness}: others go first", "start it without nice"))
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if files != resource.RLIM_INFINITY and files < FEWEST_FILES:
        problems.append((f"only {files} open files are allowed", "ulimit -n 1024"))
    memory_mb = _memory_limit_mb(root)
    if memory_mb is not None and memory_mb < LEAST_MEMORY_MB:
        finding = f"only {memory_mb} MB of memory are allowed"
        problems.append((finding, f"raise MemoryMax= of the service to {LEAST_MEMORY_MB}M or more"))
    for finding, remedy in problems:
        yield Check("limits", WARN, finding, remedy)
    if not problems:
        yield Check("limits", OK, "none that matter (no real-time priority is needed)")


def _memory_limit_mb(root: Path) -> int | None:
    """The memory that this process's control group may use, None where there is no limit."""
    group = (text(root / "proc/self/cgroup") or "").removeprefix("0::").lstrip("/")
    limit = whole_number(text(root / "sys/fs/cgroup" / group / "memory.max"))
    return None if limit is None else limit >> 20


def disk_space() -> Iterator[Check]:
    """Yield whether there is room for tracks here and for temporary files."""
    places = dict.fromkeys((os.path.realpath(Path.cwd()), os.path.realpath(tempfile.gettempdir())))
    fine = []
    for place in places:
        try:
            free_mb = shutil.disk_usage(place).free >> 20
        except OSError as error:
            yield Check("disk space", WARN, f"{place}: {error.strerror or error}", f"df -h {place}")
            continue
        if free_mb < LEAST_SPACE_MB:
            remedy = "sudo apt clean; du -xh --max-depth=2 / | sort -h | tail shows what is large"
            yield Check("disk space", WARN, f"{place}: {free_mb} MB free", remedy)
        elif not os.access(place, os.W_OK):
            finding = f"{place}: you may not write here"
            yield Check("disk space", WARN, finding, "cd ~ (a folder of your own)")
        else:
            fine.append(f"{place}: {free_mb / 1024:.1f} GB free")
    if fine:
        yield Check("disk space", OK, ", ".join(fine))
