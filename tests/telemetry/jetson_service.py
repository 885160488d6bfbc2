"""jetson-stats' own service on a Jetson that is only a folder. A test's other process.

jetson-stats has a mode for that (``JTOP_TESTING``), with ``/fake_sys`` and ``/run/jtop.sock`` written into
its source. Here its source is loaded with a test's folder in their place, so that no test needs the
super-user or leaves anything behind. Temperatures it always reads from ``/sys``: those get the folder's, too.
"""

from __future__ import annotations

import importlib.machinery
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType

BOARD = {
    "Model": "NVIDIA Jetson Orin Nano Developer Kit",
    "Module": "NVIDIA Jetson Orin Nano (8GB ram)",
    "L4T": "36.4.0",
    "Jetpack": "6.1",
    "SoC": "tegra234",
}


class RedirectedSource(importlib.machinery.SourceFileLoader):
    """Compiles a module with other folders written in it, never from a cached compilation."""

    root = ""

    def get_code(self, fullname: str) -> CodeType:
        """Return the module's code."""
        source = Path(self.get_filename(fullname)).read_text("utf-8")
        for written in ("/fake_sys", "/run/jtop.sock"):
            source = source.replace(written, self.root + written)
        if fullname == "jtop.core.temperature":
            source = source.replace('"/sys"', f'"{self.root}/fake_sys"')
        return compile(source, self.get_filename(fullname), "exec")


class Redirector(importlib.machinery.PathFinder):
    """Finds the modules of jtop and has them loaded by ``RedirectedSource``."""

    @classmethod
    def find_spec(
        cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return the ordinary finding with the other loader."""
        if fullname.partition(".")[0] != "jtop":
            return None
        spec = super().find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = RedirectedSource(fullname, spec.origin)
        return spec


def main(root: str) -> None:
    """Serve the folder until somebody ends this process."""
    os.environ["JTOP_TESTING"] = "1"
    RedirectedSource.root = root
    sys.meta_path.insert(0, Redirector)
    from jtop import service

    # Who may connect is no question here, and no board tells who it is.
    service.getgrnam = lambda _: type("Group", (), {"gr_gid": os.getgid()})
    service.get_hardware = lambda: BOARD
    service.JtopServer(force=True).loop_for_ever()


if __name__ == "__main__":
    main(sys.argv[1])
