"""The images that come with the package are what the sources make."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from mandible.firmware_bridge.firmware.record_image import compiler_version, sources_digest
from mandible.firmware_bridge.flashing.image import SHIPPED

_FIRMWARE = SHIPPED.parent
_REMEDY = "run: make -C firmware_bridge/firmware images"
# Image -> its board's folder, the compiler, the rule that makes it.
KINDS = {"atmega328p": ("avr-gcc", "uno"), "rp2040": ("arm-none-eabi-gcc", "rp2040")}
IMAGES = sorted(path for path in SHIPPED.iterdir() if path.suffix in (".hex", ".uf2"))


def kind(image: Path) -> str:
    """Return which board an image is for."""
    return image.stem.split("-")[1]


@pytest.mark.parametrize("image", IMAGES, ids=lambda path: path.name)
def test_an_image_is_not_older_than_its_sources(image: Path) -> None:
    record = json.loads(Path(f"{image}.json").read_text("utf-8"))
    assert record["image_sha256"] == hashlib.sha256(image.read_bytes()).hexdigest()
    folders = (_FIRMWARE / "core", _FIRMWARE / "boards" / kind(image))
    kinds = (".c", ".h", ".S", ".ld", ".py")
    sources = [path for folder in folders for path in folder.iterdir() if path.suffix in kinds]
    assert record["sources_sha256"] == sources_digest(sources), _REMEDY


@pytest.mark.parametrize("image", IMAGES, ids=lambda path: path.name)
def test_the_same_compiler_makes_the_same_image(image: Path, tmp_path: Path) -> None:
    compiler, rule = KINDS[kind(image)]
    record = json.loads(Path(f"{image}.json").read_text("utf-8"))
    assert shutil.which(compiler), f"{compiler} is missing; run: make simulators"
    words = ["make", "-s", "-C", str(_FIRMWARE), rule, f"BUILD={tmp_path}"]
    if kind(image) == "atmega328p":
        words.append(f"BAUD={image.stem.rsplit('-', 1)[1]}")
    subprocess.run(words, check=True, capture_output=True)
    made = (tmp_path / image.name).read_bytes()
    # Another version of the compiler makes other code of the same sources: then its size has to do.
    if compiler_version(compiler) == record["compiler"]:
        assert made == image.read_bytes(), _REMEDY
    else:
        assert len(made) == pytest.approx(len(image.read_bytes()), rel=0.1)
