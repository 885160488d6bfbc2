"""Comparing with a revision for real: trees built, work in turns, and all that can go wrong with it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from mandible.benchmarks import result
from mandible.benchmarks.compare import building, revisions, trees, workers
from mandible.benchmarks.compare.design import design
from mandible.benchmarks.compare.turns import Turns
from mandible.benchmarks.compare.workers import Tree
from mandible.benchmarks.devices import Device
from mandible.benchmarks.result import Result
from mandible.benchmarks.speech import SAMPLE
from mandible.cli import main as cli
from mandible.errors import DeviceError, InputError
from tests.benchmark.compare_clone import TAG, Clone, processes_of

HERE = Device("host")
# Enough to tell a quarter from nothing, in seconds.
FEW = replace(
    design(),
    pairs=6,
    most_pairs=12,
    pair_s=0.2,
    once=tuple(row for row in design().once if row.name == "memory"),
)
DEADLINE_S = 60.0


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    folder = tmp_path_factory.mktemp("compare")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        yield Clone(folder / "clone")


@pytest.fixture(autouse=True)
def restored(clone: Clone) -> Iterator[None]:
    yield
    clone.restore()


@pytest.fixture
def built_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Build the first tree's kernels and give the same to the others, whose C is no other."""
    really, kept = building.build, tmp_path / "built"

    def build(tree: Path, told: str) -> None:
        if not kept.exists():
            really(tree, told)
            for kernel in (*tree.glob("*/*/*.so"), *tree.glob("firmware_bridge/*.so")):
                (kept / kernel.relative_to(tree)).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(kernel, kept / kernel.relative_to(tree))
            shutil.copytree(tree / "build", kept / "build")
        shutil.copytree(kept, tree, dirs_exist_ok=True)

    monkeypatch.setattr(building, "build", build)


def compared(clone: Clone, named: str = TAG) -> Result:
    return trees.compared(clone.revision(named), HERE, Console(quiet=True))


def verdicts(found: Result) -> dict[str, str]:
    assert found.comparison is not None
    return {
        row["subject"]["stage"]: row["verdict"]
        for row in found.comparison["rows"]
        if "stage" in row["subject"]
    }


@pytest.mark.usefixtures("built_once")
def test_an_unchanged_tree_passes_and_a_quarter_more_of_work_is_found(
    clone: Clone, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(trees, "design", lambda: FEW)
    unchanged = compared(clone)
    assert unchanged.comparison is not None
    assert unchanged.comparison["holds"]
    assert unchanged.comparison["kind"] == "tree"
    assert set(verdicts(unchanged)) == {"bake", "live", "front_end", "engine", "memory"}

    clone.slow_line()
    before = clone.git("status", "--porcelain")
    slowed = compared(clone)
    assert slowed.comparison is not None
    assert not slowed.comparison["holds"]
    found = verdicts(slowed)
    assert found["live"] == "worse"
    assert "worse" not in (found["engine"], found["front_end"])
    assert slowed.versions["this"].endswith("and changes")
    # Not a trace in the repository.
    assert clone.git("status", "--porcelain") == before
    assert clone.git("worktree", "list").count("\n") == 1

    # All raw samples of both are in the file.
    result.write(tmp_path / "out.json", slowed)
    again = result.read(tmp_path / "out.json")
    for tree in ("baseline", "this"):
        (one,) = again.of("trees", "live_cpu_us", tree=tree)
        assert len(one.rounds) >= FEW.pairs
        assert min(map(len, one.rounds)) >= 2 * FEW.least_quads
    json.dumps(again.comparison, allow_nan=False)


def test_a_tree_that_does_not_build_says_the_compilers_line(clone: Clone, tmp_path: Path) -> None:
    with (clone.folder / "device/frontend/logmel.c").open("a", encoding="utf-8") as file:
        file.write("int broken(void) { return no_such_name; }\n")
    complaint = r"^this tree: does not build: .*error: .no_such_name. undeclared"
    with pytest.raises(InputError, match=complaint) as told:
        building.build(clone.folder, "this tree")
    assert "\n" not in str(told.value)


def test_without_a_compiler_its_package_is_named_before_anything_is_done(
    clone: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "no-such-compiler -O2")
    remedy = "no compiler no-such-compiler: sudo apt-get install build-essential"
    with pytest.raises(DeviceError, match=remedy):
        compared(clone)


@pytest.mark.parametrize(
    "words",
    [["--from", "x.json"], ["--only", "size"], ["--peers"], ["--corpus", "."], ["--suite", "full"],
     ["--speech", "9"], ["--loopback", "x.wav"], ["--port", "virtual:"]],
)  # fmt: skip
def test_options_of_the_probes_are_no_part_of_it(
    clone: Clone, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(revisions, "revision", lambda _: clone.revision())
    assert cli.main(["benchmark", "--compare", TAG, *words]) == 2
    assert capsys.readouterr().err.startswith(f"mandible: {words[0]}: has no part in comparing")


def test_simulated_devices_are_refused(clone: Clone, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="simulated figures are not compared"):
        trees.compared(clone.revision(), Device("jetson", tmp_path), Console(quiet=True))


def turns(baseline: Path, this: Path) -> Turns:
    return Turns(Tree("baseline", "old", baseline), Tree("this", "this tree", this), SAMPLE, FEW)


def edited(clone: Clone, folder: Path, before: str, after: str) -> Path:
    """Return a copy of the clone, kernels included, with other words in its ``api.py``."""
    shutil.copytree(clone.folder, folder, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    place = folder / "src/mandible/api.py"
    text = place.read_text(encoding="utf-8")
    assert before in text
    place.write_text(text.replace(before, after), encoding="utf-8")
    return folder


def test_what_an_old_tree_lacks_is_not_compared_and_the_rest_is(clone: Clone, tmp_path: Path) -> None:
    old = edited(clone, tmp_path / "old", "def stream(", "def flow(")
    asked = turns(old, clone.folder)
    asked.try_out()
    assert set(asked.missing) == {"live"}
    assert "stream" in asked.missing["live"]
    asked.pair(0)
    assert set(asked.samples) == {"bake", "front_end", "engine", "memory"}


def test_what_this_tree_has_lost_is_an_error_and_no_gap(clone: Clone, tmp_path: Path) -> None:
    new = edited(clone, tmp_path / "new", "def stream(", "def flow(")
    with pytest.raises(InputError, match=r"this tree cannot do live, which old can: .*stream"):
        turns(clone.folder, new).try_out()


def test_a_tree_with_nothing_to_compare_is_an_error(clone: Clone, tmp_path: Path) -> None:
    old = edited(clone, tmp_path / "old", "from __future__", "import no_such_module\nfrom __future__")
    (old / "src/mandible/device").unlink()
    with pytest.raises(InputError, match=r"old: nothing in it can be compared .*name a later one"):
        turns(old, old).try_out()


def test_an_installed_mandible_is_not_taken_for_the_trees(tmp_path: Path, clone: Clone) -> None:
    (tmp_path / "src").mkdir()
    with pytest.raises(InputError, match=r"old: .*mandible was imported from .*, not from"):
        turns(tmp_path, clone.folder).try_out()


def test_a_kernel_that_does_not_load_is_told(clone: Clone, tmp_path: Path) -> None:
    broken = edited(clone, tmp_path / "broken", "import time", "import time")
    (broken / "device/fused/_fused.abi3.so").write_bytes(b"\x7fELF no more")
    with pytest.raises(InputError, match="old: a C kernel builds, but does not load: ImportError"):
        turns(broken, clone.folder).try_out()


@pytest.mark.parametrize(
    ("doing", "told"),
    [
        (
            "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
            r"its worker died \(Segmentation",
        ),
        ("import sys; print('no disk', file=sys.stderr); sys.exit(7)", "died \\(status 7\\): no disk"),
        ("import time; time.sleep(1000)", "old: bake: no answer within 3 s; it hangs"),
        (
            "import os; [os.write(int(n), b'x' * 2_000_000) for n in __import__('sys').argv[3:4]]",
            "old: bake: its worker talks nonsense",
        ),
    ],
)
def test_a_worker_that_dies_hangs_or_floods_is_one_line(
    clone: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, doing: str, told: str
) -> None:
    body = "    line = build_line(model, engine, rig)\n    with open_source"
    old = edited(clone, tmp_path / "old", body, f"    {doing}\n{body}")
    monkeypatch.setattr(workers, "LIMIT_S", 3.0)
    with pytest.raises(InputError, match=told) as error:
        turns(old, clone.folder).try_out()
    assert "\n" not in str(error.value)


def test_commits_are_kept_built_and_few(
    clone: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    built: list[str] = []
    monkeypatch.setattr(building, "build", lambda tree, told: built.append(told))
    kept = tmp_path / "cache/mandible/trees"
    doings: list[str] = []
    for number in range(building.MOST_KEPT + 1):
        clone.git("commit", "-q", "--allow-empty", "-m", str(number))
        building.build_commit(clone.revision("HEAD"), tmp_path / f"tree-{number}", doings.append)
    assert len(built) == building.MOST_KEPT + 1
    assert len(list(kept.iterdir())) == building.MOST_KEPT
    building.build_commit(clone.revision("HEAD"), tmp_path / "again", doings.append)
    assert len(built) == building.MOST_KEPT + 1
    assert "takes HEAD" in doings[-1]
    assert (tmp_path / "again/setup.py").is_file()
    monkeypatch.setenv("CFLAGS", "-O0")
    building.build_commit(clone.revision("HEAD"), tmp_path / "other-flags", doings.append)
    assert len(built) == building.MOST_KEPT + 2


def test_where_nothing_can_be_kept_it_is_built_all_the_same(
    clone: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").write_text("a file, no folder", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(building, "build", lambda tree, told: None)
    building.build_commit(clone.revision(), tmp_path / "tree", lambda _: None)
    assert (tmp_path / "tree/setup.py").is_file()


BUILDING, WORKING = "mandible-compare-*/this/build", "mandible-compare-*/this.stderr"


@pytest.mark.parametrize(
    ("number", "begun"),
    [
        (signal.SIGINT, BUILDING),
        pytest.param(signal.SIGINT, WORKING, marks=pytest.mark.full),
        pytest.param(signal.SIGTERM, WORKING, marks=pytest.mark.full),
        pytest.param(signal.SIGKILL, WORKING, marks=pytest.mark.full),
    ],
)
def test_an_interruption_leaves_no_process_and_no_trace(
    clone: Clone, tmp_path: Path, number: signal.Signals, begun: str
) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    command = clone.command("benchmark", "--compare", TAG)
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, start_new_session=True) as run:
        deadline_s = time.monotonic() + DEADLINE_S
        while not any(tmp_path.glob(begun)):
            assert time.monotonic() < deadline_s
            assert run.poll() is None
            time.sleep(0.02)
        run.send_signal(number)
        run.wait(20)
    assert run.returncode == (-signal.SIGKILL if number == signal.SIGKILL else 130)
    while processes_of(tmp_path):  # of a killed one: its workers end with the block they are at
        assert time.monotonic() < deadline_s, processes_of(tmp_path)
        time.sleep(0.02)
    if number != signal.SIGKILL:
        assert list(tmp_path.iterdir()) == []
    assert clone.git("status", "--porcelain") == ""
    assert clone.git("worktree", "list").count("\n") == 1
