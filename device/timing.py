"""How long hops took from their last sample to the end of the line, and where the time went."""

from __future__ import annotations

from collections.abc import Mapping

from mandible.device.frames import Frame
from mandible.device.histogram import Histogram


class Timing:
    """A sink that counts durations; its memory does not grow with time.

    Attributes:
        total: from a hop's last sample to the end of the line.
    """

    def __init__(self) -> None:
        self.total = Histogram()

    def write(self, frame: Frame) -> None:
        """Note one frame; the silence that ends a line is stamped ahead of its time and does not count."""
        if frame.emitted_ns is not None and frame.emitted_ns >= frame.captured_ns:
            self.total.add(frame.emitted_ns - frame.captured_ns)

    def compute_ms(self) -> dict[str, float] | None:
        """p50, p99 (to 2.3 %) and max (exact) in ms, or None before the first frame."""
        return self.total.summary_ms()


def stages_ms(times: Mapping[str, Histogram]) -> dict[str, dict[str, float]]:
    """Return p50, p99 and max in ms of every stage that ran."""
    summaries = ((name, histogram.summary_ms()) for name, histogram in times.items())
    return {name: summary for name, summary in summaries if summary is not None}
