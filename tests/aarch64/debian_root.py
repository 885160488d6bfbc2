"""A folder with the libraries and the Python of a 64-bit ARM Debian, in which an emulator runs programs.

The packages are downloaded with an ``apt-get`` that has its own lists and its own idea of the architecture,
and are unpacked, not installed: nothing of the computer changes, and no super-user is needed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

PYTHON_VERSION = "3.11"
PACKAGES = (
    *("libc6", "libgcc-s1", "libstdc++6", "zlib1g", "libexpat1", "libssl3", "libffi8", "libbz2-1.0"),
    *("liblzma5", "libuuid1", "libsqlite3-0"),
    *(f"python{PYTHON_VERSION}-minimal", f"libpython{PYTHON_VERSION}-minimal"),
    # The last one brings the headers against which kernels for this Python are compiled.
    *(f"libpython{PYTHON_VERSION}-stdlib", f"libpython{PYTHON_VERSION}-dev"),
)
# Where the computer does not run this release, its own sources lack this Python.
RELEASE = "bookworm"
SOURCE = "deb [signed-by={keyring}] http://deb.debian.org/debian {release} main\n"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
EMULATOR = ("qemu-aarch64-static", "-cpu", "cortex-a72")
LIMIT_S = 600.0


def debian_root(folder: Path) -> Path:
    """Return the folder, made at first use and kept: ``usr/bin/python3.11`` lies in it.

    Raises RuntimeError naming the package to install where a tool is missing or a download fails.
    """
    root = folder / "debian"
    if (root / "usr" / "bin" / f"python{PYTHON_VERSION}").exists():
        return root
    for program, package in (("apt-get", "apt"), ("dpkg", "dpkg")):
        if shutil.which(program) is None:
            raise RuntimeError(f"{program} is missing: apt install {package}")
    unfinished = folder / "debian.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    downloads = folder / "packages"
    downloads.mkdir(parents=True, exist_ok=True)
    options = _options(folder / "apt")
    _run("apt-get", *options, "update")
    _run("apt-get", *options, "download", *PACKAGES, inside=downloads)
    for archive in sorted(downloads.glob("*.deb")):
        _run("dpkg", "-x", str(archive), str(unfinished))
    unfinished.rename(root)
    shutil.rmtree(downloads)
    return root


def python_in(root: Path) -> tuple[str, ...]:
    """Return the words that start the ARM Python."""
    if shutil.which(EMULATOR[0]) is None:
        raise RuntimeError(f"{EMULATOR[0]} is missing: apt install qemu-user-static")
    return (*EMULATOR, "-L", str(root), str(root / "usr" / "bin" / f"python{PYTHON_VERSION}"))


def _options(state: Path) -> list[str]:
    """Return what makes ``apt-get`` forget the computer it runs on."""
    for needed in ("lists/partial", "cache/archives/partial"):
        (state / needed).mkdir(parents=True, exist_ok=True)
    (state / "status").touch()
    options: dict[str, object] = {
        "Dir::State": state,
        "Dir::State::status": state / "status",
        "Dir::Cache": state / "cache",
        "APT::Architecture": "arm64",
        "APT::Architectures": "arm64",
        "APT::Sandbox::User": "root" if os.geteuid() == 0 else "",
    }
    if RELEASE not in Path("/etc/os-release").read_text("utf-8"):
        if not KEYRING.exists():
            raise RuntimeError(f"{KEYRING} is missing: apt install debian-archive-keyring")
        (state / "sources.list").write_text(SOURCE.format(keyring=KEYRING, release=RELEASE))
        options |= {"Dir::Etc::sourcelist": state / "sources.list", "Dir::Etc::sourceparts": "-"}
    return ["-q", *(word for name, value in options.items() for word in ("-o", f"{name}={value}"))]


def _run(*words: str, inside: Path | None = None) -> None:
    done = subprocess.run(words, cwd=inside, capture_output=True, text=True, timeout=LIMIT_S)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words[:1])} failed: {done.stderr.strip()[-400:]}")
