"""A Jetson that is only a folder, with NVIDIA's programs as scripts that print what real boards printed."""

from __future__ import annotations

from pathlib import Path

from tests.telemetry import trees

CAPTURES = Path(__file__).parents[1] / "telemetry" / "captures"
# Orin Nano Super, Jetson Linux 36.4, not held: as in public logs of ``nvpmodel -q`` and
# ``sudo jetson_clocks --show``.
NVPMODEL = "NV Power Mode: 25W\n1\n"
CLOCKS = """\
SOC family:tegra234  Machine:NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super
Online CPUs: 0-5
cpu0:  Online=1 Governor=schedutil MinFreq=729600 MaxFreq=1344000 CurrentFreq=729600 IdleStates: WFI=1 c7=1
cpu1:  Online=1 Governor=schedutil MinFreq=729600 MaxFreq=1344000 CurrentFreq=729600 IdleStates: WFI=1 c7=1
GPU MinFreq=306000000 MaxFreq=918000000 CurrentFreq=306000000
Active GPU TPCs: 4
EMC MinFreq=204000000 MaxFreq=3199000000 CurrentFreq=2133000000 FreqOverride=0
FAN Dynamic Speed Control=nvfancontrol hwmon0_pwm1=69
NV Power Mode: 25W
"""
# A Jetson Nano, Jetson Linux 32, after ``sudo jetson_clocks``.
CLOCKS_HELD = """\
cpu0: Online=1 Governor=schedutil MinFreq=1479000 MaxFreq=1479000 CurrentFreq=1479000 IdleStates: WFI=0 c7=0
GPU MinFreq=921600000 MaxFreq=921600000 CurrentFreq=921600000
EMC MinFreq=204000000 MaxFreq=1600000000 CurrentFreq=1600000000 FreqOverride=1
Fan: PWM=0
NV Power Mode: MAXN
"""
RELEASE = "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64"


def program(root: Path, name: str, script: str) -> None:
    """Plant a program below the board's ``usr/bin``."""
    path = root / "usr/bin" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def printing(root: Path, name: str, said: str) -> None:
    """Plant a program that prints this."""
    text = root / f"usr/share/{name}.txt"
    text.parent.mkdir(parents=True, exist_ok=True)
    text.write_text(said)
    program(root, name, f"cat '{text}'")


def board(root: Path, capture: str = "orin-nano-36.4.3") -> Path:
    """An Orin Nano: the kernel's files, and NVIDIA's three programs with what real boards said."""
    trees.orin_nano(root)
    trees.plant(
        root,
        {
            "proc/device-tree/model": "NVIDIA Jetson Orin Nano Developer Kit",
            "etc/nv_tegra_release": RELEASE,
        },
    )
    lines = (CAPTURES / f"{capture}.txt").read_text("utf-8").splitlines()
    printing(root, "tegrastats", next(line for line in lines if not line.startswith("#")) + "\n")
    printing(root, "nvpmodel", NVPMODEL)
    printing(root, "jetson_clocks", CLOCKS)
    return root
