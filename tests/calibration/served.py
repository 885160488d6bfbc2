"""``mandible calibrate --web`` in a process of its own."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from types import TracebackType
from typing import Any

_LIMIT_S = 30.0


class Served:
    """A calibration on a page; a context manager that ends it.

    Attributes:
        url: of the page, secret included.
    """

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "mandible.cli.main", "calibrate", *arguments, "--web"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        line = self.process.stderr.readline()
        found = re.search(r"http://\S+", line)
        assert found, line + self.process.stderr.read()
        self.url = found[0]

    def __enter__(self) -> Served:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=_LIMIT_S)

    def turn(self, page: str = "a", **said: Any) -> dict[str, Any]:
        """Say what a page says; return the view."""
        status, body = self.post("turn", json.dumps({"page": page, **said}).encode())
        assert status == 200, body
        return dict(json.loads(body))

    def post(self, name: str, body: bytes) -> tuple[int, bytes]:
        """Return status and body of the answer to a POST."""
        request = urllib.request.Request(self.url + name, data=body, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=_LIMIT_S) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
