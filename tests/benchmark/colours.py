"""Colours as people see them: how far text stands out, and what a colour-blind eye still tells apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]
# Severe protanopia and deuteranopia, on linear RGB: Machado, Oliveira and Fernandes (2009), table 1.
BLINDNESS = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881),
    ),
}  # fmt: skip
_TO_XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
_WHITE = (0.9505, 1.0, 1.089)


def of_hex(text: str) -> Colour:
    """Return the colour of ``#rrggbb``."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def linear(colour: Colour) -> NDArray[np.float64]:
    """Return linear light, 0 to 1 (sRGB, IEC 61966-2-1)."""
    share = np.asarray(colour, np.float64) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast of two colours, 1 to 21 (WCAG 2.2, 1.4.3)."""
    lights = sorted(float(linear(colour) @ (0.2126, 0.7152, 0.0722)) for colour in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def difference(one: Colour, other: Colour, blindness: str | None = None) -> float:
    """Return how different two colours look, to a colour-blind eye if named (CIE 1976; 2 is just seen)."""
    return float(np.linalg.norm(_lab(one, blindness) - _lab(other, blindness)))


def _lab(colour: Colour, blindness: str | None) -> NDArray[np.float64]:
    light = linear(colour)
    if blindness is not None:
        light = np.clip(np.asarray(BLINDNESS[blindness]) @ light, 0, 1)
    x, y, z = np.cbrt(np.maximum(np.asarray(_TO_XYZ) @ light / _WHITE, 1e-6))
    return np.asarray((116 * y - 16, 500 * (x - y), 200 * (y - z)))
