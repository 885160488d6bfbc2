"""LiteRT with its XNNPACK kernels: fast, within 3 LSB of the exact engines, not equal to them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from mandible.device.engines.interpreter import InterpreterEngine
from mandible.errors import DeviceError
from mandible.models.network import Network
from mandible.wording import shortened

LONGEST_REASON = 160


class LitertEngine(InterpreterEngine):
    """``ai_edge_litert`` with its default kernels."""

    name = "litert"
    exact = False

    def __init__(self, content: bytes, network: Network, path: Path, threads: int = 1) -> None:
        try:
            from ai_edge_litert.interpreter import Interpreter, OpResolverType
        except ImportError as error:
            raise DeviceError(f"engine litert: {_reason(error)}") from None
        super().__init__(Interpreter, OpResolverType.AUTO, content, network, path, threads)


def _reason(error: ImportError) -> str:
    if isinstance(error, ModuleNotFoundError) or not _is_there():
        return "ai-edge-litert is not installed; run: pip install ai-edge-litert"
    # Its newer wheels say that they need an older C library than they do.
    reason = shortened(str(error), LONGEST_REASON)
    return f"ai-edge-litert does not load ({reason}); run: pip install 'ai-edge-litert==2.1.0'"


def _is_there() -> bool:
    try:
        return find_spec("ai_edge_litert") is not None
    except ValueError:
        return False
