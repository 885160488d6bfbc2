"""The virtual microphone as a fixture."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.virtual.microphone.pulse import VirtualMicrophone


@pytest.fixture
def virtual_microphone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualMicrophone]:
    """A microphone that hears exactly what is played into it."""
    with VirtualMicrophone(tmp_path_factory.mktemp("pulse")) as microphone:
        yield microphone
