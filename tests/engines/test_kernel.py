"""The C engine trusts nobody: not the description it is given, not the bytes it is fed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mandible.device.engines import _tcn
from mandible.device.engines.c import describe
from mandible.models import network
from mandible.quantize.streaming import streaming_bytes
from tests.engines.hops import STREAMING_MODEL
from tests.parity.make_network import Shape, whole

ROOT = Path(__file__).parents[2]
ROUNDS = 20_000
DESCRIPTION = describe(network.load(STREAMING_MODEL))


def with_heads() -> bytes:
    """Describe a network with heads, one of them computed before the logits."""
    shape = Shape(heads={"laughter": 1, "voiced": 2, "arousal": 30}, logits_at=1, head_taps=3)
    path = Path("heads.tflite")
    return describe(network.parse(streaming_bytes(whole(shape), path), path))


def words(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(4, "little", signed=True) for number in numbers)


@pytest.mark.parametrize("content", [DESCRIPTION, with_heads()], ids=["logits alone", "heads"])
def test_mutated_descriptions_are_refused_or_run_without_a_memory_error(
    content: bytes, tmp_path: Path
) -> None:
    description, program = tmp_path / "description", tmp_path / "fuzz_tcn"
    description.write_bytes(content)
    sources = [
        ROOT / "tests/engines/fuzz_tcn.c",
        ROOT / "device/engines/tcn.c",
        ROOT / "device/engines/tcn_read.c",
    ]
    flags = [
        "-std=c99",
        "-O1",
        "-g",
        "-Wall",
        "-Wextra",
        "-fsanitize=address,undefined",
        "-fno-sanitize-recover",
    ]
    subprocess.run(["gcc", *flags, *map(str, sources), "-o", str(program)], check=True)
    done = subprocess.run(
        [str(program), str(description), str(ROUNDS), "1"], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    accepted, refused = map(int, done.stdout.split())
    assert accepted + refused == ROUNDS
    assert min(accepted, refused) > ROUNDS // 20  # both sides were exercised


def test_kernels_compile_without_a_warning(tmp_path: Path) -> None:
    for source in ("tcn.c", "tcn_read.c"):
        flags = ["-std=c99", "-O3", "-Wall", "-Wextra", "-Wconversion", "-Wpedantic", "-Werror"]
        command = [
            "gcc",
            *flags,
            "-c",
            str(ROOT / "device/engines" / source),
            "-o",
            str(tmp_path / "kernel.o"),
        ]
        subprocess.run(command, check=True)


@pytest.mark.parametrize(
    ("description", "problem"),
    [
        (b"", "ends too early"),
        (b"\0" * 64, "no network description"),
        (DESCRIPTION[:-4], "ends too early"),
        (DESCRIPTION + bytes(4), "goes on after its last layer"),
        (DESCRIPTION[:8] + words(513) + DESCRIPTION[12:], "number of layers"),
        (DESCRIPTION[:12] + words(0) + DESCRIPTION[16:], "number of outputs"),
        (DESCRIPTION[:12] + words(65) + DESCRIPTION[16:], "number of outputs"),
        (DESCRIPTION[:16] + words(0) + DESCRIPTION[20:], "no layer computes"),
        (DESCRIPTION[:16] + words(15) + DESCRIPTION[20:], "no layer computes"),
        (DESCRIPTION[:20] + words(14) + DESCRIPTION[24:], "differs in channels from the value it shows"),
        (DESCRIPTION[:20] + words(-1) + DESCRIPTION[24:], "number of channels"),
        (DESCRIPTION[:28] + words(1) + DESCRIPTION[32:], "computed later"),
        (DESCRIPTION[:36] + words(4097) + DESCRIPTION[40:], "number of taps"),
    ],
)
def test_a_bad_description_is_refused_by_reason(description: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        _tcn.Kernel(description)


@pytest.mark.parametrize("arguments", [(), (1,), ("text",), (b"", b"")])
def test_a_kernel_takes_one_bytes_object(arguments: tuple[object, ...]) -> None:
    with pytest.raises((TypeError, ValueError)):
        _tcn.Kernel(*arguments)  # type: ignore[arg-type]


def test_features_of_another_length_are_refused() -> None:
    kernel = _tcn.Kernel(DESCRIPTION)
    for wrong in (b"", bytes(39), bytes(41)):
        with pytest.raises(ValueError, match="expected 40 features"):
            kernel.step(wrong)
    with pytest.raises(TypeError):
        kernel.step(40)  # type: ignore[arg-type]
