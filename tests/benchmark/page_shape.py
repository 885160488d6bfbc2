"""Writes a page, and checks that it is whole: every tag closed, nothing that runs or fetches."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

from mandible.benchmarks.report import page
from mandible.benchmarks.result import Result

VOID = {"meta", "br", "img", "link", "input", "hr"}
ALLOWED = {
    "html", "meta", "title", "style", "h1", "h2", "h3", "p", "strong", "nav", "a", "section", "figure", "div",
    "svg", "text", "line", "circle", "rect", "polygon", "polyline", "path", "table", "tr", "th", "td",
    "details", "summary", "dl", "dt", "dd",
}  # fmt: skip


class Shape(HTMLParser):
    """Notes every tag and attribute, and that what was opened is closed in turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def written(path: Path, result: Result) -> str:
    page.write(path / "page.html", result)
    return (path / "page.html").read_text(encoding="utf-8")


def check_shape(text: str) -> None:
    shape = Shape()
    shape.feed(text)
    assert shape.wrong == []
    assert shape.open == []
    assert shape.tags <= ALLOWED
    assert not [
        name for name in shape.attributes if name.startswith("on") or name in ("src", "srcset", "action")
    ]
    assert not re.search(r'href="(?!#)', text)
    assert not re.search(r"@import|url\(", text)
    assert not re.search(r'(?:[xyr]|cx|cy|[xy][12]|points|width|height)="[^"]*(?:nan|inf)', text)


def empty() -> Result:
    return Result("host", False, "quick", "2026-01-01T00:00:00+00:00", {})
