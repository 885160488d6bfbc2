"""The virtual sound card, by the name that tests know it by."""

from __future__ import annotations

from mandible.benchmarks.lateness.virtual_microphone import (
    CAPTURE_LATENCY_MS,
    NO_DEVICE_CONFIGURATION,
    SINK,
    VirtualMicrophone,
)

__all__ = ["CAPTURE_LATENCY_MS", "NO_DEVICE_CONFIGURATION", "SINK", "VirtualMicrophone"]
