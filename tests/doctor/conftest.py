"""The virtual microphone, for the tests that listen."""

from tests.virtual.microphone.conftest import virtual_microphone

__all__ = ["virtual_microphone"]
