"""Draws the fifteen mouths of docs/visemes.md.

``python docs/pictures/visemes/draw.py`` writes every SVG file in this folder anew.
"""

from __future__ import annotations

from mouth import SIZE, Mouth
from shape import HERE, Shape, shapes, sounds

INK, PAPER = "#4a2c1a", "#fdf3e7"
COLUMNS = 5
GAP = 10
CAPTION = 32
CELL_WIDTH, CELL_HEIGHT = SIZE + GAP, SIZE + CAPTION + GAP
SVG = '<svg xmlns="http://www.w3.org/2000/svg" role="img"'


def picture(name: str, sound: str, shape: Shape) -> str:
    """Return the SVG file of one viseme."""
    title = f"<title>{name}: {sound}</title>"
    return f'{SVG} viewBox="0 0 {SIZE} {SIZE}">\n{title}\n{Mouth(name, shape).drawing()}\n</svg>\n'


def _cell(i: int, name: str, sound: str, shape: Shape) -> str:
    x, y = i % COLUMNS * CELL_WIDTH + GAP, i // COLUMNS * CELL_HEIGHT + GAP
    return "\n".join(
        (
            f'<g transform="translate({x} {y})">',
            f'<rect width="{SIZE}" height="{SIZE + CAPTION}" rx="34" fill="{PAPER}"/>',
            Mouth(name, shape).drawing(),
            f'<text x="{SIZE // 2}" y="{SIZE + 14}" font-size="14" font-weight="700">{name}</text>',
            f'<text x="{SIZE // 2}" y="{SIZE + 26}" font-size="9">{sound}</text>',
            "</g>",
        )
    )


def overview() -> str:
    """Return the SVG file of all fifteen with their names."""
    heard = sounds()
    cells = [_cell(i, name, heard[name], shape) for i, (name, shape) in enumerate(shapes().items())]
    rows = -(-len(cells) // COLUMNS)
    size = f'viewBox="0 0 {COLUMNS * CELL_WIDTH + GAP} {rows * CELL_HEIGHT + GAP}"'
    font = f'font-family="system-ui, sans-serif" text-anchor="middle" fill="{INK}"'
    return "\n".join((f"{SVG} {size} {font}>", "<title>The fifteen visemes</title>", *cells, "</svg>\n"))


def files() -> dict[str, str]:
    """Return name and text of every SVG file."""
    heard = sounds()
    drawn = {f"{name}.svg": picture(name, heard[name], shape) for name, shape in shapes().items()}
    return drawn | {"overview.svg": overview()}


if __name__ == "__main__":
    for file_name, text in files().items():
        (HERE / file_name).write_text(text, encoding="utf-8")
