"""A result with every kind of content that a page can show; its figures are made up and marked so."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from mandible.benchmarks.measurement import Measurement, Rounds, Series, exact
from mandible.benchmarks.result import Result

_PEERS = (
    # name, live, cost, accuracy
    ("HeadAudio", True, 0.0061, 0.436),
    ("wLipSync", True, 0.0042, 0.331),
    ("wawa-lipsync", True, 0.0035, 0.298),
    ("pylipsync", True, 0.038, 0.352),
    ("amplitude jaw", True, 0.0004, 0.211),
    ("Rhubarb", False, 0.21, 0.503),
    ("pocketsphinx allphone", False, 0.62, 0.548),
)
_STAGES = ("source", "front end", "engine", "decoder", "smoother", "rig", "guard")
_CORES = ("cortex-m0+", "cortex-m3", "cortex-m4f", "cortex-m7", "rp2040")


def made_result(simulated: bool = False, seed: int = 7) -> Result:
    """Return it; ``simulated`` marks the whole result."""
    random = np.random.default_rng(seed)
    measurements = [
        *_stages(random), *_engines(random), *_peers(random), *_late(random), *_jetson(), *_mcu(),
        *_rest(random),
    ]  # fmt: skip
    return Result(
        device="jetson" if simulated else "host",
        simulated=simulated,
        suite="full",
        begun="2026-01-02T03:04:05+00:00",
        duration_s=812.4,
        machine={
            "architecture": "x86_64", "processor": "a made-up processor", "board": None, "cores": 4,
            "usable_cores": 4, "system": "Linux 6.1", "distribution": "Debian", "governor": "performance",
            "scaling_driver": None, "cpu_max_mhz": 3200.0, "memory_mb": 15_900,
        },
        versions={"mandible": "0.1.0", "python": "3.11.7", "numpy": "2.4.6"},
        models={name: {"sha256": f"{index}" * 64, "bytes": 30_000 * index, "parameters": 20_000 * index}
                for index, name in enumerate(("nano", "small", "base"), 1)},
        settings={"stages": {"rounds": 5, "models": ["nano", "small"]}, "peers": {"limit_s": 60}},
        warm_up="every subject hears the speech once before it is timed",
        measurements=[_marked(one, simulated) for one in measurements],
        series=list(series(random, simulated)),
        not_measured={"energy": "no rail can be read here; connect an INA219 or run on a board that has one"},
        comparison=comparison(),
    )  # fmt: skip


def _marked(one: Measurement, simulated: bool) -> Measurement:
    if not simulated:
        return one
    return Measurement(one.probe, one.figure, one.subject, one.rounds, one.conditions, one.interval, True)


def _rounds(
    random: np.random.Generator, middle: float, spread: float, count: int = 400, rounds: int = 5
) -> Rounds:
    return tuple(
        tuple(float(v) for v in middle * random.lognormal(0, spread, count) * random.normal(1, 0.01))
        for _ in range(rounds)
    )


def _stages(random: np.random.Generator) -> Iterator[Measurement]:
    for index, stage in enumerate(_STAGES):
        middle = (0.8, 9.5, 24.0, 1.4, 0.9, 6.5, 3.2)[index]
        yield Measurement(
            "stages", "stage_us", {"model": "small", "stage": stage}, _rounds(random, middle, 0.18)
        )
    for model, middle in (("nano", 31.0), ("small", 46.0), ("base", 118.0)):
        yield Measurement("stages", "line_us", {"model": model}, _rounds(random, middle, 0.12))


def _engines(random: np.random.Generator) -> Iterator[Measurement]:
    scores = {"nano": 0.561, "small": 0.618, "base": 0.652}
    for model, size in (("nano", 1.0), ("small", 1.9), ("base", 6.0)):
        for engine, slow in (("c", 1.0), ("numpy", 4.2), ("litert", 1.7), ("onnx", 2.3)):
            subject = {"model": model, "engine": engine, "precision": "int8", "threads": 1}
            cost = 0.0011 * size * slow
            yield Measurement("engines", "engine_us", subject, _rounds(random, 12 * size * slow, 0.1, 300))
            yield Measurement("engines", "cpu_s_per_audio_s", subject, _rounds(random, cost, 0.02, 1))
            yield Measurement("engines", "times_realtime", subject, _rounds(random, 1 / cost, 0.02, 1))
            for figure, off in (("accuracy", 0.0), ("macro_f1", -0.06), ("lip_shapes", 0.13),
                                ("bilabial_f1", 0.17), ("jaw_r", 0.09)):  # fmt: skip
                value = scores[model] + off
                yield Measurement("engines", figure, subject, ((value,),), {}, (value - 0.012, value + 0.011))


def _peers(random: np.random.Generator) -> Iterator[Measurement]:
    for name, live, cost, accuracy in _PEERS:
        said = {"live": live}
        subject = {"system": name}
        yield Measurement("peers", "cpu_s_per_audio_s", subject, _rounds(random, cost, 0.03, 1), said)
        for figure, off in (("accuracy", 0.0), ("macro_f1", -0.1), ("lip_shapes", 0.1), ("jaw_r", 0.12)):
            value = accuracy + off
            yield Measurement("peers", figure, subject, ((value,),), said, (value - 0.02, value + 0.02))
    yield Measurement("peers", "accuracy", {"system": "scored only"}, ((0.4,),), {"live": True}, (0.39, 0.41))
    yield Measurement("peers", "cpu_s_per_audio_s", {"system": "timed only"}, ((0.02,),), {"live": True})


def _late(random: np.random.Generator) -> Iterator[Measurement]:
    subject = {"model": "small", "engine": "c", "rig": "skull"}
    for figure, middle in (("sound_to_pose_ms", 43.0), ("sound_to_pulse_ms", 60.5)):
        yield Measurement("lateness", figure, subject, _rounds(random, middle, 0.09, 120, 3))
    for stage, known in (("half a window", 12.5), ("lookahead", 30.0)):
        yield exact("lateness", "known_part_ms", {**subject, "stage": stage}, known)
    for stage, middle in (("front end", 0.013), ("engine", 0.031), ("all", 0.44)):
        yield Measurement("lateness", "live_stage_p50_ms", {**subject, "stage": stage}, ((middle,),))


def _jetson() -> Iterator[Measurement]:
    for precision, slow in (("fp32", 3.1), ("fp16", 1.4), ("int8", 1.0)):
        subject = {"model": "small", "engine": "tensorrt", "precision": precision}
        rounds = tuple((40 * slow + i, 42 * slow + i) for i in range(5))
        yield Measurement("jetson_precision", "engine_us", subject, rounds, simulated=True)
        yield exact("jetson_precision", "accuracy", subject, 0.618 - (0.004 if precision == "int8" else 0))


def _mcu() -> Iterator[Measurement]:
    for index, core in enumerate(_CORES):
        for stage, share in (("front end", 1.0), ("network", 2.4), ("line", 3.6)):
            subject = {"model": "nano", "core": core, "stage": stage}
            yield exact("cores", "instructions_per_hop", subject, 310_000 * share / (1 + 0.3 * index))
        subject = {"model": "nano", "core": core}
        yield exact("cores", "flash_bytes", subject, 61_000 + 900 * index)
        yield exact("cores", "ram_bytes", subject, 9_400 + 60 * index)


def _rest(random: np.random.Generator) -> Iterator[Measurement]:
    for model, size in (("nano", 21_400), ("small", 61_000), ("base", 240_100)):
        yield exact("size", "model_bytes", {"model": model}, size)
        yield Measurement("process", "rss_mb", {"model": model}, _rounds(random, 60 + size / 9e3, 0.01, 1))
        yield Measurement("process", "start_ms", {"model": model}, _rounds(random, 120 + size / 4e3, 0.05, 1))


def series(random: np.random.Generator, simulated: bool) -> Iterator[Series]:
    """Yield ten minutes of work, and one syllable."""
    time = [float(second) for second in range(0, 600, 2)]
    heat = [41 + 33 * (1 - math.exp(-t / 140)) + float(random.normal(0, 0.3)) for t in time]
    held = [1.0 if 330 < t < 410 or 520 < t < 560 else 0.0 for t in time]
    columns: dict[str, list[float | None]] = {
        "time_s": [*time],
        "temperature_c": [None if 100 < t < 110 else h for t, h in zip(time, heat, strict=True)],
        "cpu_mhz": [1500 - 300 * h + float(random.normal(0, 4)) for h in held],
        "power_mw": [4100 - 700 * h + float(random.normal(0, 60)) for h in held],
        "line_us": [46 + 12 * h + abs(float(random.normal(0, 2))) for h in held],
        "throttled": [*held],
    }
    yield Series("endurance", "endurance", {"model": "small"}, columns, simulated)
    yield from syllable(simulated)


def syllable(simulated: bool) -> Iterator[Series]:
    """Yield "ma" from sound to pulse."""
    rig = {"rig": "skull"}
    time = [5.0 * step for step in range(-30, 90)]
    loud = [0.004 + 0.6 * max(0.0, math.sin(min(1.0, max(0.0, t / 300)) * math.pi)) for t in time]
    yield Series("lateness", "syllable-sound", rig, {"time_ms": time, "level": loud}, simulated)
    for phone, start, end in (("M", 0.0, 90.0), ("AA", 90.0, 300.0)):
        subject = {**rig, "phone": phone}
        yield Series("lateness", "syllable-phone", subject, {"start_ms": [start], "end_ms": [end]}, simulated)

    def bump(middle: float, wide: float, top: float) -> list[float]:
        return [top * math.exp(-(((t - middle) / wide) ** 2)) for t in time]

    weights = {"PP": bump(95, 40, 0.93), "aa": bump(250, 80, 0.96), "nn": bump(130, 50, 0.2)}
    for viseme, values in weights.items():
        subject = {**rig, "viseme": viseme}
        yield Series("lateness", "syllable-visemes", subject, {"time_ms": time, "weight": values}, simulated)
    asked = [1500 - 300 * p + 350 * a for p, a in zip(weights["PP"], weights["aa"], strict=True)]
    yield Series("lateness", "syllable-commanded", rig, {"time_ms": time, "pulse_us": asked}, simulated)
    given = {"time_ms": [t + 17 for t in time[::4]], "pulse_us": asked[::4]}
    yield Series("lateness", "syllable-measured", rig, given, simulated)


def comparison() -> dict[str, object]:
    """Return a comparison with every verdict."""

    def row(
        figure: str, of: str, ratio: float, wide: float, verdict: str, limit: float = 0.1, why: str = ""
    ) -> dict[str, object]:
        return {
            "probe": "stages", "figure": figure, "unit": "µs", "subject": {"stage": of}, "baseline": 10.0,
            "now": 10.0 * ratio, "ratio": ratio, "low": ratio - wide, "high": ratio + wide, "limit": limit,
            "verdict": verdict, "why": why,
        }  # fmt: skip

    return {
        "against": "v0.0.9", "kind": "tree", "holds": False,
        "rows": [
            row("line_us", "small", 1.004, 0.02, "same"),
            row("stage_us", "engine", 1.27, 0.03, "worse", why="its whole interval is above the limit"),
            row("stage_us", "front end", 0.81, 0.03, "better"),
            row("stage_us", "decoder", 1.06, 0.09, "same"),
            {"probe": "size", "figure": "model_bytes", "unit": "bytes", "subject": {"model": "nano"},
             "baseline": 1.0, "now": None, "ratio": None, "low": None, "high": None, "limit": None,
             "verdict": "not compared", "why": "not in this run"},
        ],
    }  # fmt: skip
