"""A snapshot as Prometheus metric families, named by its conventions (base units, ``_total`` for counters).

Conventions: https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)

from mandible.device.daemon.snapshot import Snapshot, StageTimes
from mandible.firmware_bridge.link_status import LinkStatus

_NS_PER_S = 1e9
# Three to a decade: enough for a picture of latency, few enough for many puppets in one database.
_WANTED_BOUNDS_S = (
    1e-5,
    2e-5,
    5e-5,
    1e-4,
    2e-4,
    5e-4,
    1e-3,
    2e-3,
    5e-3,
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.5,
    1.0,
)
_MODES = ("live", "muted", "parked")


def families(now: Snapshot) -> Iterator[Metric]:
    """Yield every family of a snapshot."""
    yield InfoMetricFamily(
        "mandible_build", "What runs.", {"version": now.version, "model": now.model, "engine": now.engine}
    )
    yield _gauge("mandible_uptime_seconds", "Time since the line was set up.", now.uptime_s)
    yield _counter("mandible_hops", "Hops of 10 ms that left the line.", now.hops)
    yield _counter("mandible_dropped_hops", "Hops lost before the line.", now.source.dropped_hops)
    yield _counter("mandible_reloads", "Rigs taken over while running.", now.reloads)
    yield _counter("mandible_refused_reloads", "Rigs read again and not taken.", now.refused_reloads)
    modes = GaugeMetricFamily("mandible_mode", "1 for the mode the mouth is in.", labels=["mode"])
    for mode in _MODES:
        modes.add_metric([mode], mode == now.mode)
    yield modes
    yield _gauge("mandible_source_listening", "Whether sound arrives.", now.source.state == "listening")
    yield _counter("mandible_source_reconnects", "Times the source came back.", now.source.reconnects)
    yield _gauge("mandible_delay_seconds", "Known delay of the line, compute apart.", now.delay_ms / 1000)
    stages = HistogramMetricFamily("mandible_stage_seconds", "Work of a stage on a hop.", labels=["stage"])
    for name, times in now.stages.items():
        stages.add_metric([name], *_classes(times))
    yield stages
    total = HistogramMetricFamily("mandible_hop_seconds", "From a hop's last sample to its end.", labels=[])
    total.add_metric([], *_classes(now.total))
    yield total
    yield from _hop(now)
    if now.link is not None:
        yield from _link(now.link)
    yield from _telemetry(now.telemetry or {})
    yield from _speaker(now.speaker or {})


def _hop(now: Snapshot) -> Iterator[Metric]:
    hop = now.hop
    if hop is None:
        return
    yield _gauge("mandible_level_decibels", "Loudness of the newest hop below full scale.", hop.level_db)
    if hop.gate_open is not None:
        yield _gauge("mandible_gate_open", "Whether the noise gate lets sound through.", hop.gate_open)
    for name, about in (
        ("openness", "How far the mouth is open."),
        ("arousal", "How lively the speaker is."),
        ("emphasis", "Envelope of the latest emphasis."),
    ):
        value = getattr(hop, name)
        if value is not None:
            yield _gauge(f"mandible_{name}_ratio", about, value / 255)


def _link(link: LinkStatus) -> Iterator[Metric]:
    yield _gauge("mandible_link_up", "Whether the board takes set-points.", link.ready)
    for name, about in (
        ("sent", "Set-points sent to the board."),
        ("acked", "Set-points the board answered."),
        ("lost", "Answers of the board that never came."),
        ("dropped", "Poses too old to be sent."),
        ("skipped", "Poses held back because they came too fast."),
        ("reconnects", "Times the port was opened again."),
        ("bad_frames", "Damaged frames from the board."),
    ):
        yield _counter(f"mandible_link_{name}", about, getattr(link, name))
    refusals = CounterMetricFamily(
        "mandible_link_refusals", "Set-points refused, by reason.", labels=["reason"]
    )
    for reason, count in link.refusals.items():
        refusals.add_metric([str(reason)], count)
    yield refusals
    for quantile in ("p50", "p99"):
        value_ms = getattr(link, f"round_trip_{quantile}_ms")
        if value_ms is not None:
            name = f"mandible_link_round_trip_{quantile}_seconds"
            yield _gauge(name, f"Round trip to the board, {quantile} of the latest.", value_ms / 1000)


def _telemetry(told: Mapping[str, Any]) -> Iterator[Metric]:
    for key, name, about, factor in (
        ("temperature_c", "mandible_temperature_celsius", "The hottest sensor of the machine.", 1.0),
        ("power_mw", "mandible_power_watts", "What the board draws.", 1e-3),
        ("cpu_mhz", "mandible_cpu_frequency_hertz", "Clock of the fastest core.", 1e6),
        ("gpu_percent", "mandible_gpu_busy_ratio", "Load of the graphics processor.", 1e-2),
    ):
        value = told.get(key)
        if isinstance(value, (int, float)):
            yield _gauge(name, about, value * factor)
    throttled = told.get("throttled")
    if isinstance(throttled, (list, tuple)):
        family = GaugeMetricFamily(
            "mandible_throttled", "1 for what holds the machine back.", labels=["reason"]
        )
        for reason in throttled:
            family.add_metric([str(reason)], 1)
        yield family
        yield _gauge("mandible_throttled_reasons", "How many things hold the machine back.", len(throttled))


def _speaker(told: Mapping[str, Any]) -> Iterator[Metric]:
    """Whatever numbers the speaker tells of: whole ones count, those named for a unit of time are times."""
    for key, value in told.items():
        if not isinstance(value, (int, float)) or not key.isidentifier():
            continue
        if key.endswith("_ms"):
            yield _gauge(f"mandible_speaker_{key[:-3]}_seconds", f"The speaker's {key[:-3]}.", value / 1000)
        elif isinstance(value, bool):
            yield _gauge(f"mandible_speaker_{key}", f"Whether the speaker is {key}.", value)
        elif isinstance(value, int):
            yield _counter(f"mandible_speaker_{key}", f"The speaker's {key}.", value)


def _classes(times: StageTimes) -> tuple[list[tuple[str, float]], float]:
    """Return cumulative counts at the classes' bounds nearest to the wanted ones, and the sum in s."""
    cumulative, reached, buckets = 0, 0, []
    for i, bound_s in _chosen(times.bounds_ns):
        cumulative += sum(times.counts[reached : i + 1])
        reached = i + 1
        buckets.append((repr(bound_s), float(cumulative)))
    buckets.append(("+Inf", float(times.count)))
    return buckets, times.sum_ns / _NS_PER_S


@lru_cache(maxsize=4)
def _chosen(bounds_ns: tuple[int, ...]) -> tuple[tuple[int, float], ...]:
    """Return which classes are shown, each with its upper bound in s."""
    bounds_s = [bound_ns / _NS_PER_S for bound_ns in bounds_ns]
    nearest = {
        min(range(len(bounds_s)), key=lambda i: abs(bounds_s[i] - wanted_s)) for wanted_s in _WANTED_BOUNDS_S
    }
    return tuple((i, bounds_s[i]) for i in sorted(nearest))


def _gauge(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, about, value=float(value))


def _counter(name: str, about: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(name, about, value=float(value))
