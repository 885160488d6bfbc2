"""What may stand behind ``--compare``: a file, a revision of this source, or one clear line."""

from __future__ import annotations

from pathlib import Path

import pytest

from mandible.benchmarks.compare.export import export_commit, export_present
from mandible.benchmarks.compare.revisions import Revision, described, revision
from mandible.cli import main as cli
from mandible.errors import DeviceError, InputError
from tests.benchmark.compare_clone import run_git


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder laid out as ours, one commit deep, and the present folder."""
    folder = tmp_path / "source"
    (folder / "src/mandible").mkdir(parents=True)
    (folder / "parts").mkdir()
    for name in ("setup.py", "src/mandible/__init__.py", "parts/one.py", "gone.py", "changed.py"):
        (folder / name).write_text("# as it was\n", encoding="utf-8")
    (folder / "src/mandible/parts").symlink_to("../../parts")
    (folder / ".gitignore").write_text("*.so\n", encoding="utf-8")
    run_git(folder, "init", "-q", "-b", "main")
    run_git(folder, "add", "-A")
    run_git(folder, "commit", "-q", "-m", "as it was")
    run_git(folder, "tag", "v1")
    run_git(folder, "tag", "-a", "v1-annotated", "-m", "told")
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.mark.parametrize("named", ["v1", "v1-annotated", "main", "HEAD", "refs/tags/v1"])
def test_tags_branches_and_commits_lead_to_the_commit(source: Path, named: str) -> None:
    commit = run_git(source, "rev-parse", "HEAD").strip()
    assert revision(named, source) == Revision(named, commit, source)
    short = revision(commit[:8], source)
    assert short is not None
    assert short.commit == commit
    assert str(revision(named, source)) == f"{named} ({commit[:12]})"


def test_a_hook_of_another_repository_does_not_lead_there(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere/.git")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
    assert revision("v1", source) is not None


def test_a_file_is_a_file_inside_a_clone_and_outside(source: Path, tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("{}", encoding="utf-8")
    assert revision("old.json", source) is None
    assert revision("old.json", tmp_path) is None


def test_a_file_that_is_named_like_a_tag_has_to_be_told_from_it(source: Path, tmp_path: Path) -> None:
    (tmp_path / "v1").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match=r"v1: a file and a revision have this name; write \./v1 for"):
        revision("v1", source)
    assert revision("./v1", source) is None
    assert revision("refs/tags/v1", source) is not None


def test_a_folder_is_no_file(source: Path, tmp_path: Path) -> None:
    (tmp_path / "v1").mkdir()
    assert revision("v1", source) is not None


@pytest.mark.parametrize("named", ["v2", "olld.json", "v1:setup.py", "v1..main", "\n", "a" * 150, "é🙂"])
def test_neither_names_both(source: Path, named: str) -> None:
    with pytest.raises(InputError, match="no such file, and no tag, branch or commit of") as told:
        revision(named, source)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("named", ["--upload-pack=x", "-x", "--all", "", "a\0b", "a" * 5000])
def test_no_name_is_taken_for_an_option(source: Path, named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")  # git is not even asked
    with pytest.raises(InputError, match="no file, tag, branch or commit can have this name"):
        revision(named, source)


def test_an_option_on_the_command_line_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["benchmark", "--compare=--upload-pack=x"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_outside_a_clone_the_remedy_is_told(tmp_path: Path, source: Path) -> None:
    with pytest.raises(
        DeviceError, match=r"v1: no such file; tags, .* need mandible's source under git: git"
    ):
        revision("v1", tmp_path)
    (source / ".git").rename(tmp_path / "moved")
    with pytest.raises(DeviceError, match="is no clone of git, or not yours: git clone"):
        revision("v1", source)


def test_without_git_its_package_is_named(
    source: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/env").symlink_to("/usr/bin/env")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(DeviceError, match="git is not installed: sudo apt-get install git"):
        revision("v1", source)


def test_the_present_tree_is_taken_as_it_lies(source: Path, tmp_path: Path) -> None:
    (source / "changed.py").write_text("# changed\n", encoding="utf-8")
    (source / "gone.py").unlink()
    (source / "new ü\n.py").write_text("# new\n", encoding="utf-8")
    (source / "kernel.so").write_bytes(b"ignored")
    before = run_git(source, "status", "--porcelain")
    export_present(source, tmp_path / "copy")
    copied = {str(file.relative_to(tmp_path / "copy")) for file in (tmp_path / "copy").rglob("*")}
    assert "new ü\n.py" in copied
    assert not copied & {"gone.py", "kernel.so", ".git"}
    assert (tmp_path / "copy/changed.py").read_text(encoding="utf-8") == "# changed\n"
    assert (tmp_path / "copy/src/mandible/parts/one.py").is_file()
    assert (tmp_path / "copy/src/mandible/parts").is_symlink()
    assert run_git(source, "status", "--porcelain") == before
    assert described(source).endswith(" and changes")


def test_a_folder_that_became_a_link_leads_no_copy_out(source: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (source / "parts").rename(outside)
    (source / "parts").symlink_to(outside)
    (outside / "one.py").write_text("# mine\n", encoding="utf-8")
    export_present(source, tmp_path / "copy")
    assert not (tmp_path / "copy/parts/one.py").is_file() or (tmp_path / "copy/parts").is_symlink()
    assert (outside / "one.py").read_text(encoding="utf-8") == "# mine\n"


def test_a_corpus_in_the_tree_is_refused(source: Path, tmp_path: Path) -> None:
    with (source / "corpus.wav").open("wb") as file:
        file.truncate((1 << 30) + 1)
    with pytest.raises(InputError, match=r"over 1 GiB of files that git does not ignore .*corpus\.wav"):
        export_present(source, tmp_path / "copy")


def test_a_commit_is_unpacked_without_a_trace_in_the_repository(source: Path, tmp_path: Path) -> None:
    (source / "changed.py").write_text("# changed\n", encoding="utf-8")
    found = revision("v1", source)
    assert found is not None
    export_commit(found, tmp_path / "copy")
    assert (tmp_path / "copy/changed.py").read_text(encoding="utf-8") == "# as it was\n"
    assert (tmp_path / "copy/src/mandible/parts/one.py").is_file()
    assert run_git(source, "worktree", "list").count("\n") == 1
    assert run_git(source, "status", "--porcelain") == " M changed.py\n"
    assert not (tmp_path / "copy.tar").exists()


def test_a_commit_before_there_was_a_package_is_refused(source: Path, tmp_path: Path) -> None:
    run_git(source, "rm", "-q", "setup.py")
    run_git(source, "commit", "-q", "-m", "no package")
    (source / "setup.py").write_text("# back\n", encoding="utf-8")
    found = revision("HEAD", source)
    assert found is not None
    with pytest.raises(InputError, match="holds no mandible"):
        export_commit(found, tmp_path / "copy")
