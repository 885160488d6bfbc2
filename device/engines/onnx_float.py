"""A model's float weights in ONNX Runtime, in 32 bits: what the int8 engines are held against."""

from __future__ import annotations

from collections.abc import Mapping

from mandible.device.engines.base import HeadInfo
from mandible.device.frames import Logits, Mel
from mandible.quantize.onnx_export import OnnxRunner
from mandible.quantize.onnx_export.runner import STEP_OF_FLOAT_LOGITS
from mandible.quantize.onnx_export.source import exported


class OnnxFloatEngine:
    """The float32 graph that ``mandible export onnx --precision float32`` writes, made anew at every start.

    Features come and logits go as int8, the logits in steps of 1/8 as of every released model, so that the
    rest of the line is the same. Heads are left out.

    Args:
        model: a released model's name, or whatever ``float_model.load`` takes.
        threads: how many of them an operator may use.

    Raises:
        InputError: the model has no float weights, or they are damaged.
        DeviceError: the package ``onnxruntime`` is missing.
    """

    name = "onnx"
    exact = False
    output_scale = STEP_OF_FLOAT_LOGITS
    heads: tuple[HeadInfo, ...] = ()

    def __init__(self, model: str, threads: int = 1) -> None:
        self._runner = OnnxRunner(exported(model, "float32").content, model, threads=threads)

    def step(self, mel: Mel) -> Logits:
        """(40,) int8 features of one hop -> (15,) int8 logits."""
        return self._runner.step(mel)

    def head_values(self) -> Mapping[str, tuple[int, ...]]:
        """Return nothing: heads are left out."""
        return {}

    def reset(self) -> None:
        """Return to the state before the first hop."""
        self._runner.reset()
