"""A word that is nearly right is answered with the right one, and an option without use is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from mandible.cli.live_options import read_live_options, wanted_from
from mandible.device.audio import open_source
from mandible.errors import InputError
from mandible.models import released


@pytest.mark.parametrize(
    ("spec", "meant"),
    [
        ("mik", "mic"),
        ("MIC", "mic"),
        ("mick:USB", "mic"),
        ("moniter:", "monitor:"),
        ("tpc:host:1", "tcp:HOST:PORT"),
        ("cmdd:arecord", "cmd:COMMAND"),
    ],
)
def test_a_source(spec: str, meant: str) -> None:
    with pytest.raises(InputError, match="no such file") as caught:
        open_source(spec)
    assert str(caught.value).endswith(f"did you mean {meant}?")


@pytest.mark.parametrize("spec", ["nowhere.wav", "folder/mik", "mik.wav", "speech", "x" * 5000, "mi\0.wav"])
def test_a_file_that_is_not_there_is_no_microphone(spec: str) -> None:
    with pytest.raises(InputError) as caught:
        open_source(spec)
    assert "did you mean" not in str(caught.value)


def test_a_file_that_is_called_nearly_so_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mik").write_bytes(b"no recording")
    with pytest.raises(InputError, match=r"^mik: ") as caught:
        open_source("mik")
    assert "did you mean" not in str(caught.value)


def test_a_model() -> None:
    with pytest.raises(InputError, match=r"nor a file; did you mean small\?$"):
        released.resolve("smal")
    for other in ("zebra", "z" * 5000):
        with pytest.raises(InputError, match=r"nor a file$"):
            released.resolve(other)


def test_a_delay_without_a_loudspeaker() -> None:
    for words in (["--speaker-delay", "100"], ["--rig", "skull", "--speaker-delay", "auto"]):
        with pytest.raises(InputError, match="there is no loudspeaker; add --speaker"):
            wanted_from(read_live_options(words))
    asked = wanted_from(read_live_options(["--speaker", "--speaker-delay", "100"]))[1]
    assert (asked.speaker, asked.speaker_delay_ms) == ("default", 100)
