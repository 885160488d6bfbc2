"""The virtual microphone, for faults that need one."""

from tests.virtual.microphone.conftest import virtual_microphone

__all__ = ["virtual_microphone"]
