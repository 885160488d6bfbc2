"""How a running line stands at one moment: what metrics, ``status`` and the monitor show.

A snapshot is made when somebody asks, in the asker's thread, from parts that any thread may read; the line
itself never makes one. The field names are the wire names of the control socket.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from mandible.device.audio.source import Source
from mandible.device.frames import Frame
from mandible.device.histogram import Histogram
from mandible.device.level import level_db
from mandible.firmware_bridge.link_status import LinkStatus
from mandible.firmware_bridge.rig import Rig
from mandible.models.visemes import VISEME_NAMES

_NS_PER_MS = 1e6


@dataclass(frozen=True, slots=True)
class StageTimes:
    """How long one stage took, a hop at a time. Make it with ``of``.

    Attributes:
        bounds_ns: upper bounds of the classes, inclusive; one more class holds what is longer.
        counts: durations in each class, one more than ``bounds_ns``.
        sum_ns: all durations together.
        p50_ms, p99_ms, max_ms: None before the first hop.
    """

    bounds_ns: tuple[int, ...]
    counts: tuple[int, ...]
    sum_ns: int
    p50_ms: float | None
    p99_ms: float | None
    max_ms: float | None

    @classmethod
    def of(cls, histogram: Histogram) -> StageTimes:
        """Copy a histogram that its thread goes on filling."""
        return cls(
            bounds_ns=tuple(histogram.bounds_ns),
            counts=tuple(histogram.counts),
            sum_ns=histogram.sum_ns,
            p50_ms=histogram.quantile_ms(0.5),
            p99_ms=histogram.quantile_ms(0.99),
            max_ms=histogram.max_ms,
        )

    @property
    def count(self) -> int:
        """Durations seen: exactly the sum of ``counts``, as a reader of both expects."""
        return sum(self.counts)

    def to_json(self) -> dict[str, float | int | None]:
        """Count and ms, without the classes."""
        times = {"p50_ms": self.p50_ms, "p99_ms": self.p99_ms, "max_ms": self.max_ms}
        return {"count": self.count, **{k: None if v is None else round(v, 3) for k, v in times.items()}}


@dataclass(frozen=True, slots=True)
class ChannelRange:
    """A servo: its name and the ends of its bar in µs, in the order of ``Hop.pulses_us``."""

    name: str
    min_us: int
    max_us: int

    @classmethod
    def of(cls, rig: Rig | None) -> tuple[ChannelRange, ...]:
        """Return those of a rig, none without one."""
        channels = () if rig is None else rig.channels
        return tuple(cls(channel.name, channel.min_us, channel.max_us) for channel in channels)


@dataclass(frozen=True, slots=True)
class Hop:
    """The newest finished hop in plain types. Make it with ``of``.

    Attributes:
        index: hop number.
        level_db: loudness of its samples, -60..0 dB of full scale.
        mel: (40) log-mel features, int8.
        viseme: name, None before the decoder has spoken.
        weights: (15) viseme weights 0..255 in viseme order.
        openness, arousal, emphasis: 0..255.
        gate_open: whether the noise gate lets sound through.
        heads: values of the model's optional heads.
        pulses_us: in the order of ``Snapshot.channels``; None while the puppet is parked.
        latency_ms: from its last sample to the end of the line; None for hops stamped ahead of time.
    """

    index: int
    level_db: float
    mel: tuple[int, ...] | None = None
    viseme: str | None = None
    weights: tuple[int, ...] | None = None
    openness: int | None = None
    arousal: int | None = None
    emphasis: int | None = None
    gate_open: bool | None = None
    heads: Mapping[str, tuple[int, ...]] | None = None
    pulses_us: tuple[int, ...] | None = None
    latency_ms: float | None = None

    @classmethod
    def of(cls, frame: Frame) -> Hop:
        """Take what a finished frame says."""
        late_ns = None if frame.emitted_ns is None else frame.emitted_ns - frame.captured_ns
        return cls(
            index=frame.index,
            level_db=round(level_db(frame.pcm), 1),
            mel=None if frame.mel is None else tuple(frame.mel.tolist()),
            viseme=None if frame.viseme is None else VISEME_NAMES[frame.viseme],
            weights=None if frame.weights is None else tuple(frame.weights.tolist()),
            openness=frame.openness,
            arousal=frame.arousal,
            emphasis=frame.emphasis,
            gate_open=None if frame.quiet_hops is None else frame.quiet_hops == 0,
            heads=None if frame.heads is None else dict(frame.heads),
            pulses_us=frame.pulses_us,
            latency_ms=None if late_ns is None or late_ns < 0 else round(late_ns / _NS_PER_MS, 3),
        )


@dataclass(frozen=True, slots=True)
class SourceState:
    """Where sound comes from.

    Attributes:
        description: one line for people.
        state: "listening", or "silent: WHY".
        reconnects: times the device came back.
        dropped_hops: hops lost because the line, or the device, was too slow.
    """

    description: str
    state: str
    reconnects: int
    dropped_hops: int

    @classmethod
    def of(cls, source: Source) -> SourceState:
        """Ask a source."""
        return cls(source.description, source.state, source.reconnects, source.dropped_hops)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that is told of a running line.

    Attributes:
        version: of this program.
        pid: its process.
        uptime_s: since the line was set up.
        mode: "live", "muted" or "parked" (``Controls.mode``).
        hops: hops that left the line.
        model, engine, rig: names; ``rig`` is the file, None without one.
        delay_ms: from the instant a frame speaks for to its last sample (``Line.delay_ms``).
        source: where sound comes from.
        stages: durations by stage name, from ``Line.times``.
        total: from a hop's last sample to its end.
        hop: the newest one, None before the first.
        channels: the rig's servos.
        link: how the link to the board stands, None without one.
        speaker: plain values (``plain``) of the speaker's own status, None without one.
        telemetry: plain values of the machine's latest ``Reading``, None where nobody reads.
        reloads, refused_reloads: how often the rig was read again, and kept because the new one would not do.
        last_refusal: why, the latest time; None if the latest reload took.
    """

    version: str
    pid: int
    uptime_s: float
    mode: str
    hops: int
    model: str
    engine: str
    rig: str | None
    delay_ms: float
    source: SourceState
    stages: Mapping[str, StageTimes]
    total: StageTimes
    hop: Hop | None = None
    channels: tuple[ChannelRange, ...] = ()
    link: LinkStatus | None = None
    speaker: Mapping[str, Any] | None = None
    telemetry: Mapping[str, Any] | None = None
    reloads: int = 0
    refused_reloads: int = 0
    last_refusal: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return an object that ``json.dumps`` takes, without NaN or infinity."""
        made: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name == "stages":
                made[each.name] = {name: times.to_json() for name, times in value.items()}
            elif isinstance(value, StageTimes):
                made[each.name] = value.to_json()
            else:
                made[each.name] = plain(value)
        return made


def plain(value: Any) -> Any:
    """Return ``value`` made of dicts, lists, strings, finite numbers, booleans and None."""
    if isinstance(value, np.generic):
        return plain(value.item())
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(inner) for inner in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)
