"""Fixed-point log-mel features: a readable numpy twin and a C kernel that agree byte for byte."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mandible.device.frames import HOP_SAMPLES, MEL_BANDS, Frame, Mel, Pcm
from mandible.device.frontend.reference import ReferenceLogMel

try:
    from mandible.device.frontend import _logmel
except ImportError:  # a pure-Python install: the numpy twin does the work, about 30 times slower
    _logmel = None  # type: ignore[assignment]

HAVE_KERNEL = _logmel is not None


class _FrontEnd(Protocol):
    def push(self, pcm: Pcm) -> Mel: ...

    def reset(self) -> None: ...


class KernelLogMel:
    """The C kernel behind numpy arrays."""

    def __init__(self) -> None:
        self._kernel = _logmel.LogMel()

    def push(self, pcm: Pcm) -> Mel:
        """(160,) int16 samples -> (40,) int8 features of the window that ends with them."""
        if pcm.shape != (HOP_SAMPLES,) or pcm.dtype != np.int16:
            raise ValueError(f"a hop is {HOP_SAMPLES} int16 samples, got {pcm.dtype}{list(pcm.shape)}")
        return np.frombuffer(self._kernel.push(pcm.tobytes()), np.int8)

    def reset(self) -> None:
        """Forget all samples."""
        self._kernel.reset()


class LogMel:
    """The front end as a stage of the line."""

    def __init__(self) -> None:
        self._front_end: _FrontEnd = KernelLogMel() if HAVE_KERNEL else ReferenceLogMel()

    def push(self, pcm: Pcm) -> Mel:
        """(160,) int16 samples -> (40,) int8 features of the window that ends with them."""
        return self._front_end.push(pcm)

    def step(self, frame: Frame) -> Frame:
        """Fill in ``mel``."""
        return frame.having(mel=self._front_end.push(frame.pcm))

    def reset(self) -> None:
        """Forget all samples."""
        self._front_end.reset()


def log_mel(pcm: Pcm) -> NDArray[np.int8]:
    """(n,) int16 at 16 kHz -> (n // 160, 40) int8 features of a whole recording, hop by hop."""
    if not HAVE_KERNEL:
        from mandible.device.frontend.reference import log_mel as reference_log_mel

        return reference_log_mel(pcm)
    whole = pcm[: len(pcm) // HOP_SAMPLES * HOP_SAMPLES].astype(np.int16, copy=False)
    return np.frombuffer(_logmel.LogMel().push(whole.tobytes()), np.int8).reshape(-1, MEL_BANDS)
