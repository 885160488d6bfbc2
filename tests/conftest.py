"""Rules for every test: nothing is skipped silently."""

from __future__ import annotations

import signal

import pytest


def pytest_configure() -> None:
    """Hear Ctrl-C again where a shell started the tests in the background: such programs ignore it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A skipped test would look like a passed one on a machine that lacks a tool, so it fails the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped:
        reporter.write_line(f"{len(skipped)} skipped: make test installs what they need; or deselect them")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
