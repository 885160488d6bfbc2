"""Inference engines behind one small protocol: ``create(name, model)`` returns one."""

from mandible.device.engines.base import Engine, HeadInfo
from mandible.device.engines.registry import NAMES, THREADED, available, create, default_name

__all__ = ["NAMES", "THREADED", "Engine", "HeadInfo", "available", "create", "default_name"]
