"""Commits of changed files: what they hold, what they leave alone, and repositories in every state."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from app_site import git
from regpress.content_git import ContentRepository, open_repository
from regpress.errors import StorageError
from regpress.sources import gitcommand

PATH = "servers/com.example/tool/1.0.0.json"


@pytest.fixture
def top(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    git(tmp_path, "init", "-q", "-b", "main", str(folder))
    git(folder, "config", "user.name", "Ada \\ Example")
    git(folder, "config", "user.email", "ada@example.org")
    put(folder, "content/servers/com.example/other/1.0.0.json", "{}")
    git(folder, "add", "--all")
    git(folder, "commit", "-qm", "Begin")
    return folder


def put(folder: Path, path: str, text: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text)


def opened(top: Path) -> ContentRepository:
    found = open_repository(top / "content")
    assert found is not None
    return found


def commands(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows by the name of each git command that is run."""
    names: list[str] = []
    start = gitcommand._start

    def noted(arguments: tuple[str, ...], *others: object) -> object:
        options = iter(arguments)
        names.append(next(one for one in options if one != "-c" or not next(options)))
        return start(arguments, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(gitcommand, "_start", noted)
    return names


def test_a_commit_holds_new_changed_and_removed_files_and_the_index_agrees(top: Path) -> None:
    repository = opened(top)
    odd = 'servers/com.example/tool/1.0.0-"a\\b.json'
    put(top, f"content/{PATH}", '{"a": 1}\r\n')
    put(top, f"content/{odd}", "{}")
    (top / "content/servers/com.example/other/1.0.0.json").unlink()
    repository.commit([PATH, odd, "servers/com.example/other/1.0.0.json", PATH], "Ändere\n\nviel")
    assert git(top, "status", "--porcelain") == ""
    assert (
        git(top, "log", "-1", "--format=%B%an %ae %cn").strip()
        == "Ändere\n\nviel\nAda \\ Example ada@example.org Ada \\ Example"
    )
    assert git(top, "diff", "--no-renames", "--name-status", "-z", "HEAD^", "HEAD").split("\0")[:-1] == [
        "D", "content/servers/com.example/other/1.0.0.json", "A", f"content/{odd}", "A", f"content/{PATH}",
    ]  # fmt: skip
    shown = subprocess.run(["git", "-C", str(top), "show", f"HEAD:content/{PATH}"], capture_output=True, check=True)
    assert shown.stdout == b'{"a": 1}\r\n'
    git(top, "fsck", "--strict")


def test_what_others_staged_or_changed_stays_staged_or_changed(top: Path) -> None:
    repository = opened(top)
    put(top, "staged.txt", "staged")
    git(top, "add", "staged.txt")
    put(top, "staged.txt", "changed since")
    put(top, "content/pages/about.md", "untracked")
    put(top, f"content/{PATH}", "{}")
    repository.commit([PATH], "Publish")
    assert git(top, "show", "--name-only", "--format=", "HEAD").split() == [f"content/{PATH}"]
    assert git(top, "status", "--porcelain").splitlines() == ["AM staged.txt", "?? content/pages/"]
    assert git(top, "show", ":staged.txt") == "staged"


def test_a_commit_follows_whatever_others_committed(top: Path) -> None:
    repository = opened(top)
    for number in range(3):
        put(top, f"note-{number}.txt", "x")
        git(top, "add", "--all")
        git(top, "commit", "-qm", f"Note {number}")
        git(top, "switch", "-qc", f"branch-{number}")
        put(top, f"content/{PATH}", f"{number}")
        repository.commit([PATH], f"Publish {number}")
    assert git(top, "log", "--format=%s").split("\n")[:4] == ["Publish 2", "Note 2", "Publish 1", "Note 1"]
    assert git(top, "rev-parse", "branch-2") == git(top, "rev-parse", "HEAD")
    assert git(top, "log", "-1", "--format=%s", "main").strip() == "Note 0"
    assert git(top, "status", "--porcelain") == ""


def test_a_write_takes_two_commands(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = opened(top)
    put(top, f"content/{PATH}", "{}")
    repository.commit([PATH], "Publish")
    put(top, f"content/{PATH}", "[]")
    names = commands(monkeypatch)
    repository.commit([PATH], "Edit")
    assert names == ["fast-import", "update-index"]
    assert list((top / ".git/objects/pack").iterdir()) == []


def test_no_branch_an_empty_one_and_converted_files_are_committed_as_git_does(
    tmp_path: Path, top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = commands(monkeypatch)
    git(top, "switch", "-q", "--detach")
    put(top, f"content/{PATH}", "{}")
    opened(top).commit([PATH], "Detached")
    assert git(top, "log", "-1", "--format=%s").strip() == "Detached"
    git(top, "switch", "-q", "main")
    put(top, ".gitattributes", "*.json filter=upper\n")
    git(top, "config", "filter.upper.clean", "tr a-z A-Z")
    put(top, f"content/{PATH}", "abc")
    opened(top).commit([PATH], "Converted")
    assert git(top, "show", f"HEAD:content/{PATH}") == "ABC"
    empty = tmp_path / "empty"
    git(tmp_path, "init", "-q", "-b", "main", str(empty))
    put(empty, f"content/{PATH}", "{}")
    repository = opened(empty)
    repository.commit([PATH], "First")
    assert "fast-import" not in names
    put(empty, f"content/{PATH}", "[]")
    repository.commit([PATH], "Second")
    assert git(empty, "log", "--format=%s").splitlines() == ["Second", "First"]
    assert git(empty, "status", "--porcelain") == ""
    assert list((empty / ".git").glob("fast_import_crash*")) == []


def test_what_is_locked_by_another_git_command_is_not_committed(top: Path) -> None:
    repository = opened(top)
    put(top, f"content/{PATH}", "{}")
    for lock in (top / ".git/index.lock", top / ".git/refs/heads/main.lock"):
        lock.touch()
        before = git(top, "rev-parse", "HEAD")
        with pytest.raises(StorageError, match="cannot be committed to"):
            repository.commit([PATH], "Publish")
        assert git(top, "rev-parse", "HEAD") == before
        lock.unlink()
    repository.commit([PATH], "Publish")
    assert git(top, "status", "--porcelain") == ""


def test_an_index_that_was_left_behind_catches_up(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = opened(top)
    put(top, f"content/{PATH}", "{}")
    with monkeypatch.context() as patched:
        patched.setattr(ContentRepository, "stage", lambda *_: (_ for _ in ()).throw(StorageError("index", "locked")))
        repository.commit([PATH], "Publish")
    assert git(top, "status", "--porcelain") != ""
    put(top, "content/servers/com.example/tool/2.0.0.json", "{}")
    repository.commit(["servers/com.example/tool/2.0.0.json"], "Publish again")
    assert git(top, "status", "--porcelain") == ""
