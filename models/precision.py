"""Whether this machine computes in bfloat16 faster than in single precision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mandible.models.tcn import keras


def _cpu_multiplies_bfloat16() -> bool:
    try:
        return "avx512_bf16" in Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False


def chosen(asked: str) -> str:
    """Return ``float32`` or ``bfloat16`` for a setting that may say ``auto``."""
    if asked != "auto":
        return asked
    import tensorflow as tf

    has_gpu = bool(tf.config.list_physical_devices("GPU"))
    return "bfloat16" if has_gpu or _cpu_multiplies_bfloat16() else "float32"


def build(asked: str, network: Any, *arguments: Any) -> Any:
    """Return ``network(*arguments)`` built to compute in the precision asked for; weights stay float32."""
    policy = keras().mixed_precision
    policy.set_global_policy("mixed_bfloat16" if chosen(asked) == "bfloat16" else "float32")
    try:
        return network(*arguments)
    finally:
        policy.set_global_policy("float32")
