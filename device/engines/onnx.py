"""ONNX Runtime on the processor: an int8 graph, within 3 LSB of the exact engines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mandible.device.engines.base import heads_of
from mandible.device.frames import Logits, Mel
from mandible.models.network import Network
from mandible.quantize.onnx_export import OnnxRunner, int8


class OnnxEngine:
    """The graph that ``mandible export onnx`` writes, made anew at every start: that takes milliseconds."""

    name = "onnx"
    exact = False

    def __init__(self, network: Network, path: Path, threads: int = 1) -> None:
        self.output_scale = network.output_scale
        self.heads = heads_of(network)
        self._runner = OnnxRunner(int8(network), path, threads=threads)

    def step(self, mel: Mel) -> Logits:
        """(40,) int8 features of one hop -> (15,) int8 logits."""
        return self._runner.step(mel)

    def head_values(self) -> Mapping[str, tuple[int, ...]]:
        """Return the int8 values of every head for the latest hop."""
        latest = self._runner.latest
        return {head.name: tuple(latest[head.name].reshape(-1).tolist()) for head in self.heads}

    def reset(self) -> None:
        """Return to the state before the first hop."""
        self._runner.reset()
