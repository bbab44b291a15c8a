"""Versions of a file that holds many entries to the times of each entry.

The commits that changed the file are walked from the newest to the oldest. An entry was *added* by the commit after
which it was never missing, and *changed* by the newest commit that left it another document than before. What was
found in one version of the file is kept in the cache folder under the content's id, so that the next build reads
only what is new; the cache saves time and never changes an answer.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from regpress import __version__
from regpress.digest import recipe
from regpress.errors import RegistryError
from regpress.model.document import DocumentError, compact_text
from regpress.model.entry import OFFICIAL_META, Candidate, RawFile, Times
from regpress.model.registry import read_candidates
from regpress.sources.gitcommand import MEBIBYTE, GitFailedError, GitRepository, find_repository
from regpress.sources.history import Change, changes, uncommitted, work_tree_path
from regpress.times import from_epoch

#: Kind, ``namespace/name``, version.
EntryKey = tuple[str, str, str]
#: What one version of a file holds: each entry and a fingerprint of its document.
EntryIndex = Mapping[EntryKey, str]

#: What a version holds, None where it is no registry document, and its bytes.
_Found = tuple[EntryIndex | None, int]

#: Most versions of one file, and bytes of them, that are looked at; older ones are not.
MAX_BLOBS: Final = 2_000
MAX_BYTES: Final = 1024 * MEBIBYTE
MAX_BLOB_BYTES: Final = 100 * MEBIBYTE

#: Of the index files: another reader may find other entries in the same bytes.
_READER: Final = f"1 {__version__}"
_BATCH_BLOBS: Final = 64
_BATCH_BYTES: Final = 64 * MEBIBYTE
_KEPT_INDEXES: Final = 8


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


def undated_entries(candidates: Collection[Candidate]) -> frozenset[EntryKey]:
    """Return the entries that do not say themselves when they were published."""
    return frozenset(
        key for candidate in candidates if not _is_dated(candidate) and (key := entry_key(candidate)) is not None
    )


def entry_key(candidate: Candidate) -> EntryKey | None:
    """Return the identity of a document, or None where it has none."""
    value = candidate.value
    if not isinstance(value, dict):
        return None
    name, version, namespace = value.get("name"), value.get("version"), value.get("namespace")
    if not isinstance(name, str) or not isinstance(version, str):
        return None
    if candidate.kind == "server":
        return candidate.kind, name, version
    return (candidate.kind, f"{namespace}/{name}", version) if isinstance(namespace, str) else None


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
    reader = _Indexes(repository, order, cache=cache, fetch=fetch, max_blobs=max_blobs, max_bytes=max_bytes)
    walk = _Walk(reader, walked, wanted, repository.shallow_commits())
    walk.run(edit)
    return EntryTimes(walk.times, unread=reader.unread, shallow=walk.shallow)


def index_of(data: bytes) -> EntryIndex | None:
    """Return the entries in a version of a file; None where it is no registry document."""
    result = read_candidates(RawFile(path="", data=data))
    if not result.format:
        return None
    index: dict[EntryKey, str] = {}
    for candidate in result.candidates:
        key = entry_key(candidate)
        with contextlib.suppress(DocumentError):
            if key is not None:
                index[key] = _fingerprint(candidate)
    return index


def _fingerprint(candidate: Candidate) -> str:
    block = _official(candidate.meta)
    state = [block.get("status"), block.get("statusMessage"), candidate.claims]
    return recipe((compact_text(candidate.value), compact_text(state))).hex()[:20]


def _official(meta: Any) -> dict[str, Any]:
    block = meta.get(OFFICIAL_META) if isinstance(meta, dict) else None
    return block if isinstance(block, dict) else {}


def _is_dated(candidate: Candidate) -> bool:
    inner = candidate.value.get("_meta") if isinstance(candidate.value, dict) else None
    return any(isinstance(_official(meta).get("publishedAt"), str) for meta in (candidate.meta, inner))


class _LimitReachedError(Exception):
    """As many versions were looked at as may be."""


@dataclass(slots=True)
class _Walk:
    """The state of one walk: what is known of the entries that are still looked for."""

    indexes: _Indexes
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
        except _LimitReachedError:
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
        except _LimitReachedError:
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


class _Indexes:
    """Versions of a file to what they hold, read in batches and remembered."""

    def __init__(
        self,
        repository: GitRepository,
        order: Sequence[str],
        *,
        cache: Path | None,
        fetch: Callable[[Sequence[str]], None] | None,
        max_blobs: int,
        max_bytes: int,
    ) -> None:
        self._repository = repository
        self._order = order
        self._cache = cache
        self._fetch = fetch
        self._max_blobs, self._bytes_left = max_blobs, max_bytes
        self._counted: set[str] = set()
        self._missing: set[str] = set()
        self._raw: dict[str, bytes] = {}
        self._recent: OrderedDict[str, EntryIndex | None] = OrderedDict()

    @property
    def unread(self) -> int:
        """Return how many versions were asked for whose content is not here."""
        return len(self._missing & self._counted)

    def of(self, blob: str) -> EntryIndex | None:
        """Return what a version of the file holds; None where that cannot be told.

        Raises:
            _LimitReachedError: it is one more than may be looked at.
        """
        if blob in self._recent:
            return self._recent[blob]
        if blob not in self._counted and (len(self._counted) >= self._max_blobs or self._bytes_left <= 0):
            raise _LimitReachedError
        index, size = self._remembered(blob) or self._read(blob)
        if blob not in self._counted:
            # Counted alike whether it was remembered or read: the answer must not depend on the cache.
            self._counted.add(blob)
            self._bytes_left -= size
        self._recent[blob] = index
        while len(self._recent) > _KEPT_INDEXES:
            self._recent.popitem(last=False)
        return index

    def _read(self, blob: str) -> _Found:
        if blob not in self._raw and blob not in self._missing:
            self._load(blob)
        data = self._raw.pop(blob, None)
        if data is None:
            self._missing.add(blob)
            return None, 0
        found = index_of(data), len(data)
        self._remember(blob, found)
        return found

    def _load(self, blob: str) -> None:
        """Bring *blob* and the next ones that will be asked for into memory."""
        batch = self._batch(blob)
        sizes = self._repository.sizes(batch)
        missing = [each for each in batch if each not in sizes]
        if missing and self._fetch:
            try:
                self._fetch(missing)
            except GitFailedError:
                self._fetch = None  # not once more for each batch
            sizes |= self._repository.sizes(missing)
        self._missing.update(each for each in batch if sizes.get(each, MAX_BLOB_BYTES + 1) > MAX_BLOB_BYTES)
        taken: dict[str, int] = {}
        for each in batch:
            if each not in self._missing and (not taken or sum(taken.values()) + sizes[each] <= _BATCH_BYTES):
                taken[each] = sizes[each]
        with contextlib.suppress(GitFailedError):
            self._raw = self._repository.read(taken)

    def _batch(self, blob: str) -> list[str]:
        start = self._order.index(blob) + 1
        following = (each for each in self._order[start:] if each not in self._missing and not self._is_cached(each))
        return [blob, *itertools.islice(following, _BATCH_BLOBS - 1)]

    def _is_cached(self, blob: str) -> bool:
        return self._cache is not None and self._file(blob).is_file()

    def _file(self, blob: str) -> Path:
        assert self._cache is not None
        return self._cache / blob[:2] / f"{blob}.json"

    def _remembered(self, blob: str) -> _Found | None:
        if self._cache is None:
            return None
        try:
            kept = json.loads(self._file(blob).read_bytes())
            if kept["reader"] != _READER:
                return None
            if kept["entries"] is None:
                return None, int(kept["size"])
            index = {(str(kind), str(name), str(version)): str(mark) for kind, name, version, mark in kept["entries"]}
            return index, int(kept["size"])
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def _remember(self, blob: str, found: _Found) -> None:
        if self._cache is None:
            return
        index, size = found
        entries = None if index is None else [[*key, mark] for key, mark in index.items()]
        text = json.dumps({"reader": _READER, "size": size, "entries": entries})
        file = self._file(blob)
        # A cache that cannot be written costs time, nothing else.
        with contextlib.suppress(OSError):
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=file.parent, suffix=".tmp", delete=False) as fresh:
                fresh.write(text)
            Path(fresh.name).replace(file)
