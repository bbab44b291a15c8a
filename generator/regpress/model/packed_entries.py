"""Entries of a registry to bytes and back: how what a build gathered is kept for the next one.

Documents that stand in a file as they are served are not repeated: of those, the place in the file is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, islice, repeat
from typing import Any, Final, NamedTuple, TypeVar

from regpress.model.entry import Entry, EntryVersion, Official
from regpress.model.facets import Facets
from regpress.model.file_elements import FileElements
from regpress.names import KINDS, EntryName, Kind

T = TypeVar("T")

_DIGEST: Final = 16
_NO_CLAIMS: Final[Mapping[str, Any]] = {}


class Origin(NamedTuple):
    """A large file that entries come from.

    Attributes:
        source: the name of its source.
        elements: what stands in it.
    """

    source: str
    elements: FileElements


class PackedEntries(NamedTuple):
    """Entries, and versions of names that have nothing else.

    Attributes:
        columns: facts about them, plain JSON values.
        blob: digests of the versions, then the texts that stand in no file.
    """

    columns: dict[str, Any]
    blob: bytes


#: Where elements may stand, by source, identity: which of some files, and which of its elements.
Places = Mapping[tuple[str, Kind, EntryName, str], tuple[int, int]]


def places_in(origins: Sequence[Origin]) -> Places:
    """Return where versions may stand; of several elements about one version the first."""
    found: dict[tuple[str, Kind, EntryName, str], tuple[int, int]] = {}
    for file, (source, elements) in enumerate(origins):
        names = elements.names
        for number, (at, version) in enumerate(zip(elements.name_at, elements.versions, strict=True)):
            found.setdefault((source, *names[at], version), (file, number))
    return found


def pack_entries(
    entries: Sequence[Entry], gone: Sequence[EntryVersion], origins: Sequence[Origin], places: Places
) -> PackedEntries:
    """Return entries as columns; none has claims, and their long texts are left out.

    Args:
        entries: in any order.
        gone: versions of names of which every version is deleted.
        origins: files that documents may stand in.
        places: where: `places_in`.
    """
    versions = [version for entry in entries for version in (*entry.versions, *entry.deleted)]
    versions += gone
    names: dict[EntryName, int] = {}
    rows = [
        (
            KINDS.index(entry.kind),
            names.setdefault(entry.name, len(names)),
            len(entry.versions),
            len(entry.deleted),
            entry.versions.index(entry.latest) if len(entry.versions) > 1 else 0,
        )
        for entry in entries
    ]
    others = [(KINDS.index(version.kind), names.setdefault(version.name, len(names))) for version in gone]
    stands, texts = _documents_of(versions, origins, places)
    words: dict[str, int] = {}
    columns: dict[str, Any] = {
        "entries": list(zip(*rows, strict=True)),
        "gone": others,
        "names": list(map(tuple, names)),
        "versions": [version.version for version in versions],
        "stands": stands,
        "titles": [words.setdefault(version.title, len(words)) for version in versions],
        "descriptions": [words.setdefault(version.description, len(words)) for version in versions],
        "words": list(words),
        "metas": [(at, version.other_meta.decode()) for at, version in enumerate(versions) if version.other_meta],
    }
    for column, values in (
        ("officials", [version.official for version in versions]),
        ("tags", [version.tags for version in versions]),
        ("facets", [version.facets for version in versions]),
        ("origins", [version[-2:] for version in versions]),
    ):
        # What many versions share stands once.
        table: dict[Any, int] = {}
        columns[column] = [[table.setdefault(value, len(table)) for value in values], list(map(tuple, table))]
    return PackedEntries(columns, b"".join((*[version.digest for version in versions], *texts)))


def _documents_of(
    versions: Iterable[EntryVersion], origins: Sequence[Origin], places: Places
) -> tuple[list[tuple[int, int]], list[bytes]]:
    """Return where the text of each version stands; -1 and its length for those that are returned besides."""
    stands: list[tuple[int, int]] = []
    texts: list[bytes] = []
    for version in versions:
        text = version.text
        place = places.get((version.source, version.kind, version.name, version.version))
        if place is not None:
            elements = origins[place[0]].elements
            if elements.data[elements.starts[place[1]] : elements.ends[place[1]]] == text:
                stands.append(place)
                continue
        stands.append((-1, len(text)))
        texts.append(text)
    return stands, texts


def unpack_entries(packed: PackedEntries, files: Sequence[FileElements]) -> tuple[list[Entry], list[EntryVersion]]:
    """Return what `pack_entries` was given.

    Args:
        packed: as it made them.
        files: what stands in the files, in their order there.

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
        withdrawn = tuple(islice(versions, size - count)) if size > count else ()
        chosen = own[which]
        entries.append(Entry(KINDS[kind], names[at], own, chosen, withdrawn, "", chosen.source))
    return entries, list(versions)


def _versions(
    packed: PackedEntries, files: Sequence[FileElements], *, kinds: Iterable[Kind], names: Iterable[EntryName]
) -> Iterator[EntryVersion]:
    columns = packed.columns
    texts = columns["versions"]
    count = len(texts)
    words = columns["words"]
    official_at, officials = columns["officials"]
    tags_at, tags = columns["tags"]
    facets_at, facets = columns["facets"]
    origin_at, origins = columns["origins"]
    metas = [b""] * count
    for position, meta in columns["metas"]:
        metas[position] = meta.encode()
    blob = packed.blob
    rows = zip(
        kinds,
        names,
        texts,
        _documents(columns["stands"], files, blob, count * _DIGEST),
        map([Official(*fields) for fields in officials].__getitem__, official_at),
        [blob[at : at + _DIGEST] for at in range(0, count * _DIGEST, _DIGEST)],
        metas,
        map(words.__getitem__, columns["titles"]),
        map(words.__getitem__, columns["descriptions"]),
        map(list(map(tuple, tags)).__getitem__, tags_at),
        map([Facets(*map(tuple, values)) for values in facets].__getitem__, facets_at),
        repeat(_NO_CLAIMS, count),
        map([source for source, _ in origins].__getitem__, origin_at),
        map([file for _, file in origins].__getitem__, origin_at),
        strict=True,
    )
    # What `_make` does, without a call of Python for each.
    return map(partial(tuple.__new__, EntryVersion), rows)


def _documents(stands: Iterable[tuple[int, int]], files: Sequence[FileElements], blob: bytes, at: int) -> list[bytes]:
    found = []
    for file, number in stands:
        if file >= 0:
            data, _, starts, ends, *_ = files[file]
            found.append(data[starts[number] : ends[number]])
        else:
            found.append(blob[at : at + number])
            at += number
    if at != len(blob):
        raise ValueError
    return found


def _spread(values: Iterable[T], counts: Iterable[int]) -> Iterator[T]:
    """Yield each value as often as its count says."""
    return chain.from_iterable(map(repeat, values, counts))
