"""A clone of this source with one commit, and ways to slow it by a known share of real work."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import mandible
from mandible.benchmarks.compare.revisions import Revision, revision

SOURCE = Path(mandible.__file__).resolve().parents[2]
TAG = "before"
# What a tree needs to build and run; kernels that are built here come along, ignored by git.
_PARTS = (
    "setup.py", "pyproject.toml", "README.md", "LICENSE", ".gitignore", "src", "benchmarks", "device",
    "firmware_bridge", "models", "quantize", "samples",
)  # fmt: skip
_GIT = ["git", "-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false"]

# Every fourth hop is done twice, the second time by a line of its own: a quarter more of whatever a hop takes
# on whatever machine, and the same frames.
WHOLE_LINE = """

import itertools as _itertools

_assemble, _twins, _steps = assemble, {}, _itertools.count(1)


def assemble(file, engine, rig, expression=False):
    line = _assemble(file, engine, rig, expression)
    key = (str(file.path), engine, rig is None)
    step = line.step

    def slowed(frame):
        if next(_steps) % 4 == 0:
            if key not in _twins:
                _twins[key] = _assemble(file, engine, rig, expression)
            _twins[key].step(frame)
        return step(frame)

    line.step = slowed
    return line
"""
# The same for the front end's kernel alone; through a pointer that a compiler cannot see through.
FRONT_END = """

void logmel_push(logmel_state *state, const int16_t pcm[LOGMEL_HOP_SAMPLES], int8_t mel[LOGMEL_BANDS]) {
    static void (*volatile push)(logmel_state *, const int16_t *, int8_t *) = pushed;
    static unsigned hops;
    static logmel_state twin;
    static int8_t spare[LOGMEL_BANDS];
    if (++hops % 4 == 0) push(&twin, pcm, spare);
    push(state, pcm, mel);
}
"""
_LAYER = """        gather(layer, source);
        if (layer->kind == TCN_CONV)
            conv(layer, source, result);
        else
            depthwise(layer, result);
"""


def run_git(folder: Path, *words: str) -> str:
    """Run git in a folder; return what it prints."""
    command = [*_GIT, "-C", str(folder), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


class Clone:
    """A clone in a folder, its one commit tagged ``before``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "results")
        for name in _PARTS:
            place = SOURCE / name
            if place.is_dir():
                shutil.copytree(place, folder / name, symlinks=True, ignore=ignored)
            else:
                shutil.copy2(place, folder / name)
        self.git("init", "-q", "-b", "main")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "as it was")
        self.git("tag", TAG)

    def git(self, *words: str) -> str:
        """Run git there."""
        return run_git(self.folder, *words)

    def revision(self, named: str = TAG) -> Revision:
        """Return a revision of it."""
        found = revision(named, self.folder)
        assert found is not None
        return found

    def restore(self) -> None:
        """Take every change back."""
        self.git("checkout", "-q", ".")
        self.git("clean", "-q", "-f", "-d")

    def slow_line(self) -> None:
        """Make every hop of the line a quarter dearer."""
        with (self.folder / "src/mandible/api.py").open("a", encoding="utf-8") as file:
            file.write(WHOLE_LINE)

    def slow_front_end(self) -> None:
        """Make the front end a quarter dearer."""
        place = self.folder / "device/frontend/logmel.c"
        before = place.read_text(encoding="utf-8")
        after = before.replace("\nvoid logmel_push(", "\nstatic void pushed(")
        assert after != before
        place.write_text(after + FRONT_END, encoding="utf-8")

    def slow_engine(self) -> None:
        """Make a step of engine ``c`` about a quarter dearer, the call from Python included.

        Every third hop each layer is done twice; the second time its numbers are still in the cache.
        """
        place = self.folder / "device/engines/tcn.c"
        before = place.read_text(encoding="utf-8")
        again = _LAYER.replace("\n", "\n    ").rstrip(" ")
        after = before.replace(
            _LAYER, f"        for (int more = twice; more >= 0; more--) {{\n    {again}        }}\n"
        )
        head = "    tcn_value *values = network->values;\n    for (size_t c = 0"
        assert after != before
        assert head in after
        after = after.replace(
            head, f"    static unsigned hops;\n    const int twice = ++hops % 3 == 0;\n{head}", 1
        )
        place.write_text(after, encoding="utf-8")

    def command(self, *words: str) -> list[str]:
        """Return the command line of this clone's own ``mandible``."""
        code = f"import sys; sys.path.insert(0, {str(self.folder / 'src')!r})\n"
        code += "from mandible.cli.main import main; raise SystemExit(main())"
        return [sys.executable, "-c", code, *words]


def processes_of(folder: Path) -> list[str]:
    """Return the commands of running processes that name a folder."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = place.read_bytes()
        except OSError:
            continue
        if str(folder).encode() in command:
            found.append(command.decode("utf-8", "replace"))
    return found
