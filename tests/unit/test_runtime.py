"""The private folder of a run: in memory where there is some, and nobody's left behind."""

from __future__ import annotations

import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from takeback.errors import BadSetting
from takeback.runtime import default_parent, file_system, is_in_memory, runtime_folder


@pytest.fixture
def parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where runs make their folders, in place of shared memory."""
    monkeypatch.setattr("takeback.runtime._SHARED_MEMORY", tmp_path / "none")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_run_has_a_private_folder_that_ends_with_it(parent: Path) -> None:
    with runtime_folder("") as folder:
        assert folder.parent == parent
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "entry.snapshot").write_bytes(b"x")
    assert list(parent.iterdir()) == []


def test_what_a_killed_run_left_is_removed_by_the_next_and_what_lives_is_not(parent: Path) -> None:
    code = f"""
import sys, tempfile
tempfile.tempdir = {str(parent)!r}
import takeback.runtime as runtime
runtime._SHARED_MEMORY = runtime.Path({str(parent / "none")!r})
with runtime.runtime_folder("") as folder:
    (folder / "entry.snapshot").write_bytes(b"codes")
    print(folder, flush=True)
    sys.stdin.read()
"""
    other = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    theirs = Path(other.stdout.readline().strip())
    with runtime_folder(""):
        assert (theirs / "entry.snapshot").exists()
    other.kill()
    other.communicate()
    assert (theirs / "entry.snapshot").exists()
    with runtime_folder(""):
        assert not theirs.exists()


def test_a_chosen_folder_is_made_stays_and_holds_no_older_snapshot(tmp_path: Path) -> None:
    chosen = tmp_path / "run" / "takeback"
    chosen.mkdir(parents=True)
    for name in ("entry.snapshot", "item.snapshot.part", "mine"):
        (chosen / name).write_bytes(b"x")
    with runtime_folder(str(chosen)) as folder:
        assert folder == chosen
        assert sorted(path.name for path in chosen.iterdir()) == ["mine", "run.lock"]
        (chosen / "entry.snapshot").write_bytes(b"x")
    assert sorted(path.name for path in chosen.iterdir()) == ["mine", "run.lock"]


def test_a_folder_that_cannot_be_made_is_a_bad_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with (
        pytest.raises(BadSetting, match=r"runtime directory .* cannot be made: Not a directory"),
        runtime_folder(str(tmp_path / "file" / "run")),
    ):
        pass


def test_what_lies_in_memory_is_told_from_what_lies_on_disk(small_disk: Path, tmp_path: Path) -> None:
    assert is_in_memory(small_disk)
    assert is_in_memory(small_disk / "not" / "there" / "yet")
    assert file_system(small_disk) == "tmpfs"
    assert is_in_memory(tmp_path) == (file_system(tmp_path) in ("tmpfs", "ramfs"))
    assert default_parent().is_dir()
