"""The page as a real browser shows it: light and dark, wide and narrow, on paper, with no network."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mandible.benchmarks.report import page
from mandible.benchmarks.report.style import LINES, PALETTE
from tests.benchmark.colours import Colour, contrast, of_hex
from tests.benchmark.made_result import made_result
from tests.browser import Browser

SCHEMES = ("light", "dark")
WIDTHS = (1080, 360)
# The plots that are shown, with where they lie on the page and what they are drawn of.
PLOTS = """[...document.querySelectorAll('svg')].map(e => [e.getBoundingClientRect(), e.outerHTML])
  .filter(([b]) => b.width > 0).map(([b, html]) => [b.x + scrollX, b.y + scrollY, b.width, b.height, html])"""
# Words of the plots, with their boxes on the page.
WORDS = """[...document.querySelectorAll('svg')].filter(e => e.getBoundingClientRect().width > 0)
  .map(e => [...e.querySelectorAll('text.name')].map(t => [t.textContent, t.getBoundingClientRect()])
  .map(([w, b]) => [w, b.left, b.top, b.right, b.bottom]))"""
# Everything with words of its own: its colour and the paper below it.
INKS = """[...document.querySelectorAll('body *')].filter(e => [...e.childNodes].some(n => n.nodeType == 3
  && n.textContent.trim()) && e.getBoundingClientRect().width > 0 && e.tagName != 'title').map(e => {
  const s = getComputedStyle(e); return [e.tagName + '.' + e.getAttribute('class'),
  e instanceof SVGElement ? s.fill : s.color]; })"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    folder = tmp_path_factory.mktemp("report")
    page.write(folder / "page.html", made_result())
    with Browser(folder / "profile") as browser:
        browser.listen()
        browser.open((folder / "page.html").as_uri())
        yield browser


@dataclass(frozen=True)
class Shown:
    """The page as it looks at one width in one scheme, and where its plots lie."""

    picture: NDArray[np.uint8]
    plots: list[tuple[float, float, float, float, str]]


@pytest.fixture(scope="module")
def shown(browser: Browser) -> dict[tuple[str, int], Shown]:
    looks = {}
    for scheme, width in product(SCHEMES, WIDTHS):
        browser.show_as(width, dark=scheme == "dark")
        image = Image.open(io.BytesIO(browser.picture(quickly=True))).convert("RGB")
        looks[scheme, width] = Shown(np.asarray(image), browser.value(PLOTS))
    return looks


def of_css(text: str) -> Colour:
    red, green, blue = (int(part) for part in re.findall(r"\d+", text)[:3])
    return red, green, blue


def near(picture: NDArray[np.uint8], colour: Colour) -> int:
    return int((np.abs(picture.astype(np.int16) - np.asarray(colour, np.int16)).max(axis=2) < 24).sum())


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_plot_has_ink_of_its_colours_on_its_paper(
    shown: dict[tuple[str, int], Shown], scheme: str, width: int
) -> None:
    side = SCHEMES.index(scheme)
    picture, plots = shown[scheme, width].picture, shown[scheme, width].plots
    paper = of_hex(PALETTE["paper"][side])
    sparse = picture[::8, ::8]
    assert near(sparse, paper) > sparse.shape[0] * sparse.shape[1] * 0.5
    assert len(plots) > 12
    for x, y, wide, high, html in plots:
        part = picture[int(y) : int(y + high), int(x) : int(x + wide)]
        assert near(part, paper) > 0
        drawn = {name for name in (*LINES, "worse") if f"var(--{name})" in html}
        assert drawn, html[:200]
        for name in drawn:
            assert near(part, of_hex(PALETTE[name][side])) >= 6, (name, html[:200])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_word_can_be_read(browser: Browser, scheme: str) -> None:
    browser.show_as(1080, dark=scheme == "dark")
    paper = of_css(browser.value("getComputedStyle(document.body).backgroundColor"))
    assert paper == of_hex(PALETTE["paper"][SCHEMES.index(scheme)])
    inks = {(tag, colour) for tag, colour in browser.value(INKS)}
    assert len(inks) > 8
    for tag, colour in inks:
        assert contrast(of_css(colour), paper) >= 4.5, tag


def test_light_and_dark_differ_in_colours_only(shown: dict[tuple[str, int], Shown]) -> None:
    for width in WIDTHS:
        light, dark = (shown[scheme, width] for scheme in SCHEMES)
        assert light.picture.shape == dark.picture.shape
        assert light.plots == dark.plots
        assert light.picture[::8, ::8].mean() > 200
        assert dark.picture[::8, ::8].mean() < 80


@pytest.mark.parametrize("width", WIDTHS)
def test_names_lie_on_no_other_name_and_within_their_plot(browser: Browser, width: int) -> None:
    browser.show_as(width)
    plots = browser.value(WORDS)
    assert sum(map(len, plots)) > 60
    for words in plots:
        for (one, *a), (other, *b) in combinations(words, 2):
            # Boxes of letters have air above and below; half a pixel of it may be shared.
            apart = a[2] <= b[0] + 1 or b[2] <= a[0] + 1 or a[3] <= b[1] + 3 or b[3] <= a[1] + 3
            assert apart, (one, other)
        assert all(left >= 0 and right <= width + 1 for _, left, _, right, _ in words)


@pytest.mark.parametrize("width", [320, 360, 700, 800, 1080])
def test_only_wide_tables_scroll_sideways(browser: Browser, width: int) -> None:
    browser.show_as(width)
    assert browser.value("document.documentElement.scrollWidth") <= width
    right: Any = browser.value(
        "Math.max(...[...document.querySelectorAll('svg, p, h2, dl')]"
        ".map(e => e.getBoundingClientRect().right))"
    )
    assert right <= width


def test_one_drawing_of_each_plot_is_shown_and_its_letters_stay_large(browser: Browser) -> None:
    counts = set()
    for width in WIDTHS:
        browser.show_as(width)
        sizes = browser.value(
            "[...document.querySelectorAll('svg')].map(e => e.getBoundingClientRect().width / "
            "e.viewBox.baseVal.width).filter(s => s > 0)"
        )
        assert min(sizes) * 12 >= 9
        counts.add(len(sizes))
    assert len(counts) == 1


def test_on_paper_everything_is_light_and_unfolded(browser: Browser) -> None:
    browser.show_as(740, dark=True, media="print")
    assert of_css(browser.value("getComputedStyle(document.body).color")) == of_hex(PALETTE["ink"][0])
    assert browser.value("document.querySelectorAll('details').length") >= 2
    assert browser.value("[...document.querySelectorAll('details table')].every(e => e.offsetHeight > 20)")
    assert browser.value("[...document.querySelectorAll('.broad')].every(e => e.offsetHeight > 20)")


def test_nothing_but_the_file_itself_is_asked_for(browser: Browser) -> None:
    browser.show_as(1080)
    assert [url for url in browser.asked_for if not url.startswith("file:")] == []
    assert len(browser.asked_for) == 1
