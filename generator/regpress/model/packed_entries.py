"""Entries of a registry to bytes and back: how what a build gathered is kept for the next one.

Documents that stand in a file as they are served are not repeated: of those, the place in the file is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, repeat
from typing import Any, Final, NamedTuple, TypeVar

from regpress.model.entry import Entry, EntryVersion, Official
from regpress.model.facets import Facets
from regpress.model.file_elements import Sliced
from regpress.names import KINDS, EntryName, Kind

T = TypeVar("T")

_DIGEST: Final = 16
_NO_CLAIMS: Final[Mapping[str, Any]] = {}


class Place(NamedTuple):
    """Where the document of a version stands: the number of the file, and its first byte and the one behind it."""

    file: int
    start: int
    end: int


#: A version's place by its source and identity.
Places = Mapping[tuple[str, Kind, EntryName, str], Place]


class PackedEntries(NamedTuple):
    """Entries, and versions of names that have nothing else.

    Attributes:
        columns: facts about them, plain JSON values.
        blob: digests of the versions, then the texts that stand in no file.
    """

    columns: dict[str, Any]
    blob: bytes


@dataclass(slots=True)
class _Table:
    """Values that many share, each kept once."""

    rows: dict[Any, int] = field(default_factory=dict)

    def number(self, value: Any) -> int:
        return self.rows.setdefault(value, len(self.rows))


def pack_entries(
    entries: Sequence[Entry], gone: Sequence[EntryVersion], places: Places, files: Sequence[Sliced]
) -> PackedEntries:
    """Return entries as columns; none has claims, and their long texts are left out.

    Args:
        entries: in any order.
        gone: versions of names of which every version is deleted.
        places: where documents may stand.
        files: the bytes of the files.
    """
    names, officials, words, tags, facets, origins = _Table(), _Table(), _Table(), _Table(), _Table(), _Table()
    rows: list[tuple[int, ...]] = []
    versions: list[tuple[Any, ...]] = []
    digests: list[bytes] = []
    texts: list[bytes] = []
    metas: list[tuple[int, str]] = []

    def add(version: EntryVersion) -> None:
        place = places.get((version.source, version.kind, version.name, version.version))
        if place is None or files[place.file][place.start : place.end] != version.text:
            place = Place(-1, 0, len(version.text))
            texts.append(version.text)
        if version.other_meta:
            metas.append((len(versions), version.other_meta.decode()))
        digests.append(version.digest)
        versions.append(
            (
                version.version,
                *place,
                officials.number(version.official),
                words.number(version.title),
                words.number(version.description),
                tags.number(version.tags),
                facets.number(version.facets),
                origins.number((version.source, version.file)),
            )
        )

    for entry in entries:
        everything = (*entry.versions, *entry.deleted)
        latest = entry.versions.index(entry.latest) if len(entry.versions) > 1 else 0
        kind = KINDS.index(entry.kind)
        rows.append((kind, names.number(entry.name), len(entry.versions), len(entry.deleted), latest))
        for version in everything:
            add(version)
    others = [(KINDS.index(version.kind), names.number(version.name)) for version in gone]
    for version in gone:
        add(version)
    columns = {
        "entries": list(zip(*rows, strict=True)),
        "gone": others,
        "versions": list(zip(*versions, strict=True)),
        "metas": metas,
        "names": list(map(tuple, names.rows)),
        "officials": list(map(tuple, officials.rows)),
        "words": list(words.rows),
        "tags": list(tags.rows),
        "facets": list(map(tuple, facets.rows)),
        "origins": list(origins.rows),
    }
    return PackedEntries(columns, b"".join((*digests, *texts)))


def unpack_entries(
    packed: PackedEntries, files: Sequence[tuple[Sliced, int]]
) -> tuple[list[Entry], list[EntryVersion]]:
    """Return what `pack_entries` was given.

    Args:
        packed: as it made them.
        files: the bytes of each file, and where among them it begins.

    Raises:
        ValueError, KeyError, TypeError, IndexError: it did not make them.
    """
    columns = packed.columns
    names = [EntryName(*parts) for parts in columns["names"]]
    kinds, name_at, counts, deleted, latest = columns["entries"] or ((), (), (), (), ())
    sizes = list(map(int.__add__, counts, deleted))
    gone = columns["gone"]
    versions = _versions(
        packed,
        files,
        kinds=chain(_spread(map(KINDS.__getitem__, kinds), sizes), (KINDS[kind] for kind, _ in gone)),
        names=chain(_spread(map(names.__getitem__, name_at), sizes), (names[at] for _, at in gone)),
    )
    entries = []
    for kind, at, count, size, which in zip(kinds, name_at, counts, sizes, latest, strict=True):
        own = tuple(islice(versions, count))
        withdrawn = tuple(islice(versions, size - count))
        chosen = own[which]
        entries.append(Entry(KINDS[kind], names[at], own, chosen, withdrawn, "", chosen.source))
    return entries, list(versions)


def _versions(
    packed: PackedEntries, files: Sequence[tuple[Sliced, int]], *, kinds: Iterable[str], names: Iterable[EntryName]
) -> Iterator[EntryVersion]:
    columns = packed.columns
    if not columns["versions"]:
        return iter(())
    texts, file_at, starts, ends, official_at, title_at, description_at, tags_at, facets_at, origin_at = columns[
        "versions"
    ]
    count = len(texts)
    words = columns["words"]
    tags = list(map(tuple, columns["tags"]))
    facets = [Facets(*map(tuple, values)) for values in columns["facets"]]
    officials = [Official(*fields) for fields in columns["officials"]]
    origins = columns["origins"]
    metas = [b""] * count
    for position, meta in columns["metas"]:
        metas[position] = meta.encode()
    blob = packed.blob
    return map(
        EntryVersion._make,
        zip(
            kinds,
            names,
            texts,
            _documents(file_at, starts, ends, files, blob, count * _DIGEST),
            map(officials.__getitem__, official_at),
            [blob[at : at + _DIGEST] for at in range(0, count * _DIGEST, _DIGEST)],
            metas,
            map(words.__getitem__, title_at),
            map(words.__getitem__, description_at),
            map(tags.__getitem__, tags_at),
            map(facets.__getitem__, facets_at),
            repeat(_NO_CLAIMS, count),
            [origins[at][0] for at in origin_at],
            [origins[at][1] for at in origin_at],
            strict=True,
        ),
    )


def _documents(  # noqa: PLR0917 - columns
    file_at: Sequence[int],
    starts: Sequence[int],
    ends: Sequence[int],
    files: Sequence[tuple[Sliced, int]],
    blob: bytes,
    at: int,
) -> list[bytes]:
    found = []
    for file, start, end in zip(file_at, starts, ends, strict=True):
        if file >= 0:
            data, base = files[file]
            found.append(data[base + start : base + end])
        else:
            found.append(blob[at : at + end])
            at += end
    if at != len(blob):
        raise ValueError
    return found


def _spread(values: Iterable[T], counts: Iterable[int]) -> Iterator[T]:
    """Yield each value as often as its count says."""
    return chain.from_iterable(map(repeat, values, counts))
