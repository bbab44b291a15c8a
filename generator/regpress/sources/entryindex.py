"""Versions of a registry file to what they hold: each entry and a fingerprint of its document.

What was found in a version is kept in the cache folder under the content's id, so that the next build reads only
what is new. The cache saves time and never changes an answer.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from regpress import __version__
from regpress.digest import recipe
from regpress.model.document import DocumentError, compact_text
from regpress.model.entry import OFFICIAL_META, Candidate, RawFile
from regpress.model.registry import read_candidates
from regpress.sources.gitcommand import MEBIBYTE, GitFailedError
from regpress.sources.gitrepository import GitRepository

#: Kind, ``namespace/name``, version.
EntryKey = tuple[str, str, str]
EntryIndex = Mapping[EntryKey, str]

#: Most versions of one file, and bytes of them, that are looked at.
MAX_BLOBS: Final = 2_000
MAX_BYTES: Final = 1024 * MEBIBYTE
MAX_BLOB_BYTES: Final = 100 * MEBIBYTE

#: Of the index files: another reader may find other entries in the same bytes.
_READER: Final = f"1 {__version__}"
_BATCH_BLOBS: Final = 64
_BATCH_BYTES: Final = 64 * MEBIBYTE
_KEPT_INDEXES: Final = 8

#: What a version holds, None where it is no registry document, and its bytes.
_Found = tuple[EntryIndex | None, int]


class LimitReachedError(Exception):
    """As many versions were looked at as may be."""


class EntryIndexes:
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
            LimitReachedError: it is one more than may be looked at.
        """
        if blob in self._recent:
            return self._recent[blob]
        if blob not in self._counted and (len(self._counted) >= self._max_blobs or self._bytes_left <= 0):
            raise LimitReachedError
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
