"""Which driver a port URL asks for. A driver's module, and its maker's library, load when it is opened."""

from __future__ import annotations

import importlib

from mandible.errors import DeviceError
from mandible.firmware_bridge.drivers.driver import Driver
from mandible.firmware_bridge.port_forms import FORMS
from mandible.firmware_bridge.port_url import PortUrl


def has_driver(scheme: str) -> bool:
    """Return whether ``scheme`` names somebody else's controller, which a supervisor drives."""
    form = FORMS.get(scheme)
    return form is not None and form.driver is not None


def open_driver(url: PortUrl) -> Driver:
    """Open the controller at ``url``; DeviceError, with the remedy, where that fails."""
    form = FORMS.get(url.scheme)
    if form is None or form.driver is None:
        raise DeviceError(f"{url.text}: no driver is needed for this port")
    module = importlib.import_module(f"mandible.firmware_bridge.drivers.{form.driver}")
    driver: Driver = module.open_driver(url)
    return driver
