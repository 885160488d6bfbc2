"""Pictures of the page about a result: light and dark, on a desktop and on a phone.

``python -m tests.benchmark.screenshots RESULT.json OUT`` writes them into the folder OUT; ``made`` for
RESULT.json draws the made-up result of the tests.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from mandible.benchmarks import result
from mandible.benchmarks.report import page
from tests.benchmark.made_result import made_result
from tests.browser import Browser

SIZES = {"desktop": 1080, "phone": 360}
# What a README shows of it: file -> section, from its heading to the end of its first plot.
PARTS = {"benchmark": "costs", "benchmark-latency": "latency", "benchmark-syllable": "syllable"}
_MARGIN_PX = 16


def main(source: str, folder: Path) -> None:
    """Write the page and its pictures: whole ones, and those of ``PARTS`` that it has, light and dark."""
    folder.mkdir(parents=True, exist_ok=True)
    html = folder.resolve() / "benchmark.html"
    page.write(html, made_result() if source == "made" else result.read(Path(source)))
    with TemporaryDirectory() as profile, Browser(Path(profile)) as browser:
        browser.open(html.as_uri())
        for dark in (False, True):
            scheme = "dark" if dark else "light"
            for name, width in SIZES.items():
                browser.show_as(width, dark=dark)
                (folder / f"{name}-{scheme}.png").write_bytes(browser.picture())
            browser.show_as(SIZES["desktop"], dark=dark)
            for name, section in PARTS.items():
                ends = browser.value(
                    f"[document.querySelector('#{section} h2'), document.querySelector('#{section} figure')]"
                    ".filter(e => e).map(e => e.getBoundingClientRect()).map(b => [b.top, b.bottom])"
                )
                if len(ends) == 2:
                    top, bottom = ends[0][0] - _MARGIN_PX, ends[1][1] + _MARGIN_PX
                    part = browser.picture((0, top, SIZES["desktop"], bottom - top))
                    (folder / f"{name}-{scheme}.png").write_bytes(part)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("python -m tests.benchmark.screenshots RESULT.json|made OUT")
    main(sys.argv[1], Path(sys.argv[2]))
