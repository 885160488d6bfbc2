"""Finding the line a key stands on."""

from __future__ import annotations

from mandible.firmware_bridge.toml_source import key_lines, line_of, parse

_TEXT = """# comment = 1
top = 1
[a . "b c"]
x.y = 2
z = { inner = 3 }
[[many]]
"""


def test_keys_and_tables_have_lines() -> None:
    lines = key_lines(_TEXT)
    parse(_TEXT)
    assert lines[("top",)] == 2
    assert lines[("a", "b c")] == lines[("a",)] == 3
    assert lines[("a", "b c", "x", "y")] == 4


def test_what_has_no_line_of_its_own_gets_its_owner_s() -> None:
    lines = key_lines(_TEXT)
    assert line_of(lines, ("a", "b c", "z", "inner")) == 5
    assert line_of(lines, ("a", "b c", "missing")) == 3
    assert line_of(lines, ("nowhere",)) is None
