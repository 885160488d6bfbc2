"""What one look at the computer found."""

from __future__ import annotations

from dataclasses import dataclass

OK, WARN, FAIL = "ok", "warn", "fail"
REINSTALL = "in mandible's source folder: pip install --force-reinstall --no-deps -e ."


@dataclass(frozen=True, slots=True)
class Check:
    """One finding.

    Attributes:
        name: what was looked at.
        result: ``OK``; ``WARN``: something will not work or not well; ``FAIL``: the line cannot run.
        finding: what was seen.
        remedy: the command that mends it, or what to do; empty when nothing needs mending.
    """

    name: str
    result: str
    finding: str
    remedy: str = ""
