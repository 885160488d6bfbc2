"""Rig files made to stop, slow or fool whoever reads them: one short line each, at once."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from rich.console import Console

from mandible.cli.main import main
from mandible.errors import InputError
from mandible.firmware_bridge.rig import MOST_BYTES, Rig
from mandible.firmware_bridge.toml_source import TomlError, parse

_SKULL = Path(Rig.load("skull").file).read_text("utf-8")
_OUTPUT = "output = 0"
_SIL = "sil = { jaw = 0.0 }"
_LONGEST_LINE = 400


def _refusal(text: str) -> str:
    with pytest.raises(InputError) as caught:
        Rig.parse("r.toml", text)
    line = str(caught.value)
    assert line.startswith("r.toml")
    assert line.isprintable()
    assert len(line) <= _LONGEST_LINE
    return line


def _with(old: str, new: str) -> str:
    assert _SKULL.count(old) == 1, old
    return _SKULL.replace(old, new)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("[" * 3000 + "]" * 3000, r"brackets nested more than 16 deep \(at line 2\)"),
        ("{a=" * 3000 + "1" + "}" * 3000, "brackets nested more than 16 deep"),
        ("{" + ".".join("a" * 2000) + " = 1}", "a key of more than 8 parts"),
        ("9" * 5000, "a number or date in it is beyond all bounds"),
    ],
    ids=["arrays", "inline tables", "inline key", "digits"],
)
def test_depth_and_digits_are_bounded(value: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        Rig.parse("r.toml", f"schema = 1\na = {value}\n")
    _refusal(f"schema = 1\na = {value}\n")


@pytest.mark.parametrize("parts", [9, 2000, 20_000])
@pytest.mark.parametrize("form", ["{} = 1", "[{}]", "[[{}]]"])
def test_a_key_of_many_parts_is_refused_before_it_costs_time(parts: int, form: str) -> None:
    for part in ("a", '"a b"', "'#'"):
        key = " . ".join([part] * parts)
        assert "a key of more than 8 parts (at line 2)" in _refusal(f"schema = 1\n{form.format(key)}\n")


def test_depth_is_counted_where_it_means_something() -> None:
    deep = "a.b.c.d.e.f.g.h.i.j " + "[" * 40
    text = (
        f'# {deep}\nx = \'{deep}\'\ny = "\\"{deep}"\nz = \'\'\'\n\'{deep}\n\'\'\'\nw = """\n""{deep}\\""""\n'
    )
    assert parse(text)["x"] == deep
    assert parse(text + "a.b.c.d.e.f.g.h = " + "[" * 16 + "]" * 16)["a"]
    with pytest.raises(TomlError):
        parse(text + "a.b.c.d.e.f.g.h.i = 1")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (_OUTPUT, "output = 0x" + "f" * 50_000, "a number with more digits than fit here is out of range"),
        (_OUTPUT, "output = [0x" + "f" * 20_000 + "]", "must be a whole number, not an array"),
        (
            _SIL,
            "sil = { jaw = 1" + "0" * 400 + " }",
            "a number with more digits than fit here is out of range",
        ),
        (
            "schema = 1",
            "schema = 0x" + "f" * 20_000,
            "a number with more digits than fit here is not supported",
        ),
        (_OUTPUT, 'output = "' + "x" * 9000 + '"', "must be a whole number"),
        (_OUTPUT, "x" * 9000 + " = 0", "unknown key"),
        (_OUTPUT, '"\\u001b[2J\\n" = 0', r"\x1b[2J\n: unknown key"),
        ("[smoothing]", '[link]\nport = "x\\n' + "y" * 9000 + '"\n[smoothing]', '[link] port: "x\\ny'),
        ("[smoothing]", '[link]\nport = "serial:///a?baud=' + "9" * 5000 + '"\n[smoothing]', "is not a rate"),
    ],
)
def test_values_are_shown_short_and_harmless(old: str, new: str, reason: str) -> None:
    assert reason in _refusal(_with(old, new))


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    rig = tmp_path / "bom.toml"
    rig.write_bytes(b"\xef\xbb\xbf" + _SKULL.encode())
    assert Rig.load(rig).poses_us == Rig.load("skull").poses_us


def test_only_regular_files_of_sensible_size_are_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero"), tmp_path):
        with pytest.raises(InputError, match=f"^{path}: cannot be read: not a regular file; name a file$"):
            Rig.load(path)
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * (MOST_BYTES + 1))
    with pytest.raises(InputError, match=r"large\.toml: larger than 1 MiB"):
        Rig.load(large)
    # A file that says it is empty, and is not.
    with pytest.raises(InputError, match="schema: missing"):
        Rig.load("/proc/self/status")


@pytest.mark.parametrize("suffix", ["", ".toml"])
def test_names_that_no_file_can_have(suffix: str) -> None:
    for name in ("x" * 5000, "a\0b"):
        with pytest.raises(InputError, match="no such rig file") as caught:
            Rig.load(name + suffix)
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) <= _LONGEST_LINE


@pytest.mark.parametrize(
    ("name", "seen"), [("[/red][link=x]", "[/red][link=x]"), ("\\u001b[2Jx\\u0000", "\\x1b[2Jx\\x00")]
)
def test_a_name_is_shown_as_it_is_written(
    name: str, seen: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = tmp_path / "named.toml"
    rig.write_text(
        _SKULL.replace("[channels.jaw]", f'[channels."{name}"]').replace("jaw =", f'"{name}" ='), "utf-8"
    )
    assert main(["rig", "check", str(rig)]) == 0
    assert seen in capsys.readouterr().out
    drawn = io.StringIO()
    monkeypatch.setattr("mandible.cli.rig.explain.Console", lambda: Console(file=drawn, width=250))
    assert main(["rig", "check", "--explain", str(rig)]) == 0
    assert f"channels.{seen}.output" in drawn.getvalue()
    assert "\x1b" not in drawn.getvalue()


def test_a_file_name_that_is_no_text_is_shown_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rig = tmp_path / os.fsdecode(b"x\xff.toml")
    rig.write_text(_SKULL, "utf-8")
    for options in ([], ["--json"], ["--explain"]):
        assert main(["rig", "check", *options, str(rig)]) == 0
        capsys.readouterr().out.encode("utf-8")
