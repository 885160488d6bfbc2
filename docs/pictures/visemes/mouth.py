"""One mouth from the front, as SVG: lips, teeth, tongue and a little skin.

Lengths are in pixels of a canvas of 144 x 144, y downwards. The upper teeth belong to the skull and never
move; the jaw takes the lower teeth, the lower lip and, in part, the corners of the mouth with it.
"""

from __future__ import annotations

from shape import Shape

SIZE = 144
CENTRE_X = 72.0
LIPS_Y = 54.0  # where the lips meet at rest
TEETH_Y = LIPS_Y + 4  # edge of the upper incisors
HALF_WIDTH = 41.0  # centre to corner at rest
JAW_DROP = 52.0  # of the lower lip, jaw wide open
BARING = 14.0  # farthest a lip moves away from the teeth
TEETH_MEET = 0.15  # opening of the jaw under which the rows of teeth overlap
TEETH_APART = 66.0  # between the rows, jaw wide open: a little exaggerated
TOOTH_LENGTH = 24.0
# From the middle outwards: width, and how far the edge is below that of the first.
UPPER_TEETH = ((9.5, 0.0), (7.5, -1.2), (7.5, 0.2), (6.5, -1.6), (6.0, -3.0))
LOWER_TEETH = ((6.2, 0.0), (6.6, 0.2), (7.2, -0.4), (6.6, 0.8), (6.4, 1.8))

SKIN, SKIN_EDGE, SKIN_SHADE = "#f4d3b2", "#b9855c", "#cf9a70"
LIP, LIP_DARK, LIP_LIGHT = "#cf5a5e", "#7d2432", "#e58f8c"
CAVITY, TOOTH, TOOTH_EDGE = "#3a0d18", "#fffaf0", "#cbbfae"
TONGUE, TONGUE_FAR, TONGUE_LINE = "#e98089", "#a8434f", "#b9505c"

Curve = tuple[float, ...]


def _between(low: float, high: float, share: float) -> float:
    return low + (high - low) * share


def _mirrored_x(x: float) -> float:
    return 2 * CENTRE_X - x


def _path(*parts: float | str) -> str:
    return " ".join(part if isinstance(part, str) else f"{part:.1f}".removesuffix(".0") for part in parts)


def _line(path: str, colour: str, width: float, more: str = "") -> str:
    stroke = f'stroke="{colour}" stroke-width="{width}" stroke-linecap="round"'
    return f'<path d="{path}" fill="none" {stroke}{more}/>'


def _area(path: str, colour: str, edge: str = "") -> str:
    outline = f' stroke="{edge}" stroke-width="2.2" stroke-linejoin="round"' if edge else ""
    return f'<path d="{path}" fill="{colour}"{outline}/>'


def _box(left: float, top: float, width: float, height: float, radius: float) -> str:
    return f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius:.1f}"/>'


def _arch(corner_x: float, corner_y: float, middle_y: float, bulge: float, fullness: float) -> Curve:
    """Two Bezier curves from the left corner over the middle to the right corner, without their first point.

    ``bulge`` says how steeply they leave the corners, ``fullness`` how flat they run in the middle, 0 to 1.
    """
    reach, rise = CENTRE_X - corner_x, middle_y - corner_y
    steep_x = corner_x + reach * _between(0.36, 0.0, bulge)
    steep_y = corner_y + rise * _between(0.42, 0.56, bulge)
    flat_x = CENTRE_X - reach * fullness
    left = (steep_x, steep_y, flat_x, middle_y, CENTRE_X, middle_y)
    return (
        *left,
        _mirrored_x(flat_x),
        middle_y,
        _mirrored_x(steep_x),
        steep_y,
        _mirrored_x(corner_x),
        corner_y,
    )


def _backwards(curve: Curve) -> list[float]:
    return [value if i % 2 else _mirrored_x(value) for i, value in enumerate(curve)]


class Mouth:
    """Where everything of one mouth stands, and its drawing."""

    def __init__(self, name: str, shape: Shape) -> None:
        self.name, self.shape = name, shape
        s = shape
        drop = s.jaw * JAW_DROP
        self.upper_y = LIPS_Y - BARING * s.upper_lift
        self.lower_y = LIPS_Y + drop + BARING * s.lower_drop - 11 * s.tuck
        self.corner_x = CENTRE_X - HALF_WIDTH * s.width
        spread_y = LIPS_Y - 2 + 0.4 * drop + 1.5 * s.press - 18 * max(0.0, s.width - 1.1)
        self.corner_y = _between(spread_y, (self.upper_y + self.lower_y) / 2, max(s.rounding, s.flare))
        self.pursed = s.rounding * max(0.0, 1 - s.width)
        # Lips pushed forward hide the lower teeth.
        self.lower_teeth_y = TEETH_Y + (s.jaw - TEETH_MEET) * TEETH_APART + 10 * self.pursed * self.pursed
        self.tongue_out = max(0.0, s.tongue_forward - 0.7) / 0.3

        thick = (1 - 0.42 * s.press) * (1 + 0.12 * s.rounding + 0.3 * s.flare) * (1 - 0.2 * s.jaw)
        thick *= 1 - 0.6 * max(0.0, s.width - 1)
        self.top_y = self.upper_y - 14 * thick
        self.bottom_y = self.lower_y + 18 * thick + 2 * s.tuck
        self.outer_x = self.corner_x - 6 - 7 * s.rounding - 4 * s.flare

    def drawing(self) -> str:
        """SVG elements of the mouth on its square of skin."""
        # Teeth on a tucked lip, and a tongue between the teeth, stand in front of the lower lip.
        below = max(16 * self.shape.tuck, 9 * self.tongue_out)
        square = f'x="2" y="2" width="{SIZE - 4}" height="{SIZE - 4}" rx="34"'
        return "\n".join(
            (
                f'<clipPath id="{self.name}-in"><path d="{self._opening()}"/></clipPath>',
                f'<clipPath id="{self.name}-out"><path d="{self._opening(below)}"/></clipPath>',
                f'<rect {square} fill="{SKIN}" stroke="{SKIN_EDGE}" stroke-width="2.4"/>',
                *self._skin_lines(),
                _area(self._lips(), LIP, LIP_DARK),
                *self._lip_lines(),
                *self._inside(),
            )
        )

    def _inner_edges(self, below: float = 0.0) -> tuple[Curve, Curve]:
        """Upper and lower inner edge of the lips; ``below`` puts the lower one farther down."""
        s = self.shape
        bulge = min(1.0, s.rounding + s.flare)
        fullness = _between(_between(0.34, 0.56, s.rounding), 0.8, s.flare)
        upper = _arch(self.corner_x, self.corner_y, self.upper_y, bulge, fullness)
        return upper, _arch(self.corner_x, self.corner_y, self.lower_y + below, bulge, fullness)

    def _opening(self, below: float = 0.0) -> str:
        upper, lower = self._inner_edges(below)
        return _path("M", self.corner_x, self.corner_y, "C", *upper, "C", *_backwards(lower), "Z")

    def _lip_edge(self, edge: Curve) -> str:
        return _line(_path("M", self.corner_x, self.corner_y, "C", *edge), LIP_DARK, 2.2)

    def _lips(self) -> str:
        """Outer edge: an upper lip with two peaks and a dip, a lower lip with one curve."""
        s = self.shape
        round_off = max(s.rounding, s.flare)
        reach, rise = CENTRE_X - self.outer_x, self.corner_y - self.top_y
        peak_x = CENTRE_X - reach * _between(0.2, 0.3, s.rounding)
        dip_y = self.top_y + 4 * (1 - 0.6 * s.press) * (1 - 0.3 * s.rounding)
        slope_x = self.outer_x + reach * _between(0.3, 0.02, round_off)
        slope_y = self.corner_y - rise * _between(0.4, 0.6, round_off)
        to_peak = (slope_x, slope_y, peak_x - reach * 0.25, self.top_y, peak_x, self.top_y)
        to_dip = (CENTRE_X - reach * 0.09, self.top_y, CENTRE_X - reach * 0.07, dip_y, CENTRE_X, dip_y)
        points = list(zip((*to_peak, *to_dip)[::2], (*to_peak, *to_dip)[1::2], strict=True))
        left_half = [(self.outer_x, self.corner_y), *points]
        right_half = [value for x, y in reversed(left_half[:-1]) for value in (_mirrored_x(x), y)]
        lower = _arch(self.outer_x, self.corner_y, self.bottom_y, round_off, _between(0.42, 0.58, round_off))
        start = ("M", self.outer_x, self.corner_y, "C", *to_peak, *to_dip)
        return _path(*start, *right_half, "C", *_backwards(lower), "Z")

    def _inside(self) -> list[str]:
        upper, lower = self._inner_edges()
        tip = self._tongue_tip() if self.shape.tongue_tip >= 0.5 else ""
        return [
            _area(self._opening(), CAVITY),
            f'<g clip-path="url(#{self.name}-in)">',
            self._tongue_body(),
            "" if self.tongue_out else tip,
            self._teeth(self.lower_teeth_y, LOWER_TEETH, upper=False),
            "</g>",
            self._lip_edge(lower),
            f'<g clip-path="url(#{self.name}-out)">',
            tip if self.tongue_out else "",
            self._teeth(TEETH_Y, UPPER_TEETH, upper=True),
            "</g>",
            self._lip_edge(upper),
        ]

    def _teeth(self, edge_y: float, teeth: tuple[tuple[float, float], ...], *, upper: bool) -> str:
        drawn, x = "", 0.0
        for width, offset in teeth:
            top_y, length = (
                (edge_y - TOOTH_LENGTH, TOOTH_LENGTH + offset) if upper else (edge_y + offset, TOOTH_LENGTH)
            )
            drawn += _box(CENTRE_X + x, top_y, width, length, 2.4)
            drawn += _box(CENTRE_X - x - width, top_y, width, length, 2.4)
            x += width
        return f'<g fill="{TOOTH}" stroke="{TOOTH_EDGE}" stroke-width="0.8">{drawn}</g>'

    def _tongue_body(self) -> str:
        s = self.shape
        floor_y = min(self.lower_teeth_y, self.lower_y - 2) - 14 * s.jaw
        top_y, root_y = _between(floor_y, TEETH_Y - 2, s.tongue_back), self.lower_y + 20
        half = min(30.0, 31 * s.width)
        left, right = CENTRE_X - half, CENTRE_X + half
        over = (
            "C",
            left,
            top_y,
            CENTRE_X - half * 0.7,
            top_y,
            CENTRE_X,
            top_y,
            "S",
            right,
            top_y,
            right,
            root_y,
        )
        body = _area(_path("M", left, root_y, *over, "Z"), TONGUE_FAR if s.tongue_forward < 0.25 else TONGUE)
        return body + _line(_path("M", CENTRE_X, top_y + 5, "V", self.lower_y), TONGUE_LINE, 1.6)

    def _tongue_tip(self) -> str:
        s, out = self.shape, self.tongue_out
        top_y = _between(self.lower_teeth_y, TEETH_Y - 8, min(1.0, s.tongue_tip + 0.4 * out))
        bottom_y = _between(self.lower_teeth_y + 14, self.lower_y + 5, out)
        # Right behind the teeth it is flat and broad; farther back one sees the narrow underside.
        half = _between(_between(14, 25, (s.tongue_forward - 0.5) / 0.2), 19, out)
        height = bottom_y - top_y
        blade = _box(CENTRE_X - half, top_y, 2 * half, height, min(half, height / 2))
        middle = _path("M", CENTRE_X, TEETH_Y + 3 + out, "V", bottom_y - 4 * out)
        outlined = f'<g fill="{TONGUE}" stroke="{TONGUE_LINE}" stroke-width="1.4">{blade}</g>'
        return outlined + _line(middle, TONGUE_LINE, 1.6)

    def _skin_lines(self) -> list[str]:
        """The groove over the lips, the chin, and creases beside lips that are spread or pressed."""
        s = self.shape
        paths = []
        for side in (-1, 1):
            x = CENTRE_X + side * 6
            paths.append(
                _path("M", x, self.top_y - 5, "Q", x - side, self.top_y - 9, x - side * 0.5, self.top_y - 14)
            )
        chin_y = self.bottom_y + 10
        bend_y = chin_y + 6 - 9 * s.press
        paths.append(_path("M", CENTRE_X - 17, chin_y, "Q", CENTRE_X, bend_y, CENTRE_X + 17, chin_y))
        if max(s.press, (s.width - 1) * 5) > 0.4:
            for x, bend in ((self.outer_x - 4, -3.5), (_mirrored_x(self.outer_x - 4), 3.5)):
                paths.append(
                    _path("M", x, self.corner_y - 9, "Q", x + bend, self.corner_y, x, self.corner_y + 9)
                )
        return [_line(path, SKIN_SHADE, 2.4) for path in paths]

    def _lip_lines(self) -> list[str]:
        """A shine on the lower lip, or the folds of pursed lips."""
        if self.pursed > 0.5:
            paths = []
            for x in (-14, -7, 0, 7, 14):
                inner, outer, away = CENTRE_X + 0.6 * x, CENTRE_X + 1.1 * x, abs(x) / 14
                paths.append(
                    _path("M", inner, self.upper_y - 2 + 5 * away, "L", outer, self.top_y + 6 + 2 * away)
                )
                paths.append(
                    _path("M", inner, self.lower_y + 2 - 5 * away, "L", outer, self.bottom_y - 5 - 2 * away)
                )
            return [_line(path, LIP_DARK, 1.4, ' opacity="0.55"') for path in paths]
        if self.shape.press > 0.5:
            return []
        half = (CENTRE_X - self.outer_x) * 0.3
        y = self.bottom_y - 0.45 * (self.bottom_y - self.lower_y) + 3 * self.shape.tuck
        return [
            _line(_path("M", CENTRE_X - half, y, "Q", CENTRE_X, y + 2.5, CENTRE_X + half, y), LIP_LIGHT, 3)
        ]
