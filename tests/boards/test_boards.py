"""Exported C on simulated cores: what comes out, what is counted, what is weighed."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest

import mandible.device.frontend
from mandible.device.frontend import log_mel
from mandible.quantize import boards
from tests.boards import toy

FRONT_END = Path(mandible.device.frontend.__file__).parent
RANDOM = np.random.default_rng(4)
BOTH_RUNNERS = pytest.mark.parametrize("core", ["cortex-m4", "cortex-m0plus"])


def features(hops: int) -> np.ndarray:
    return RANDOM.integers(-128, 128, (hops, 40), np.int8)


@pytest.mark.parametrize("core", boards.CORES)
def test_a_core_gives_the_bytes_of_the_host_and_counts_alike_twice(core: str, tmp_path: Path) -> None:
    pcm = RANDOM.integers(-(1 << 15), 1 << 15, 12 * 160).astype(np.int16)
    image = boards.build(FRONT_END, core, "front_end", tmp_path)

    first, second = image.run(pcm.tobytes()), image.run(pcm.tobytes())

    assert first.outputs == log_mel(pcm).tobytes()
    assert first == second
    assert 20_000 < first.instructions <= first.most_instructions < 400_000


@BOTH_RUNNERS
def test_every_run_starts_from_a_fresh_state(core: str, tmp_path: Path) -> None:
    mels = features(5)
    image = boards.build(toy.write(tmp_path / "c"), core, "network", tmp_path / "build")

    before = np.vstack([np.zeros((1, 40), np.int8), mels[:-1]])
    expected = (mels.astype(np.int16) - before).astype(np.int8)[:, :15].tobytes()

    assert image.run(mels.tobytes()).outputs == expected
    assert image.run(mels.tobytes()).outputs == expected


@BOTH_RUNNERS
def test_a_loop_of_known_length_counts_as_such(core: str, tmp_path: Path) -> None:
    # The first hop goes round 15,000 times and each of the three others 5,000; two instructions a round.
    loop = """
    uint32_t left = features[0] ? 15000 : 5000;
    __asm volatile(".syntax unified\\n 0: subs %0, #1\\n bne 0b" : "+l"(left)::"cc");
    """
    mels = np.zeros((4, 40), np.int8)
    mels[0, 0] = 1

    run = boards.build(toy.write(tmp_path / "c", loop), core, "network", tmp_path / "build").run(
        mels.tobytes()
    )

    assert run.most_instructions == pytest.approx(30_000, abs=40)
    assert run.instructions == pytest.approx(15_000, abs=40)


@BOTH_RUNNERS
def test_sizes_are_those_of_the_exported_code_alone(core: str, tmp_path: Path) -> None:
    table = ", ".join(str(i % 100) for i in range(3000))
    before = f"""
    static const int8_t TABLE[3000] = {{{table}}};
    static int8_t kept[64];
    static int8_t set[8] = {{1}};
    """
    body = """
    for (int i = 0; i < 15; i++) logits[i] = (int8_t)(TABLE[(uint8_t)features[i] * 9] + kept[i] + set[i & 7]);
    kept[features[0] & 63] = set[features[1] & 7]++;
    """
    # Folders whose names look like the harness's own files.
    sources = toy.write(tmp_path / "harness_ c", body, before)
    image = boards.build(sources, core, "network", tmp_path / "harness_ build", ["-Os"])

    assert 3000 + 8 + 50 < image.flash_bytes < 3000 + 8 + 400
    assert image.ram_bytes == 64 + 8 + 40


@BOTH_RUNNERS
def test_the_stack_is_what_the_code_went_down(core: str, tmp_path: Path) -> None:
    body = """
    volatile int8_t deep[1000];
    for (int i = 0; i < 1000; i++) deep[i] = features[i % 40];
    logits[0] = deep[7];
    """
    image = boards.build(toy.write(tmp_path / "c", body), core, "network", tmp_path / "build")

    assert 1000 <= image.run(features(3).tobytes()).stack_bytes < 1100


@BOTH_RUNNERS
def test_a_run_leaves_nothing_in_the_temporary_folder(
    core: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = boards.build(toy.write(tmp_path / "c"), core, "network", tmp_path / "build")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))

    image.run(features(1).tobytes())

    assert list((tmp_path / "temporary").iterdir()) == []
    assert sorted(path.name for path in (tmp_path / "c").iterdir()) == [
        "mandible_model.c",
        "mandible_model.h",
    ]
