"""Files that are there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from mandible.errors import InputError
from mandible.whole_file import written


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with written(target) as partial:
        partial.write_text("new")
        assert not target.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_failure_leaves_the_old_file_and_no_part(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")

    def cut_off() -> None:
        with written(target) as partial:
            partial.write_text("ne")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut_off()
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.txt", "old")]


def test_a_full_disk_a_folder_and_nowhere_are_one_line(tmp_path: Path) -> None:
    with (
        pytest.raises(
            InputError, match=r"a\.txt: cannot be written: no space left on device: free some space"
        ),
        written(tmp_path / "a.txt"),
    ):
        raise OSError(28, "No space left on device")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="not a regular file"), written(tmp_path / "folder"):
        pass
    with pytest.raises(InputError, match="there is no folder"), written(tmp_path / "nowhere" / "a.txt"):
        pass


def test_a_link_and_permissions_stay(tmp_path: Path) -> None:
    target, link = tmp_path / "a.txt", tmp_path / "link"
    target.write_text("old")
    target.chmod(0o600)
    link.symlink_to(target)
    with written(link) as partial:
        partial.write_text("new")
    assert link.is_symlink()
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("new", 0o600)
