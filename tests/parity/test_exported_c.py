"""The exported C that a parity report compiles here is that of ``mandible export c``, heads and all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mandible.device.engines.c import CEngine
from mandible.quantize.parity import registry, subject
from mandible.quantize.parity.engine import Options
from tests.engines.hops import random_hops
from tests.parity.make_network import Shape, whole


@pytest.mark.parametrize("taps", [1, 3])
def test_heads_are_compiled_too(taps: int, tmp_path: Path) -> None:
    path = tmp_path / "heads.tflite"
    path.write_bytes(whole(Shape(heads={"voiced": 2, "laughter": 1}, logits_at=1, head_taps=taps)))
    model, hops = subject.named(str(path)), random_hops(300)
    engine = registry.create("exported-c", model, Options(tmp_path))
    header = (tmp_path / "exported-c-source" / "mandible_model.h").read_text(encoding="utf-8")
    assert "voiced[2]" in header
    assert "laughter[1]" in header
    (logits,) = engine.run([hops], lambda count: None).logits
    own = CEngine(model.network)
    np.testing.assert_array_equal(logits, [own.step(hop) for hop in hops])
