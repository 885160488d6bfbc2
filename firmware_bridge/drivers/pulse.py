"""Pulse widths on their way to another maker's units."""

from __future__ import annotations

from mandible.firmware_bridge.protocol import LIMITS

LEAST_US = LIMITS["pulse_min_us"]
MOST_US = LIMITS["pulse_max_us"]


def held(pulse_us: int, least_us: int = LEAST_US, most_us: int = MOST_US) -> int:
    """Return a width that no servo is harmed by; 0, no pulse, stays 0."""
    return min(max(pulse_us, least_us), most_us) if pulse_us else 0


def position(pulse_us: int, low: int, high: int) -> int:
    """Return where 500..2500 µs lies on ``low``..``high`` steps, rounded; ``low`` may be the larger one."""
    offset_us = held(pulse_us) - LEAST_US
    span_us = MOST_US - LEAST_US
    return low + (2 * offset_us * (high - low) + span_us) // (2 * span_us)
