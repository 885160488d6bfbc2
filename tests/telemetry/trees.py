"""Computers that are only folders: ``sys``, ``proc`` and ``run`` as the kernels of some boards show them."""

from __future__ import annotations

from pathlib import Path


def plant(root: Path, files: dict[str, object]) -> Path:
    """Write each file (its content as text) below a folder and return the folder."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{content}\n")
    return root


def cores(count: int, governor: str, driver: str, now_khz: int, highest_khz: int) -> dict[str, object]:
    """The clock files of ``count`` cores."""
    return {
        f"sys/devices/system/cpu/cpu{core}/cpufreq/{name}": value
        for core in range(count)
        for name, value in {
            "scaling_governor": governor,
            "scaling_driver": driver,
            "scaling_cur_freq": now_khz,
            "cpuinfo_max_freq": highest_khz,
        }.items()
    }


def raspberry_pi(root: Path, throttled: str = "0", governor: str = "ondemand") -> Path:
    """A Raspberry Pi 4 at 51.1 °C."""
    return plant(
        root,
        {
            "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4",
            "sys/devices/platform/soc/soc:firmware/get_throttled": throttled,
            "sys/class/thermal/thermal_zone0/type": "cpu-thermal",
            "sys/class/thermal/thermal_zone0/temp": 51121,
            "proc/meminfo": "MemTotal: 3884252 kB\nMemFree: 100 kB\nMemAvailable: 3000000 kB\n"
            "SwapTotal: 102396 kB\nSwapFree: 102396 kB",
            **cores(4, governor, "cpufreq-dt", 700_000, 1_800_000),
        },
    )


def orin_nano(root: Path) -> Path:
    """A Jetson Orin Nano without jtop and ``tegrastats``, as its kernel (5.15) shows it."""
    rails = (("VDD_IN", 5032, 912), ("VDD_CPU_GPU_CV", 5032, 240), ("VDD_SOC", 5024, 320))
    monitor = "sys/class/hwmon/hwmon1"
    gpu = "sys/class/devfreq/17000000.gpu"
    return plant(
        root,
        {
            f"{monitor}/name": "ina3221",
            **{f"{monitor}/in{n}_label": label for n, (label, _, _) in enumerate(rails, 1)},
            **{f"{monitor}/in{n}_input": mv for n, (_, mv, _) in enumerate(rails, 1)},
            **{f"{monitor}/curr{n}_input": ma for n, (_, _, ma) in enumerate(rails, 1)},
            "sys/class/hwmon/hwmon0/name": "pwmfan",
            "sys/class/thermal/thermal_zone0/type": "cpu-thermal",
            "sys/class/thermal/thermal_zone0/temp": 48562,
            "sys/class/thermal/thermal_zone1/type": "gpu-thermal",
            "sys/class/thermal/thermal_zone1/temp": 49625,
            "sys/class/thermal/thermal_zone2/type": "cv0-thermal",
            "sys/class/thermal/thermal_zone2/temp": -256000,
            f"{gpu}/cur_freq": 612_000_000,
            f"{gpu}/device/load": 437,
            **cores(6, "schedutil", "tegra194", 729_600, 1_510_400),
        },
    )


def xavier_nx(root: Path) -> Path:
    """The power meter of a Jetson Xavier NX with kernel 4.9, where it is an iio device."""
    meter = "sys/bus/i2c/drivers/ina3221x/7-0040/iio:device0"
    rails = (("VDD_IN", 2763), ("VDD_CPU_GPU_CV", 650), ("VDD_SOC", 711))
    return plant(
        root,
        {
            **{f"{meter}/rail_name_{n}": name for n, (name, _) in enumerate(rails)},
            **{f"{meter}/in_power{n}_input": power_mw for n, (_, power_mw) in enumerate(rails)},
        },
    )


def jtop_board(root: Path) -> Path:
    """What jetson-stats' service reads of an Orin Nano in its testing mode."""
    fake = "fake_sys"
    core = f"{fake}/devices/system/cpu/cpu"
    clocks = {
        "scaling_governor": "schedutil",
        "scaling_min_freq": 115200,
        "scaling_max_freq": 1510400,
        "scaling_cur_freq": 1036800,
        "cpuinfo_min_freq": 115200,
        "cpuinfo_max_freq": 1510400,
        "cpuinfo_cur_freq": 1036800,
    }
    gpu = f"{fake}/devices/platform/17000000.gpu/devfreq/17000000.gpu"
    emc = f"{fake}/kernel/debug/bpmp/debug/clk/emc"
    meter = f"{fake}/bus/i2c/devices/1-0040"
    rails = (("VDD_IN", 5032, 912), ("VDD_CPU_GPU_CV", 5032, 240), ("VDD_SOC", 5024, 320))
    times = "2000 0 1000 7000 0 0 0 0 0 0"
    plant(
        root,
        {
            **{f"{core}{n}/cpufreq/{name}": value for n in range(4) for name, value in clocks.items()},
            f"{fake}/stat": f"cpu {times}\n"
            + "".join(f"cpu{n} {times}\n" for n in range(4))
            + "btime 1674644431",
            f"{gpu}/device/of_node/name": "gpu",
            **{f"{gpu}/{name}_freq": mhz * 10**6 for name, mhz in (("cur", 612), ("max", 918), ("min", 306))},
            f"{gpu}/governor": "nvhost_podgov",
            **{f"{gpu}/device/{name}": 0 for name in ("railgate_enable", "tpc_pg_mask", "enable_3d_scaling")},
            f"{gpu}/device/load": 437,
            **{f"{emc}/{name}": 2133000000 for name in ("rate", "max_rate", "mrq_rate_locked")},
            f"{emc}/min_rate": 204000000,
            f"{fake}/kernel/actmon_avg_activity/mc_all": 12345,
            f"{fake}/devices/virtual/thermal/thermal_zone0/type": "cpu-thermal",
            f"{fake}/devices/virtual/thermal/thermal_zone0/temp": 48562,
            f"{fake}/devices/virtual/thermal/thermal_zone1/type": "cv0-thermal",
            f"{fake}/devices/virtual/thermal/thermal_zone1/temp": -256000,
            f"{meter}/name": "ina3221",
            **{
                f"{meter}/hwmon/hwmon3/{name}": value
                for n, (label, mv, ma) in enumerate(rails, 1)
                for name, value in {
                    f"in{n}_label": label,
                    f"in{n}_input": mv,
                    f"in{n}_enable": 1,
                    f"curr{n}_input": ma,
                    f"curr{n}_crit": 4000,
                    f"curr{n}_max": 4000,
                }.items()
            },
        },
    )
    devices = root / fake / "class/devfreq"
    devices.mkdir(parents=True)
    (devices / "17000000.gpu").symlink_to(root / gpu)
    (root / "run").mkdir()
    return root
