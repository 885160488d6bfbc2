"""Who calls whom in C, from what ``gcc -fcallgraph-info`` leaves beside the objects."""

from __future__ import annotations

import re
from pathlib import Path

_EDGE = re.compile(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"')


def call_graph(folder: Path) -> dict[str, set[str]]:
    """Return what each function calls, of all ``.ci`` files in ``folder``; compile without inlining."""
    calls: dict[str, set[str]] = {}
    for graph in folder.glob("*.ci"):
        for caller, called in _EDGE.findall(graph.read_text(encoding="utf-8")):
            calls.setdefault(caller.split(":")[-1], set()).add(called.split(":")[-1])
    return calls


def assert_nothing_calls_itself(calls: dict[str, set[str]]) -> None:
    """Fail where a function reaches itself, however far round."""
    for start in calls:
        reached, waiting = set[str](), [start]
        while waiting:
            for name in calls.get(waiting.pop(), set()) - reached:
                reached.add(name)
                waiting.append(name)
        assert start not in reached, f"{start} calls itself"
