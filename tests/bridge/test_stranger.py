"""Whoever names the wrong port is told what is on it, and how to write that."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from mandible.errors import DeviceError
from mandible.firmware_bridge.link import Link
from mandible.firmware_bridge.port_url import parse_port_url
from mandible.firmware_bridge.rig import Rig
from mandible.firmware_bridge.storing import LimitsWriter
from mandible.firmware_bridge.stranger import Stranger
from tests.controllers.maestro_device import SimulatedMaestro

RIG = Rig.load("skull")


def test_a_link_names_what_answers_instead_and_goes_on_trying(tmp_path: Path) -> None:
    maestro = SimulatedMaestro(tmp_path)
    with contextlib.closing(Link(f"serial://{maestro.path}", RIG)) as link:
        link.start()
        with pytest.raises(
            DeviceError, match=f"this answers like a Pololu Maestro; write maestro://{maestro.path}"
        ):
            link.wait_ready()
        assert "Maestro" in (link.status().problem or "")
    assert not maestro.written
    maestro.pull()


def test_storing_names_it_too(tmp_path: Path) -> None:
    maestro = SimulatedMaestro(tmp_path)
    writer = LimitsWriter(parse_port_url(f"serial://{maestro.path}"), RIG)
    with writer, pytest.raises(DeviceError, match="this answers like a Pololu Maestro"):
        writer.greet()
    maestro.pull()


def test_where_nothing_answers_nothing_is_said(tmp_path: Path) -> None:
    maestro = SimulatedMaestro(tmp_path)
    maestro.mute = True
    assert Stranger(parse_port_url(f"serial://{maestro.path}")).ask() is None
    maestro.pull()
