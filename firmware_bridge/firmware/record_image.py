"""Say beside an image what it was made from: ``python3 record_image.py IMAGE COMPILER SOURCE...``.

Writes ``IMAGE.json``. A test holds the digests against the sources, and, where there is the same compiler,
the image against what it makes of them. Needs nothing but Python, so that ``make`` can run it anywhere.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path


def sources_digest(sources: Iterable[Path]) -> str:
    """Return the SHA-256 over names (of file and folder) and contents, in the order of names."""
    digest = hashlib.sha256()
    for source in sorted(sources, key=lambda path: path.parts[-2:]):
        digest.update("/".join(source.parts[-2:]).encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()


def compiler_version(compiler: str) -> str:
    """Return the first line a compiler says of itself."""
    done = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]


def main() -> None:
    """Write one record."""
    image, compiler, *sources = sys.argv[1:]
    record = {
        "image_sha256": hashlib.sha256(Path(image).read_bytes()).hexdigest(),
        "sources_sha256": sources_digest(map(Path, sources)),
        "compiler": compiler_version(compiler),
    }
    Path(f"{image}.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
