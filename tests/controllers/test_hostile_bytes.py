"""Whatever bytes arrive, readers of them answer, and soon: they come from a wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from dynamixel_sdk import Protocol2PacketHandler
from hypothesis import given, settings
from hypothesis import strategies as st

from mandible.firmware_bridge.drivers import dynamixel, feetech_packets, maestro_packets, recognition
from mandible.firmware_bridge.drivers.sdk_port import SdkPort
from mandible.firmware_bridge.drivers.wire import Wire
from tests.controllers.dynamixel_device import packet

Found = TypeVar("Found")

# Whole packets, headers with odd lengths, and anything.
PIECES = st.one_of(
    st.binary(max_size=30),
    st.sampled_from([b"\xff\xff\xfd\x00", b"\xff\xff", b"\xf0\x79", b"\xf7", b"\x00", b"SSC32"]),
    st.builds(
        lambda one, length, rest: b"\xff\xff\xfd\x00" + bytes((one, length, 0, 0x55)) + rest,
        st.integers(0, 255),
        st.integers(0, 20),
        st.binary(max_size=20),
    ),
    st.builds(
        lambda one, rest: packet(one, 0x55, rest), st.integers(0, 252), st.binary(min_size=1, max_size=4)
    ),
)
BYTES = st.lists(PIECES, max_size=20).map(b"".join)


class PipedWire(Wire):
    """A wire on which ``arriving`` comes in, and then nothing."""

    def __init__(self, arriving: bytes) -> None:
        self.arriving = arriving

    def send(self, data: bytes) -> bool:
        return True

    def ready(self) -> bool:
        return True

    def receive(self) -> bytes:
        taken, self.arriving = self.arriving[:40], self.arriving[40:]
        return taken

    def discard(self) -> bool:
        return False

    def listen(self, understood: Callable[[bytes], Found | None], wait_s: float) -> Found | None:
        taken = self.receive()
        return understood(taken) if taken else None


@given(BYTES)
def test_no_bytes_upset_a_reader(heard: bytes) -> None:
    for understands in (
        recognition.understands_ssc32,
        recognition.understands_firmata,
        recognition.understands_mandible,
        recognition.understands_dynamixel,
    ):
        assert understands(heard) in (True, None)
    assert all(status.servo_id < 0xFE for status in feetech_packets.statuses(heard))
    assert maestro_packets.is_error_register(heard) in (True, False)


@settings(deadline=2000, max_examples=60)
@given(BYTES)
def test_no_bytes_upset_the_dynamixel_sdk_behind_our_port(heard: bytes) -> None:
    port = SdkPort(PipedWire(heard), 1_000_000)
    value = dynamixel._read(Protocol2PacketHandler(), port, 1, 98)
    assert value is None or 0 <= value <= 255
