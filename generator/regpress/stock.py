"""Everything that sources have to bytes, and single versions back: nothing of it is in memory until it is asked for.

Each version is a *row*: the body that answers for it, but for whether it is the latest, then what else is known of it.
Registries (`regpress.shelves`) point to rows.
"""

from __future__ import annotations

import json
import marshal
from collections.abc import Iterator, Mapping
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from regpress import api
from regpress.columns import Parts, Sections, Texts, numbers, put_numbers, put_texts
from regpress.model.entry import EntryVersion, Official
from regpress.model.facets import Facets
from regpress.names import KINDS, EntryName, Kind
from regpress.resolve import Resolved, VersionKey

EntryKey = tuple[Kind, str]
_TRUE: Final = b"true"
_FALSE: Final = b"false"
_NO_CLAIMS: Final[Mapping[str, Any]] = MappingProxyType({})
#: Bytes before the document in the body of a server.
_BEFORE: Final = len(b'{"server":')
#: Bytes of what stands in the place of a document.
_STAND_IN: Final = 8
#: Readable by this process and its children alone, so that the fastest form will do.
_MARSHAL: Final = 2


class Candidates(NamedTuple):
    """The versions of one entry in one source, and what the source says about its latest."""

    versions: tuple[EntryVersion, ...] = ()
    latest_claims: Mapping[VersionKey, bool] = {}  # never written


class Stock:
    """The versions of all sources.

    Attributes:
        claims: every map of claims that stands at a version.
        sources: the names of the sources.
    """

    def __init__(self, sections: Sections) -> None:
        self._starts = numbers(sections, "stock/starts", "Q")
        self._ends = numbers(sections, "stock/ends", "Q")
        self._blob = sections["stock/rows"]
        self.claims: list[Mapping[str, Any]] = [
            json.loads(text) or _NO_CLAIMS for text in Texts(sections, "stock/claims")
        ]
        self.sources = list(Texts(sections, "stock/sources"))
        self._keys = {source: Texts(sections, f"stock/{at}/keys") for at, source in enumerate(self.sources)}
        self._firsts = {source: numbers(sections, f"stock/{at}/firsts", "I") for at, source in enumerate(self.sources)}

    def version(self, row: int, *, latest: bool | None = None, with_text: bool = True) -> EntryVersion:
        """Return a version.

        Args:
            row: its row.
            latest: whether it is the latest, where that is not for the source to say.
            with_text: whether its document is wanted; else a stand-in has the place of it (`stand_in_row`).
        """
        return self._read(row, latest, with_text=with_text)[0]

    def body(self, row: int, *, latest: bool) -> bytes:
        """Return the body that answers for a version; `regpress.api.response`."""
        blob, middle, end = self._blob, self._ends[2 * row], self._ends[2 * row + 1]
        return b"".join((blob[self._starts[row] : middle], _TRUE if latest else _FALSE, blob[middle:end]))

    def candidates(self, source: str, kind: Kind, name: str) -> Candidates | None:
        """Return what a source has of an entry, None where that is nothing."""
        keys = self._keys.get(source)
        found = keys.find(f"{kind} {name}") if keys is not None else -1
        return self._candidates(source, found) if found >= 0 else None

    def entries(self, source: str, *, with_text: bool = True) -> Iterator[tuple[EntryKey, Candidates]]:
        """Return all that a source has; without documents on request, as `version`."""
        for position, key in enumerate(self._keys.get(source, ())):
            kind, _, name = key.partition(" ")
            yield (kind, name), self._candidates(source, position, with_text=with_text)  # type: ignore[misc]

    def _candidates(self, source: str, position: int, *, with_text: bool = True) -> Candidates:
        firsts = self._firsts[source]
        versions: list[EntryVersion] = []
        claims: dict[VersionKey, bool] = {}
        for row in range(firsts[position], firsts[position + 1]):
            version, claim = self._read(row, None, with_text=with_text)
            versions.append(version)
            if claim is not None:
                claims[version.kind, str(version.name), version.version] = claim
        return Candidates(tuple(versions), claims)

    def _read(self, row: int, latest: bool | None, *, with_text: bool) -> tuple[EntryVersion, bool | None]:
        """Return a version, and what its source says about whether it is the latest."""
        end, start = self._ends[2 * row + 1], self._starts[row]
        kind, name, label, official, facts, facets, claims, source, file, claim, size = marshal.loads(  # noqa: S302  # made by this program for itself
            self._blob[end : self._starts[row + 1]]
        )
        text = row.to_bytes(_STAND_IN, "big")
        if with_text:
            text = (
                bytes(self._blob[start + _BEFORE : start + _BEFORE + size])
                if kind == 0
                else bytes(self._blob[start : start + size - 1]) + b"}"
            )
        is_latest = official[5] if latest is None else latest
        version = EntryVersion._make(
            (
                KINDS[kind],
                EntryName(*name),
                label,
                text,
                Official._make((*official[:5], is_latest)),
                *facts,
                Facets._make(facets),
                self.claims[claims],
                self.sources[source],
                file,
            )
        )
        return version, claim


def stand_in_row(version: EntryVersion) -> int:
    """Return the row of a version that was read without its document."""
    return int.from_bytes(version.text, "big")


class Rows:
    """The rows of versions in a stock, whichever of them a registry calls the latest."""

    def __init__(self, resolved: Mapping[str, Resolved]) -> None:
        """Take what each source has; see `put_stock`."""
        ordered = (version for one in resolved.values() for _, group in _by_entry(one) for version in group)
        self._rows = {_key(version): row for row, version in enumerate(ordered)}

    def __getitem__(self, version: EntryVersion) -> int:
        """Return the row of a version."""
        return self._rows[_key(version)]


def put_stock(parts: Parts, resolved: Mapping[str, Resolved]) -> None:
    """Add the sections of a stock to a pack: what each source has, one after the other, in the order of entries."""
    starts, ends = [0], list[int]()
    pieces: list[bytes] = []
    claims = _Claims()
    at = 0
    for number, one in enumerate(resolved.values()):
        keys: list[str] = []
        firsts = [len(starts) - 1]
        for key, group in _by_entry(one):
            for version in group:
                front, tail = api.response_parts(version)
                kind, name, label, text, official, *facts, facets, seen_by, _, file = version
                claim = one.latest_claims.get((kind, str(name), label)) if one.latest_claims else None
                row: tuple[Any, ...] = (
                    KINDS.index(kind), tuple(name), label, tuple(official), tuple(facts), tuple(facets),
                    claims.number(seen_by), number, file, claim, len(text),
                )  # fmt: skip
                record = marshal.dumps(row, _MARSHAL)
                pieces += (front, tail, record)
                middle = at + len(front)
                ends += (middle, middle + len(tail))
                at = middle + len(tail) + len(record)
                starts.append(at)
            keys.append(key)
            firsts.append(len(starts) - 1)
        put_texts(parts, f"stock/{number}/keys", keys)
        put_numbers(parts, f"stock/{number}/firsts", "I", firsts)
    parts["stock/rows"] = pieces
    put_numbers(parts, "stock/starts", "Q", starts)
    put_numbers(parts, "stock/ends", "Q", ends)
    put_texts(parts, "stock/claims", claims.texts)
    put_texts(parts, "stock/sources", resolved)


class _Claims:
    """Numbers maps of claims, of which there are few."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._by_text: dict[str, int] = {}
        # Nearly all versions share the map of their source; held, so that no other takes its place.
        self._by_id: dict[int, tuple[int, Mapping[str, Any]]] = {}

    def number(self, claims: Mapping[str, Any]) -> int:
        found = self._by_id.get(id(claims))
        if found is None:
            text = json.dumps(dict(claims), sort_keys=True)
            number = self._by_text.setdefault(text, len(self._by_text))
            if number == len(self.texts):
                self.texts.append(text)
            found = self._by_id[id(claims)] = (number, claims)
        return found[0]


def _by_entry(source: Resolved) -> list[tuple[str, list[EntryVersion]]]:
    """Return what a source has by entry, in the order of what the entries are called in a stock."""
    groups: dict[tuple[Kind, EntryName], list[EntryVersion]] = {}
    for version in source.versions:
        groups.setdefault(version[:2], []).append(version)
    return sorted(((f"{kind} {name}", group) for (kind, name), group in groups.items()), key=itemgetter(0))


def _key(version: EntryVersion) -> tuple[str, Kind, EntryName, str]:
    return version.source, version.kind, version.name, version.version
