"""How long a puppet is given to come to rest: as long as its slowest and heaviest servo needs."""

from __future__ import annotations

import math

import pytest

from mandible.firmware_bridge.parking import Parking
from mandible.firmware_bridge.rig import Rig

_SOFT_START_US = 1_000_000


def _rig(speed_us_per_s: int, accel_us_per_s2: int) -> Rig:
    return Rig.parse(
        "r.toml",
        f"""schema = 1
[channels.neck]
output = 0
min_us = 1000
max_us = 2000
neutral_us = 1100
speed_us_per_s = {speed_us_per_s}
accel_us_per_s2 = {accel_us_per_s2}
""",
    )


@pytest.mark.parametrize(
    ("speed_us_per_s", "accel_us_per_s2", "travel_s"),
    [
        (1000, 4_000_000, 0.9 + 1000 / 4_000_000),
        (1000, 2000, 0.9 + 0.5),
        (20_000, 1000, 2 * math.sqrt(900 / 1000)),
        (900, 1000, 1.0 + 0.9),
    ],
)
def test_a_servo_is_given_the_time_it_needs_at_its_speed_and_acceleration(
    speed_us_per_s: int, accel_us_per_s2: int, travel_s: float
) -> None:
    parking = Parking(_rig(speed_us_per_s, accel_us_per_s2), 0, 10_000)
    needed_us = round(travel_s * 1e6) + 10_000 + _SOFT_START_US
    assert not parking.wants_detach(needed_us - 100)
    assert parking.wants_detach(needed_us + 100)


def test_one_that_has_arrived_rests_only_a_moment() -> None:
    parking = Parking(_rig(100, 1000), 0, 10_000)
    parking.reported((1100,), 300_000)
    assert not parking.wants_detach(300_000)
    assert parking.wants_detach(400_000)
