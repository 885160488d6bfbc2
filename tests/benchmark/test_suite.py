"""Suites: the ones that come with mandible are sound, and a person's own is checked key by key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from mandible.benchmarks import suite
from mandible.benchmarks.devices import DEVICES
from mandible.benchmarks.settings import bounded, chosen, read_settings
from mandible.errors import InputError


@dataclass(frozen=True)
class Settings:
    """One of every kind."""

    rounds: int = bounded(3, 1, 9)
    seconds: float = bounded(1.5, 0, 60)
    meter: bool = False
    rig: str = "skull"
    models: tuple[str, ...] = chosen(("nano",), ("nano", "small"))
    threads: tuple[int, ...] = (1,)


def test_settings_keep_their_defaults_and_take_what_the_table_says() -> None:
    table = {"rounds": 9, "seconds": 2, "meter": True, "models": ["small", "nano"], "threads": [1, 2]}
    assert read_settings(Settings, table, "s") == Settings(9, 2.0, True, "skull", ("small", "nano"), (1, 2))


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"round": 1}, r"s\.round: no such key; did you mean rounds\?"),
        ({"rounds": 0}, r"s\.rounds: must be 1 to 9, got 0"),
        ({"rounds": 10**400}, r"s\.rounds: must be 1 to 9"),
        ({"rounds": True}, r"s\.rounds: must be a whole number"),
        ({"rounds": 1.0}, r"s\.rounds: must be a whole number"),
        ({"seconds": "1"}, r"s\.seconds: must be a number"),
        ({"seconds": float("nan")}, r"s\.seconds: must be 0 to 60"),
        ({"meter": 1}, r"s\.meter: must be true or false"),
        ({"models": "nano"}, r"s\.models: must be a list"),
        ({"models": []}, r"s\.models: must be a list"),
        ({"models": ["huge"]}, r"s\.models: \"huge\" is none of nano, small"),
        ({"threads": [1, "2"]}, r"s\.threads: must be a whole number"),
        ({"models": ["nano", "small", "nano"]}, r's\.models: "nano" is there twice'),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_refused_with_its_place_and_its_bounds(
    table: dict[str, object], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        read_settings(Settings, table, "s")


@pytest.mark.parametrize("name", suite.suites())
def test_every_suite_reads_and_has_something_for_every_device(name: str) -> None:
    loaded = suite.load(name)
    assert loaded.summary
    for device in DEVICES:
        assert loaded.on(device), device


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("schema = 2", "schema: must be 1"),
        ("schema = 1", "probes: needs a table"),
        ("schema = 1\nprobs = 3", "probs: no such key; did you mean probes?"),
        ("schema = 1\n[probes.sise]\ndevices = ['host']", "probes.sise: no such probe; did you mean size?"),
        ("schema = 1\n[probes.size]", "probes.size.devices: must list some of host, rpi, jetson, mcu"),
        ("schema = 1\n[probes.size]\ndevices = ['pc']", "probes.size.devices: must list some of"),
        (
            "schema = 1\n[probes.size]\ndevices = ['host']\nmodel = 1",
            "probes.size.model: no such key; did you",
        ),
        ("schema = 1\nprobes = 3", "probes: needs a table"),
        ("schema = ", "not a readable TOML file"),
        ("schema = 1\nx = " + "[" * 10000, "not a readable TOML file"),
    ],
)
def test_a_wrong_suite_is_refused_in_one_line_that_names_it(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(InputError) as refused:
        suite.load(str(path))
    assert str(refused.value).startswith(f"{path}: ")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_suite_that_does_not_exist_is_answered_with_those_that_do() -> None:
    with pytest.raises(InputError, match=r"--suite fast: choose one of full, quick, or name a \.toml file"):
        suite.load("fast")
