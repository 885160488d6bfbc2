"""Builds the C kernels. They use the limited API: one binary serves every Python from 3.10 on."""

from pathlib import Path

from setuptools import Extension, setup

LIMITED_API = "0x030A0000"
FLAGS = ["-std=c99", "-O3", "-Wall", "-Wextra"]


def kernel(name: str, *sources: str, include: tuple[str, ...] = ()) -> Extension:
    folders = {Path(source).parent for source in sources} | {Path(folder) for folder in include}
    return Extension(
        name,
        sources=list(sources),
        depends=sorted(str(file) for folder in folders for file in folder.glob("*.[ch]")),
        define_macros=[("Py_LIMITED_API", LIMITED_API)],
        include_dirs=list(include),
        extra_compile_args=FLAGS,
        py_limited_api=True,
    )


setup(
    ext_modules=[
        kernel(
            "mandible.device.frontend._logmel",
            "device/frontend/_logmelmodule.c",
            "device/frontend/logmel.c",
        ),
        kernel(
            "mandible.device.engines._tcn",
            "device/engines/_tcnmodule.c",
            "device/engines/tcn.c",
            "device/engines/tcn_read.c",
        ),
        kernel(
            "mandible.device.fused._fused",
            "device/fused/_fusedmodule.c",
            "device/fused/decoder.c",
            "device/fused/read_tables.c",
            "device/frontend/logmel.c",
            "device/engines/tcn.c",
            "device/engines/tcn_read.c",
            include=("device/fused", "device/decoder_c"),
        ),
        kernel(
            "mandible.firmware_bridge._board",
            "firmware_bridge/firmware/host/_boardmodule.c",
            "firmware_bridge/firmware/core/calibration.c",
            "firmware_bridge/firmware/core/cobs.c",
            "firmware_bridge/firmware/core/core.c",
            "firmware_bridge/firmware/core/crc16.c",
            "firmware_bridge/firmware/core/foresight.c",
            "firmware_bridge/firmware/core/goal.c",
            "firmware_bridge/firmware/core/handlers.c",
            "firmware_bridge/firmware/core/motion.c",
            "firmware_bridge/firmware/core/moving.c",
            "firmware_bridge/firmware/core/parking.c",
            "firmware_bridge/firmware/core/replies.c",
            "firmware_bridge/firmware/core/setpoints.c",
            "firmware_bridge/firmware/core/store.c",
        ),
    ],
    options={"bdist_wheel": {"py_limited_api": "cp310"}},
)
