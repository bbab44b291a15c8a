"""Versions of a file that holds many entries to the times of each entry.

The commits that changed the file are walked from the newest to the oldest. An entry was *added* by the commit after
which it was never missing, and *changed* by the newest commit that left it another document than before. What was
found in one version of the file is kept in the cache folder under the content's id, so that the next build reads
only what is new; the cache saves time and never changes an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from regpress.errors import RegistryError
from regpress.model.entry import Times
from regpress.sources.entryindex import (
    MAX_BLOBS,
    MAX_BYTES,
    EntryIndex,
    EntryIndexes,
    EntryKey,
    LimitReachedError,
    index_of,
)
from regpress.sources.gitrepository import GitRepository, find_repository
from regpress.sources.history import Change, changes, uncommitted, work_tree_path
from regpress.times import from_epoch


class EntryTimes(NamedTuple):
    """The times of the entries of one file.

    Attributes:
        times: of those whose history is here.
        unread: number of versions of the file that were passed over because their content is not here, or too much.
        shallow: whether some entries are older than a shallow clone, and have no times for that reason.
    """

    times: dict[EntryKey, Times]
    unread: int = 0
    shallow: bool = False


def local_entry_times(file: Path, data: bytes, wanted: Collection[EntryKey], *, cache: Path | None) -> EntryTimes:
    """Return the times of entries of a file in a local work tree.

    Entries that no commit has are absent. One that was changed and not committed counts as changed when the file was
    last written.

    Args:
        file: the file.
        data: its bytes.
        wanted: the entries asked for.
        cache: folder for what is found; None to find it each time.
    """
    nothing = EntryTimes({})
    if not wanted:
        return nothing
    try:
        repository = find_repository(file.parent)
        head = repository.commit("HEAD") if repository else None
        if repository is None or head is None:
            return nothing
        path = f"{work_tree_path(repository, file.parent)}/{file.name}".lstrip("/")
        written = int(file.stat().st_mtime) if path in uncommitted(repository, (path,)) else None
        edit = None if written is None else (index_of(data) or {}, written)
        return entry_times(repository, head, path, wanted, cache=cache, edit=edit)
    except (RegistryError, OSError):
        return nothing


def entry_times(
    repository: GitRepository,
    revision: str,
    path: str,
    wanted: Collection[EntryKey],
    *,
    cache: Path | None = None,
    fetch: Callable[[Sequence[str]], None] | None = None,
    edit: tuple[EntryIndex, int] | None = None,
    max_blobs: int = MAX_BLOBS,
    max_bytes: int = MAX_BYTES,
) -> EntryTimes:
    """Return the times of single entries of one file.

    A version of the file that cannot be read as a registry is passed over, as if its commit had not been made. Where
    the limits end the walk, entries that were there by then count as added by the oldest commit that was looked at.

    Args:
        repository: where to look.
        revision: the newest commit.
        path: the file.
        wanted: the entries asked for; without any, nothing is read.
        cache: folder for what is found; None to find it each time.
        fetch: brings contents into the repository that it lacks.
        edit: what the file holds after the newest commit, and when that was written (Unix).
        max_blobs: most versions to look at.
        max_bytes: most bytes of them.

    Raises:
        GitFailedError: the history cannot be read.
    """
    if not wanted:
        return EntryTimes({})
    walked = list(changes(repository, revision, (path,)))
    order = list(dict.fromkeys(blob for change in walked for blob in (change.new, *change.old) if blob))
    reader = EntryIndexes(repository, order, cache=cache, fetch=fetch, max_blobs=max_blobs, max_bytes=max_bytes)
    walk = _Walk(reader, walked, wanted, repository.shallow_commits())
    walk.run(edit)
    return EntryTimes(walk.times, unread=reader.unread, shallow=walk.shallow)


@dataclass(slots=True)
class _Walk:
    """The state of one walk: what is known of the entries that are still looked for."""

    indexes: EntryIndexes
    changes: Sequence[Change]
    wanted: Collection[EntryKey]
    borders: frozenset[str]
    times: dict[EntryKey, Times] = field(default_factory=dict)
    shallow: bool = False
    _open: set[EntryKey] = field(default_factory=set)
    _changed: dict[EntryKey, int] = field(default_factory=dict)
    #: Contents that cannot be read, to the contents before them.
    _before: dict[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._open = set(self.wanted)
        for change in self.changes:
            if change.new:
                self._before.setdefault(change.new, change.old[0])

    def run(self, edit: tuple[EntryIndex, int] | None = None) -> None:
        """Look at the commits until every entry is dated."""
        seconds: int | None = None
        try:
            self._begin(edit)
            for change in self.changes:
                if not self._open:
                    return
                if change.commit in self.borders:
                    self.shallow = True
                    return
                if self._see(change):
                    seconds = change.seconds
        except LimitReachedError:
            pass
        for key in list(self._open) if seconds is not None else ():
            self._close(key, seconds or 0)

    def _begin(self, edit: tuple[EntryIndex, int] | None) -> None:
        """Look only for what is committed, and see what was written after that."""
        committed = self._effective(self.changes[0].new if self.changes else None)
        self._open &= committed.keys()
        if edit:
            index, written = edit
            self._changed.update({key: written for key in self._open if index.get(key) != committed[key]})

    def _see(self, change: Change) -> bool:
        """Look at one commit; return whether its version of the file could be read."""
        new = self.indexes.of(change.new) if change.new else {}
        if new is None:
            return False
        # Every version before it has to be affordable too: else this is the oldest commit that counts.
        try:
            old = [self._effective(blob) for blob in change.old]
        except LimitReachedError:
            self._end(new, change.seconds)
            raise
        touched = {key for index in old for key in _differing(new, index)}
        for key in touched & self._open:
            self._settle(key, new, old, change.seconds)
        return True

    def _settle(self, key: EntryKey, new: EntryIndex, old: Sequence[EntryIndex], seconds: int) -> None:
        if key not in new:
            # Seen in newer commits already: then it was on a branch that a merge did not take.
            return
        if all(index.get(key) != new[key] for index in old):
            self._changed.setdefault(key, seconds)
        if all(key not in index for index in old):
            self._close(key, seconds)

    def _end(self, index: EntryIndex, seconds: int) -> None:
        for key in self._open & index.keys():
            self._close(key, seconds)

    def _close(self, key: EntryKey, seconds: int) -> None:
        self._open.discard(key)
        self.times[key] = Times(added=from_epoch(seconds), changed=from_epoch(self._changed.get(key, seconds)))

    def _effective(self, blob: str | None) -> EntryIndex:
        """Return what a version held; for one that cannot be read, what the version before it held."""
        seen: set[str] = set()
        while blob is not None and blob not in seen:
            if (index := self.indexes.of(blob)) is not None:
                return index
            seen.add(blob)
            blob = self._before.get(blob)
        return {}


def _differing(left: EntryIndex, right: EntryIndex) -> set[EntryKey]:
    return {key for key, _ in left.items() ^ right.items()}
