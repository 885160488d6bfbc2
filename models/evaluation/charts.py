"""Pictures of an evaluation as SVG: confusions, recall, noise, and a sentence as a ribbon of visemes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from mandible.models.drawing import svg as _svg
from mandible.models.drawing import text as _text
from mandible.models.visemes import VISEME_NAMES

# Hue and saturation of each viseme: lips red, teeth orange, tongue blue to violet, vowels yellow to green.
_HUES = {
    "PP": (352, 70), "FF": (22, 80), "TH": (262, 45), "DD": (235, 50), "kk": (215, 50), "CH": (285, 45),
    "SS": (305, 40), "nn": (195, 50), "RR": (330, 35), "aa": (48, 85), "E": (65, 60), "ih": (90, 50),
    "oh": (140, 45), "ou": (170, 50),
}  # fmt: skip
_INK = "style='fill:var(--ink)'"
Piece = tuple[int, int, str]
LINES = ("--first", "--second", "--ink", "--quiet")


def confusions(confusion: Sequence[Sequence[float]], label: str) -> str:
    """Return a heat map of (15, 15) frames, truth by shown; each row is in percent of the truth's frames."""
    cell, left, top = 31, 44, 42
    side = cell * len(VISEME_NAMES)
    body = [_text(left + side / 2, 14, "shown", "middle"), _text(4, 34, "truth")]
    for row, (name, counts) in enumerate(zip(VISEME_NAMES, confusion, strict=True)):
        y = top + row * cell
        body.append(_text(left - 8, y + cell / 2 + 4, name, "end"))
        body.append(_text(left + row * cell + cell / 2, top - 8, name, "middle"))
        whole = sum(counts)
        for column, count in enumerate(counts):
            x, share = left + column * cell, count / whole if whole else 0.0
            colour = "--first" if column == row else "--second"
            body.append(
                f'<rect x="{x}" y="{y}" width="{cell - 1}" height="{cell - 1}" rx="3" '
                f'fill="var({colour})" fill-opacity="{0.03 + 0.85 * share:.3f}">'
                f"<title>{name} shown as {VISEME_NAMES[column]}: {count:.0f} frames, {share:.1%}</title>"
                "</rect>"
            )
            if share >= 0.01:
                body.append(_text(x + cell / 2 - 0.5, y + cell / 2 + 4, f"{share * 100:.0f}", "middle", _INK))
    return _svg(left + side + 4, top + side + 4, label, body)


def recalls(per_class: Mapping[str, Mapping[str, object]], label: str) -> str:
    """Return a bar per viseme, its recall with the 95 % interval, and a dot for its precision."""
    step, left, top, height = 34, 46, 12, 150
    width = left + step * len(per_class) + 8

    def y_of(share: float) -> float:
        return top + height * (1 - share)

    body = _grid(left, width, y_of, ("0", "50", "100 %"))
    for number, (name, row) in enumerate(per_class.items()):
        x = left + number * step + 6
        body.append(_text(x + 11, top + height + 16, name, "middle", _INK))
        recall, precision, limits = row["recall"], row["precision"], row.get("recall_interval")
        if isinstance(recall, float):
            body.append(
                f'<rect x="{x}" y="{y_of(recall):.1f}" width="22" height="{height * recall:.1f}" rx="3" '
                f'fill="var(--first)" fill-opacity=".75"><title>{name}: recall {recall:.1%}</title></rect>'
            )
        if isinstance(limits, list) and None not in limits:
            body.append(
                f'<line x1="{x + 11}" x2="{x + 11}" y1="{y_of(limits[0]):.1f}" y2="{y_of(limits[1]):.1f}" '
                'stroke="var(--ink)" stroke-width="1.5"/>'
            )
        if isinstance(precision, float):
            body.append(
                f'<circle cx="{x + 11}" cy="{y_of(precision):.1f}" r="4" fill="var(--paper)" '
                f'stroke="var(--second)" stroke-width="2"><title>{name}: precision {precision:.1%}</title>'
                "</circle>"
            )
    return _svg(width, top + height + 24, label, body)


def _grid(left: float, width: float, y_of: object, names: Sequence[str]) -> list[str]:
    assert callable(y_of)
    body = []
    for number, name in enumerate(names):
        y = y_of(number / (len(names) - 1))
        body.append(f'<line x1="{left}" x2="{width}" y1="{y:.1f}" y2="{y:.1f}" stroke="var(--line)"/>')
        body.append(_text(left - 6, y + 4, name, "end"))
    return body


def noise_curve(curves: Mapping[str, Sequence[tuple[str, float, Sequence[float] | None]]], label: str) -> str:
    """Return a line per model over conditions, quietest first: (name, accuracy, interval or None)."""
    width, height, left, right, top = 560, 220, 40, 130, 12
    values = [value for curve in curves.values() for _, value, _ in curve]
    low, high = min(values) - 0.05, max(values) + 0.05
    low, high = int(low * 10) / 10, -int(-high * 10) / 10 + 0.1

    def y_of(value: float) -> float:
        return top + (height - top - 24) * (high - value) / (high - low)

    body = []
    for tenth in range(round(low * 10), round(high * 10) + 1):
        y = y_of(tenth / 10)
        body.append(
            f'<line x1="{left}" x2="{width - right}" y1="{y:.1f}" y2="{y:.1f}" stroke="var(--line)"/>'
        )
        body.append(_text(left - 6, y + 4, f"{tenth * 10}", "end"))
    for number, (name, curve) in enumerate(curves.items()):
        colour = f"var({LINES[number % len(LINES)]})"
        step = (width - left - right - 40) / max(1, len(curve) - 1)
        points = [(left + 20 + at * step, y_of(value)) for at, (_, value, _) in enumerate(curve)]
        body.append(
            '<polyline fill="none" stroke-width="2" '
            f'stroke="{colour}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>'
        )
        for (x, y), (condition, value, limits) in zip(points, curve, strict=True):
            if limits is not None:
                body.append(
                    f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y_of(limits[0]):.1f}" '
                    f'y2="{y_of(limits[1]):.1f}" stroke="{colour}" stroke-opacity=".5"/>'
                )
            body.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}">'
                f"<title>{escape(name)}, {condition}: {value:.1%}</title></circle>"
            )
            if number == 0:
                body.append(_text(x, height - 4, condition, "middle"))
        x, y = points[-1]
        body.append(_text(x + 12, y + 4, name, more=f"style='fill:{colour}'"))
    return _svg(width, height, label, body)


def colour_of(name: str) -> str:
    """Return the CSS colour of a viseme; grey for what is none."""
    hue, saturation = _HUES.get(name, (0, 0))
    return f"hsl({hue} {saturation}% 68%)"


def ribbon(
    rows: Sequence[tuple[str, Sequence[Piece]]],
    jaws: Sequence[tuple[str, Sequence[float]]],
    label: str,
) -> str:
    """Return a sentence in 10 ms frames.

    Args:
        rows: (heading, [(first frame, frame after the last, viseme)]); a name that is no viseme, as that of
            a sound, is not coloured.
        jaws: (heading, opening per frame, 0 to 1), drawn over each other.
        label: for readers who cannot see it.
    """
    pixels, left, step, jaw_height = 3.2, 130, 30, 70
    frames = max(end for _, pieces in rows for _, end, _ in pieces)
    width = left + frames * pixels + 10
    body = []
    for number, (heading, pieces) in enumerate(rows):
        y = 6 + number * step
        body.append(_text(left - 8, y + 16, heading, "end"))
        for start, end, name in pieces:
            x, wide = left + start * pixels, (end - start) * pixels
            drawn = name in _HUES
            body.append(
                f'<rect x="{x:.1f}" y="{y}" width="{max(1.0, wide - 0.7):.1f}" height="24" rx="3" '
                f'fill="{colour_of(name) if drawn else "none"}" stroke="var(--line)" '
                f'stroke-width="{0 if drawn else 0.7}"><title>{escape(name)}, {start * 10} to {end * 10} ms'
                "</title></rect>"
            )
            if wide >= 7.5 * len(name):
                ink = "#1d2733" if drawn else "var(--quiet)"
                body.append(_text(x + wide / 2, y + 16, name, "middle", f"style='fill:{ink}'"))
    floor = 6 + len(rows) * step + jaw_height
    for number, (heading, opening) in enumerate(jaws):
        colour = f"var({LINES[number % len(LINES)]})"
        points = " ".join(
            f"{left + (frame + 0.5) * pixels:.1f},{floor - value * (jaw_height - 8):.1f}"
            for frame, value in enumerate(opening)
        )
        body.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.7" points="{points}"/>')
        more = f"style='fill:{colour}'"
        body.append(_text(left - 8, floor - jaw_height + 22 + 16 * number, f"jaw, {heading}", "end", more))
    for second in range(frames // 100 + 1):
        body.append(_text(left + second * 100 * pixels, floor + 16, f"{second} s"))
    return _svg(width, floor + 22, label, body)
