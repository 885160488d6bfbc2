"""The exported front end under sanitizers: no undefined behaviour, and the bytes of its twin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mandible.device.frontend import reference, tables
from tests.c_code.filters import build, run
from tests.frontend.signals import against_the_window, hard_cases, steady_levels


@pytest.mark.parametrize("options", [(), ("-DSHORT_PRODUCTS",)], ids=["long products", "short products"])
def test_every_kind_of_sound_gives_the_bytes_of_the_twin(options: tuple[str, ...], tmp_path: Path) -> None:
    signals = [*hard_cases(80, seed=7).values(), steady_levels(576)]
    signals.append(against_the_window(tables.TABLES.window, 200).reshape(-1))
    pcm = np.concatenate(signals)
    mel = run(build("STAGE_FRONT_END", tmp_path, *options), pcm.astype("<i2").tobytes())
    np.testing.assert_array_equal(np.frombuffer(mel, np.int8).reshape(-1, 40), reference.log_mel(pcm))
