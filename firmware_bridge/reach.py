"""Pulses that a port cannot give: a servo whose limits lie there would be held outside of them."""

from __future__ import annotations

from mandible.firmware_bridge.drivers.pulse import LEAST_US, MOST_US
from mandible.firmware_bridge.port_forms import FORMS
from mandible.firmware_bridge.port_url import PortUrl
from mandible.firmware_bridge.rig import Rig


def reach_us(url: PortUrl) -> tuple[int, int]:
    """Return the shortest and the longest pulse (µs) that what is at ``url`` can give."""
    least_us = url.options.get("low_us", FORMS[url.scheme].least_us or LEAST_US)
    return int(least_us), int(url.options.get("high_us", MOST_US))


def within_reach(url: PortUrl, rig: Rig) -> PortUrl:
    """Return ``url``; InputError where it cannot give every pulse within the limits of ``rig``."""
    least_us, most_us = reach_us(url)
    for channel in rig.channels:
        for name, limit_us in (("min_us", channel.min_us), ("max_us", channel.max_us)):
            if not least_us <= limit_us <= most_us:
                reach = f"{url.text} cannot give; it gives {least_us} to {most_us}"
                raise rig.error(f"channels.{channel.name}.{name}", f"{limit_us} is a pulse that {reach}")
    return url
