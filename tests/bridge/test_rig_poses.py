"""Where a pose comes from: the file, an axis, a mirror, or the rule for the part of the mouth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mandible.errors import InputError
from mandible.firmware_bridge.mouth_roles import ROLES
from mandible.firmware_bridge.rig import Rig
from mandible.models.visemes import VISEME_NAMES, Viseme

_CLOSED_US, _WIDE_US, _NEUTRAL_US = 1000, 2000, 1300


def rig(channels: dict[str, str], more: str = "") -> Rig:
    """A rig of channels from 1000 to 2000 µs that rest at 1300, each with some lines of its own."""
    text = ["schema = 1"]
    for output, (name, lines) in enumerate(channels.items()):
        text += [f'[channels."{name}"]', f"output = {output}", "min_us = 1000", "max_us = 2000"]
        text += ["neutral_us = 1300", *lines.split(";")]
    return Rig.parse("r.toml", "\n".join([*text, more]))


def roles(*names: str) -> Rig:
    """A rig whose channels are these parts of a mouth, and named so."""
    return rig({name: f'role = "{name}"' for name in names})


def positions(of: Rig, viseme: Viseme) -> dict[str, float | None]:
    """Where each channel stands."""
    return {c.name: pose.position for c, pose in zip(of.channels, of.poses[viseme], strict=True)}


def refused(channels: dict[str, str], more: str = "") -> str:
    with pytest.raises(InputError) as caught:
        rig(channels, more)
    assert str(caught.value).isprintable()
    return str(caught.value)


def test_the_shortest_rig_is_a_channel_with_limits_and_a_role() -> None:
    jaw = roles("jaw")
    skull = Rig.load("skull")
    assert [row[0].position or 0.0 for row in jaw.poses] == [row[0].position for row in skull.poses]
    assert jaw.poses_us[Viseme.PP] == (_CLOSED_US,)
    assert jaw.poses_us[Viseme.aa] == (_WIDE_US,)
    assert jaw.poses_us[Viseme.sil] == (_NEUTRAL_US,)


def test_a_jaw_shuts_for_p_unless_two_lips_close_over_it() -> None:
    for mouth in (("jaw",), ("jaw", "tongue"), ("jaw", "upper_lip"), ("jaw", "lower_lip"), ("beak",)):
        assert positions(roles(*mouth), Viseme.PP)[mouth[0]] == 0.0
    rich = positions(roles("jaw", "upper_lip", "lower_lip"), Viseme.PP)
    assert rich["jaw"] is not None
    assert 0.0 < rich["jaw"] < 0.2


def test_lips_without_a_jaw_show_the_gap_between_them() -> None:
    lips = roles("upper_lip", "lower_lip")
    assert positions(lips, Viseme.PP) == {"upper_lip": 0.0, "lower_lip": 0.0}
    assert positions(lips, Viseme.aa) == {"upper_lip": 1.0, "lower_lip": 1.0}


def test_the_parts_do_what_phonetics_says() -> None:
    mouth = roles("jaw", "upper_lip", "lower_lip", "corner_left", "corner_right", "tongue")
    at = {viseme: positions(mouth, Viseme[viseme]) for viseme in VISEME_NAMES[1:]}

    def least(part: str, *visemes: str) -> float:
        return min(at[viseme][part] or 0.0 for viseme in visemes)

    def most(part: str, *visemes: str) -> float:
        return max(at[viseme][part] or 0.0 for viseme in visemes)

    assert most("lower_lip", "FF") == 0.0
    assert most("upper_lip", "PP") < least("upper_lip", *(v for v in at if v != "PP"))
    for corner in ("corner_left", "corner_right"):
        assert most(corner, "ou", "oh", "CH") < 0.3 < 0.7 < least(corner, "E", "ih", "SS")
    raised = ("TH", "DD", "nn", "RR")
    others = [v for v in at if v not in (*raised, "SS", "CH")]
    assert most("tongue", *others) < 0.5 < least("tongue", *raised)
    assert least("jaw", "aa") == 1.0


def test_the_hand_posed_humanoid_and_the_head_of_roles_agree() -> None:
    hand, by_rule = Rig.load("humanoid"), Rig.load("head")
    assert [row[:6] for row in by_rule.poses_us] == [tuple(row) for row in hand.poses_us]
    assert {pose.kind for row in hand.poses for pose in row} == {"file", "mirror"}
    assert by_rule.posed == (0, 1, 2, 3, 4, 5)
    assert len(by_rule.channels) == 12


def test_a_written_pose_wins_over_the_role() -> None:
    jaw = rig({"jaw": 'role = "jaw"'}, "[poses.aa]\njaw = 0.5\n[poses.sil]\njaw = 0.1")
    assert jaw.poses_us[Viseme.aa] == (1500,)
    assert jaw.poses_us[Viseme.sil] == (1100,)
    assert [row[0].kind for row in jaw.poses].count("rule") == 13


def test_an_axis_moves_its_channels_each_by_its_gain_and_direction() -> None:
    linkage = rig(
        {"left": "", "right": "reversed = true"},
        "[axes.open]\nchannels = { left = 1.0, right = 0.5 }\n[poses]\naa = { open = 0.8 }",
    )
    assert linkage.poses_us[Viseme.aa] == (1800, 1600)
    assert linkage.poses_us[Viseme.oh] == linkage.neutral_us
    assert linkage.poses[Viseme.aa][1].origin == "axis open (line 17)"


def test_what_moves_a_channel_adds_up_between_closed_and_wide() -> None:
    axes = """
[axes.open]
channels = { left = 1.0, right = 1.0 }
[axes.tilt]
channels = { left = 0.5, right = -0.5 }
[poses]
aa = { open = 0.6, tilt = 0.4, left = 0.1 }
E = { open = 0.9, tilt = 1.0 }
ou = { tilt = 0.5 }
"""
    tilted = rig({"left": "", "right": ""}, axes)
    assert tilted.poses_us[Viseme.aa] == (1900, 1400)
    assert tilted.poses_us[Viseme.E] == (2000, 1400)
    assert tilted.poses_us[Viseme.ou] == (1250, 1000)
    assert tilted.poses[Viseme.aa][0].origin == "line 20 + axis open (line 20) + axis tilt (line 20)"


def test_an_axis_with_a_role_is_that_part_of_the_mouth() -> None:
    two = rig(
        {"left": "", "right": "reversed = true", "lip": 'role = "lower_lip"'},
        '[axes.open]\nrole = "jaw"\nchannels = { left = 1.0, right = 1.0 }',
    )
    one = roles("jaw", "lower_lip")
    for viseme in VISEME_NAMES[1:]:
        left, right, lip = two.poses_us[Viseme[viseme]]
        assert (left, lip) == one.poses_us[Viseme[viseme]]
        assert left + right == _CLOSED_US + _WIDE_US
    assert two.poses_us[Viseme.sil] == two.neutral_us


def test_a_mirror_takes_the_poses_of_its_channel_inside_its_own_limits() -> None:
    text = """schema = 1
[channels.left]
output = 0
min_us = 1000
max_us = 2000
neutral_us = 1300
[channels.right]
output = 1
min_us = 1400
max_us = 1600
neutral_us = 1500
reversed = true
mirrors = "left"
[poses]
aa = { left = 0.8 }
E = { left = 0.4, right = 0.9 }
"""
    mirrored = Rig.parse("r.toml", text)
    assert mirrored.poses_us[Viseme.aa] == (1800, 1440)
    assert mirrored.poses_us[Viseme.E] == (1400, 1420)
    assert mirrored.poses_us[Viseme.oh] == mirrored.neutral_us
    assert [pose.kind for pose in mirrored.poses[Viseme.aa]] == ["file", "mirror"]


def test_a_mirror_follows_axes_and_roles_too() -> None:
    by_role = rig({"l": 'role = "corner_left"', "r": 'mirrors = "l"'})
    assert all(left == right for left, right in by_role.poses_us)
    assert by_role.posed == (0, 1)
    by_axis = rig({"r": 'mirrors = "l"', "l": ""}, "[axes.a]\nchannels.l = 1.0\n[poses]\naa = { a = 0.7 }")
    assert by_axis.poses_us[Viseme.aa] == (1700, 1700)


@pytest.mark.parametrize(
    "channels", [{"jaw": 'role = "jaw"'}, {"l": 'role = "jaw"', "jaw": 'mirrors = "l"'}, {"jaw": ""}]
)
def test_idle_life_leaves_a_mouth_alone_however_it_is_posed(channels: dict[str, str]) -> None:
    axis = "" if "role" in str(channels) else '[axes.a]\nrole = "jaw"\nchannels.jaw = 1.0\n'
    message = refused(channels, f"{axis}[idle.breath.channels]\njaw = 0.1")
    assert '"jaw" has poses, and a mouth belongs to speech' in message


@pytest.mark.parametrize(
    ("channels", "more", "message"),
    [
        ({"j": 'role = "jw"'}, "", '[channels.j] role: "jw" is no part of a mouth; did you mean jaw?'),
        ({"j": "role = 3"}, "", "[channels.j] role: must be text, not 3"),
        ({"j": 'mirrors = "j"'}, "", "[channels.j] mirrors: a channel cannot mirror itself; name another"),
        ({"j": "", "k": 'mirrors = "jj"'}, "", '[channels.k] mirrors: "jj" is no channel; did you mean j?'),
        (
            {"j": 'mirrors = "k"', "k": 'mirrors = "j"'},
            "",
            '[channels.j] mirrors: "k" mirrors "j"; name a channel that has poses of its own',
        ),
        (
            {"a": 'mirrors = "b"', "b": 'mirrors = "c"', "c": 'mirrors = "a"'},
            "",
            '[channels.a] mirrors: "b" mirrors "c"; name a channel that has poses of its own',
        ),
        (
            {"j": "", "k": 'mirrors = "j";role = "jaw"'},
            "",
            '[channels.k] role: its poses come from "j"; remove role or mirrors',
        ),
        (
            {"j": ""},
            "[axes.a]",
            "[axes.a] channels: missing; say how far it moves which, e.g. channels = { j",
        ),
        ({"j": ""}, "[axes.a]\nchannels = {}", "[axes.a] channels: missing"),
        ({"j": ""}, "[axes.a]\nchannels = 4", "[axes.a] channels: must be a table, not 4"),
        (
            {"jaw": ""},
            "[axes.a]\nchannels.jar = 1",
            "[axes.a.channels] jar: unknown channel; did you mean jaw?",
        ),
        (
            {"j": ""},
            "[axes.a]\nchannels.j = 1.01",
            "[axes.a.channels] j: 1.01 is out of range; it takes -1.0 to",
        ),
        ({"j": ""}, "[axes.a]\nchannels.j = nan", "[axes.a.channels] j: nan is not allowed"),
        ({"j": ""}, "[axes.a]\nchannels.j = true", "[axes.a.channels] j: must be a number, not true"),
        ({"j": ""}, "[axes.j]\nchannels.j = 1", "[axes] j: is a channel, too; a pose could mean either"),
        ({"j": ""}, "[axes.a]\ngain = 1", "[axes.a] gain: unknown key; known: role, channels"),
        (
            {"j": ""},
            '[axes.a]\nrole = "nose"\nchannels.j = 1',
            '[axes.a] role: "nose" is no part of a mouth; known',
        ),
        (
            {"j": "", "k": 'mirrors = "j"'},
            "[axes.a]\nchannels.k = 1",
            "[axes.a.channels] k: is a mirror, and follows another channel; name that one alone",
        ),
        (
            {"jaw": ""},
            "[axes.open]\nchannels.jaw = 1\n[poses]\naa = { opn = 1 }",
            "[poses.aa] opn: unknown channel or axis; did you mean open?",
        ),
        (
            {"j": ""},
            "[axes.a]\nchannels.j = 1\n[poses]\naa = { a = 1.5 }",
            "[poses.aa] a: 1.5 is out of range; it takes 0.0 to 1.0",
        ),
        ({"j": ""}, "axes = 3", "[channels.j] axes: unknown key"),
        ({"j": ""}, "[axes]\na = 3", "[axes] a: must be a table, not 3"),
    ],
)
def test_what_cannot_be_is_refused_with_the_key_and_the_fix(
    channels: dict[str, str], more: str, message: str
) -> None:
    said = refused(channels, more)
    assert said.startswith("r.toml:")
    assert message in said


def test_the_number_of_axes_is_bounded() -> None:
    many = "\n".join(f"[axes.a{number}]\nchannels.j = 0.1" for number in range(5000))
    assert "axes: 5000 of them; a rig takes 24 at most" in refused({"j": ""}, many)


@given(st.dictionaries(st.sampled_from(ROLES), st.booleans(), min_size=1))
def test_every_mouth_of_roles_shuts_for_p_and_opens_for_aa(parts: dict[str, bool]) -> None:
    mouth = rig({name: f'role = "{name}";reversed = {str(turned).lower()}' for name, turned in parts.items()})
    shut, wide = positions(mouth, Viseme.PP), positions(mouth, Viseme.aa)
    for part in ("jaw", "upper_lip", "lower_lip", "beak", "lower_beak", "upper_beak"):
        if part in parts:
            assert (shut[part] or 0.0) <= 0.1
            assert (wide[part] or 0.0) >= 0.6


@given(
    direct=st.floats(0, 1),
    gains=st.lists(st.tuples(st.floats(-1, 1), st.floats(0, 1)), min_size=1, max_size=6),
    turned=st.booleans(),
)
def test_no_sum_of_axes_leaves_the_limits(
    direct: float, gains: list[tuple[float, float]], turned: bool
) -> None:
    axes = "\n".join(f"[axes.a{n}]\nchannels.j = {gain!r}" for n, (gain, _) in enumerate(gains))
    pose = "\n".join(f"a{n} = {position!r}" for n, (_, position) in enumerate(gains))
    one = rig({"j": f"reversed = {str(turned).lower()}"}, f"{axes}\n[poses.aa]\nj = {direct!r}\n{pose}")
    wanted = min(max(direct + sum(gain * position for gain, position in gains), 0.0), 1.0)
    (pulse_us,) = one.poses_us[Viseme.aa]
    assert _CLOSED_US <= pulse_us <= _WIDE_US
    assert abs(pulse_us - (2000 - 1000 * wanted if turned else 1000 + 1000 * wanted)) <= 0.51
