"""Commits to times: when files came and last changed, as their repository's history tells it.

Times are committers' times in UTC. All commits that HEAD leads to count, not only those of the main line: a commit
keeps its time when its branch is merged, so that a file's times never move because of a merge. Renames are not
followed: under another path a file is another entry.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from regpress.errors import RegistryError
from regpress.model.entry import Times
from regpress.sources.gitcommand import MEBIBYTE, GitFailedError
from regpress.sources.gitrepository import FILE_MODES, GitRepository, find_repository, parse_seconds
from regpress.sources.local_times import LocalTimes
from regpress.times import from_epoch

#: More paths than this are not named one by one: git reads the history of their folder.
_MAX_NAMED_PATHS: Final = 50
_MAX_LOG: Final = 2048 * MEBIBYTE
_HEADER: Final = b"\x01"


class Change(NamedTuple):
    """What one commit did to one file.

    Attributes:
        commit: its id.
        seconds: its committer's time, since 1970.
        path: the file, as git has it.
        new: the content's object id after the commit; None where it removed the file or put something else there.
        old: the same before it, one for each parent.
    """

    commit: str
    seconds: int
    path: str
    new: str | None
    old: tuple[str | None, ...]


def local_history(folder: Path, paths: Sequence[str]) -> LocalTimes:
    """Return the times of files below *folder*, from the git repository that it is in.

    A file with changes that are not committed counts as changed when it was last written. A file that no commit has
    is absent, and so is every file where the folder is in no repository or there is no git program.

    Args:
        folder: any folder.
        paths: relative to it, with slashes.
    """
    if not paths:
        return LocalTimes({})
    try:
        repository = find_repository(folder)
        return _local_times(repository, folder, paths) if repository else LocalTimes({})
    except RegistryError as error:
        return LocalTimes({}, problem=str(error))


def file_times(repository: GitRepository, revision: str, paths: Sequence[str] = ()) -> dict[str, Times]:
    """Return the times of the files that *revision* has, from one walk over its history.

    Args:
        repository: where to look.
        revision: a commit.
        paths: files or folders to look at, literally; none for everything.

    Returns:
        By path. ``added`` is the commit that brought the file and after which it was never removed, ``changed`` the
        last one that changed its content. Files older than a shallow clone are absent.

    Raises:
        GitFailedError: the history cannot be read.
    """
    present = {entry.path for entry in repository.tree_files(revision, paths) if entry.mode in FILE_MODES}
    borders = repository.shallow_commits()
    changed: dict[str, int] = {}
    added: dict[str, int] = {}
    for change in changes(repository, revision, paths):
        path = change.path
        if path not in present:
            continue
        if change.new is None:
            # Before anything else was seen, it happened on a branch whose removal a merge did not take.
            if path in changed:
                present.discard(path)
        elif change.commit in borders:
            present.discard(path)
            added.pop(path, None)
        elif change.new not in change.old:
            changed.setdefault(path, change.seconds)
            added[path] = change.seconds
    return {path: Times(added=from_epoch(first), changed=from_epoch(changed[path])) for path, first in added.items()}


def changes(repository: GitRepository, revision: str, paths: Iterable[str] = ()) -> Iterator[Change]:
    """Return what the commits that lead to *revision* did to files, newest commit first.

    A merge counts for the files that it leaves different from all of its parents. The order is that of time, but
    never a commit before its descendants; it depends on the commits alone.

    Args:
        repository: where to look.
        revision: a commit.
        paths: files or folders, literally; none for everything.

    Raises:
        GitFailedError: the history cannot be read.
    """
    printed = repository.run(
        "log", "-z", "--raw", "-c", "--no-abbrev", "--no-renames", "--no-ext-diff", "--date-order",
        "--no-show-signature", "--ignore-submodules=all", "--format=%x01%H %ct", revision, "--", *paths,
        limit=_MAX_LOG,
    )  # fmt: skip
    return _parse_log(printed)


def _parse_log(printed: bytes) -> Iterator[Change]:
    commit, seconds = "", 0
    tokens = iter(printed.split(b"\0"))
    for token in tokens:
        line = token.lstrip(b"\n")
        if line.startswith(_HEADER):
            identity, _, time = line[1:].partition(b" ")
            commit, seconds = identity.decode("ascii", "replace"), parse_seconds(time)
        elif line.startswith(b":"):
            yield _change(commit, seconds, line.decode("ascii", "replace"), os.fsdecode(next(tokens, b"")))


def _change(commit: str, seconds: int, line: str, path: str) -> Change:
    parents = len(line) - len(line.lstrip(":"))
    modes = line[parents:].split(" ", parents + 1)
    objects = modes.pop().split(" ")
    states = [
        object_id if mode in FILE_MODES else None for mode, object_id in zip(modes, objects[: parents + 1], strict=True)
    ]
    return Change(commit, seconds, path, states[-1], tuple(states[:-1]))


def _local_times(repository: GitRepository, folder: Path, paths: Sequence[str]) -> LocalTimes:
    prefix = work_tree_path(repository, folder)
    in_tree = {path: f"{prefix}/{path}" if prefix else path for path in paths}
    places = tuple(in_tree.values()) if len(paths) <= _MAX_NAMED_PATHS else (prefix,) if prefix else ()
    head = repository.commit("HEAD")
    if head is None:
        return LocalTimes({})
    times = file_times(repository, head, places)
    shallow = bool(repository.shallow_commits())
    for path in uncommitted(repository, places):
        if path in times:
            times[path] = written_since(times[path], repository.work_tree / path)
    return LocalTimes({path: times[place] for path, place in in_tree.items() if place in times}, shallow=shallow)


def uncommitted(repository: GitRepository, paths: Iterable[str] = ()) -> Iterator[str]:
    """Return the tracked files that differ from HEAD in the work tree or the index.

    Raises:
        GitFailedError: the work tree cannot be compared.
    """
    printed = repository.run(
        "status", "--porcelain", "-z", "--no-renames", "--untracked-files=no", "--ignore-submodules=all", "--", *paths
    )
    return (os.fsdecode(line[3:]) for line in printed.split(b"\0") if line)


def written_since(times: Times, file: Path) -> Times:
    """Return *times* of a file that was changed after its last commit: the moment when it was last written."""
    try:
        written = from_epoch(int(file.stat().st_mtime))
    except (OSError, ValueError, OverflowError):
        return times
    # Both are whole seconds in UTC, so that their texts sort as they do. A restored backup may be older.
    return Times(added=times.added, changed=max(times.changed, written))


def work_tree_path(repository: GitRepository, place: Path) -> str:
    """Return *place* relative to the work tree, with slashes; empty for the work tree itself.

    Raises:
        GitFailedError: it lies outside.
    """
    relative = os.path.relpath(os.path.realpath(place), repository.work_tree)
    if relative == ".." or relative.startswith("../"):
        raise GitFailedError(f"{place} is outside of the work tree {repository.work_tree}")
    return "" if relative == "." else relative
