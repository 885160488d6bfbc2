"""LiteRT with its XNNPACK kernels: fast, within 3 LSB of the exact engines, not equal to them."""

from __future__ import annotations

from pathlib import Path

from mandible.device.engines.interpreter import InterpreterEngine
from mandible.errors import DeviceError
from mandible.models.network import Network


class LitertEngine(InterpreterEngine):
    """``ai_edge_litert`` with its default kernels."""

    name = "litert"
    exact = False

    def __init__(self, content: bytes, network: Network, path: Path) -> None:
        try:
            from ai_edge_litert.interpreter import Interpreter, OpResolverType
        except ImportError:
            raise DeviceError(
                "engine litert: ai-edge-litert is not installed; run: pip install ai-edge-litert"
            ) from None
        super().__init__(Interpreter, OpResolverType.AUTO, content, network, path)
