"""A real browser without a screen, told what to do over its debugging pipe: no package, no network port."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

_LIMIT_S = 30.0
_OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)


class Browser:
    """One Chromium with one tab; a context manager that ends it."""

    def __init__(self, folder: Path) -> None:
        """Start it with its profile in ``folder``."""
        program = (
            shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        )
        assert program is not None, "no Chromium: apt-get install chromium"
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        # The browser reads its orders from descriptor 3 and answers on 4.
        shell = f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}'
        command = ["bash", "-c", shell, "browser", program, *_OPTIONS, f"--user-data-dir={folder}"]
        self._process = subprocess.Popen(
            [*command, "about:blank"],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        self._asked_for: list[str] = []

    def __enter__(self) -> Browser:
        tabs = self._order("Target.getTargets")["targetInfos"]
        tab = next(tab["targetId"] for tab in tabs if tab["type"] == "page")
        attached = self._order("Target.attachToTarget", targetId=tab, flatten=True)
        self._session = str(attached["sessionId"])
        self._order("Page.enable")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._session = None
            self._order("Browser.close")
        self._process.wait(_LIMIT_S)
        os.close(self._in)
        os.close(self._out)

    def die(self) -> None:
        """Kill it, as a machine that loses its power would."""
        self._process.kill()
        self._process.wait()

    def open(self, url: str) -> None:
        """Go to a page."""
        self._order("Page.navigate", url=url)
        self.wait_for(f"document.readyState === 'complete' && location.href === {url!r}")

    def value(self, script: str) -> Any:
        """Return what an expression of the page's is."""
        answer = self._order("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait_for(self, script: str) -> None:
        """Wait until an expression holds."""
        give_up_s = time.monotonic() + _LIMIT_S
        while not self.value(script):
            assert time.monotonic() < give_up_s, (
                f"never: {script}; page: {self.value('document.body.innerText')}"
            )
            time.sleep(0.03)

    def mouse(self, kind: str, element: str) -> None:
        """Press or release the mouse (``mousePressed``, ``mouseReleased``) in the middle of an element."""
        box = self.value(
            f"(() => {{ const e = document.querySelector({element!r}); e.scrollIntoView({{block: 'center'}});"
            " const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        self._order("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def click(self, element: str) -> None:
        """Click an element as a mouse does."""
        self.mouse("mousePressed", element)
        self.mouse("mouseReleased", element)

    def key(self, kind: str, key: str) -> None:
        """Press or release a key (``keyDown``, ``keyUp``)."""
        self._order("Input.dispatchKeyEvent", type=kind, key=key, text=key if kind == "keyDown" else "")

    def listen(self) -> None:
        """Note from now on whatever the page asks for, and let nothing of it through to a network."""
        self._order("Network.enable")
        self._order(
            "Network.emulateNetworkConditions",
            offline=True, latency=0, downloadThroughput=-1, uploadThroughput=-1,
        )  # fmt: skip

    @property
    def asked_for(self) -> list[str]:
        """Every address that was asked for since it listens, the page's own included."""
        self.value("0")
        return self._asked_for

    def show_as(self, width_px: int, height_px: int = 800, dark: bool = False, media: str = "screen") -> None:
        """Have a window of this size, in light or dark, on a screen or on paper (``print``)."""
        self._order(
            "Emulation.setDeviceMetricsOverride",
            width=width_px, height=height_px, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._order("Emulation.setEmulatedMedia", media=media, features=[scheme])

    def picture(self, box: tuple[float, float, float, float] | None = None, quickly: bool = False) -> bytes:
        """Return a PNG of the whole page, or of a box of it (left, top, width, height in pixels).

        One made ``quickly`` is larger, and the same picture.
        """
        if box is None:
            size = self._order("Page.getLayoutMetrics")["cssContentSize"]
            box = (0, 0, size["width"], size["height"])
        clip = dict(zip(("x", "y", "width", "height"), box, strict=True))
        answer = self._order(
            "Page.captureScreenshot",
            format="png", captureBeyondViewport=True, clip={**clip, "scale": 1}, optimizeForSpeed=quickly,
        )  # fmt: skip
        return base64.b64decode(answer["data"])

    def _order(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        order = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            order["sessionId"] = self._session
        os.write(self._out, json.dumps(order).encode() + b"\0")
        give_up_s = time.monotonic() + _LIMIT_S
        while True:
            answer = self._message(give_up_s)
            if answer.get("method") == "Network.requestWillBeSent":
                self._asked_for.append(answer["params"]["request"]["url"])
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return dict(answer["result"])

    def _message(self, give_up_s: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            left_s = give_up_s - time.monotonic()
            assert left_s > 0, "the browser says nothing"
            if select.select([self._in], [], [], left_s)[0]:
                data = os.read(self._in, 65536)
                assert data, "the browser has ended"
                self._buffer += data
        message, _, self._buffer = self._buffer.partition(b"\0")
        return dict(json.loads(message))
