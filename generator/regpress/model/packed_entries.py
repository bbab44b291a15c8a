"""Entries of a registry to bytes and back: how what a build gathered is kept for the next one.

Documents that stand in a file as they are served are not repeated: of those, the place in the file is kept. Most
entries never become records again: what plans are made of is kept besides, `regpress.model.entry_columns`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from itertools import accumulate, chain, islice, pairwise, repeat
from operator import itemgetter
from typing import Any, Final, NamedTuple, TypeVar

from regpress.digest import FINGERPRINT
from regpress.model.entry import Entry, EntryVersion, Official, Outline
from regpress.model.entry_columns import EntryColumns
from regpress.model.facets import Facets
from regpress.model.file_elements import FileElements, Places
from regpress.model.lazy_entries import Line
from regpress.model.numbered import numbered, numbered_runs
from regpress.model.prints import Prints
from regpress.names import KINDS, EntryName, Kind

T = TypeVar("T")

_NO_CLAIMS: Final[Mapping[str, Any]] = {}

#: What is kept of every version, in columns. Texts are not among it, most of which stand in files: a process that came
#: of another one has in memory twice what it looks at.
_FACTS: Final = (
    *("version", "official", "digest", "other_meta", "title", "description", "tags", "facets", "source", "file"),
)
_facts: Final = itemgetter(*map(EntryVersion._fields.index, _FACTS))


class PackedEntries(NamedTuple):
    """Entries, and versions of names that have nothing else.

    Attributes:
        columns: facts about them, plain JSON values.
        blob: digests of the versions, what stands for entries and for their visible versions, then the texts that
            stand in no file.
        lines: of the name index, one behind the other.
    """

    columns: dict[str, Any]
    blob: bytes | memoryview
    lines: bytes | memoryview


def pack_entries(
    entries: Mapping[Kind, Sequence[Entry]],
    gone: Sequence[EntryVersion],
    facts: EntryColumns,
    places: Places,
    lines: Sequence[Line],
) -> PackedEntries:
    """Return entries as columns; none has claims, and their long texts are left out.

    Args:
        entries: by kind.
        gone: versions of names of which every version is deleted.
        facts: about the entries.
        places: where documents stand in files.
        lines: of the name index, about each of the entries.
    """
    ordered = [entry for kind in KINDS for entry in entries.get(kind, ())]
    versions = [version for entry in ordered for version in (*entry.versions, *entry.deleted)]
    versions += gone
    sizes = [len(entry.versions) + len(entry.deleted) for entry in ordered]
    # Column by column: a loop over the versions takes twice as long.
    labels, officials, digests, metas, titles, descriptions, tags, facets, sources, paths = (
        zip(*map(_facts, versions), strict=True) if versions else repeat((), len(_FACTS))
    )
    stands = list(map(places.get, digests))
    others = [version.text for version, place in zip(versions, stands, strict=True) if place is None]
    further = iter(range(len(others)))
    columns: dict[str, Any] = {
        "kinds": [len(entries.get(kind, ())) for kind in KINDS],
        "names": facts.names,
        "shards": facts.shards,
        "counts": facts.counts,
        "sizes": sizes,
        "latest": [entry.versions.index(entry.latest) if len(entry.versions) > 1 else 0 for entry in ordered],
        "lengths": facts.lengths,
        "gone": [(version.kind, *version.name) for version in gone],
        "versions": labels,
        "by_text": list(_by_text(ordered, sizes)),
        # The file that has the text of each version, and its element; -1 and a position in further texts.
        "files": [-1 if place is None else place[0] for place in stands],
        "numbers": [next(further) if place is None else place[1] for place in stands],
        "texts": list(map(len, others)),
        "metas": [(at, meta.decode()) for at, meta in enumerate(metas) if meta],
        # What many versions share stands once.
        "titles": numbered_runs(titles),
        "descriptions": numbered_runs(descriptions),
        "officials": numbered(officials),
        "tags": numbered(tags),
        "facets": numbered(facets),
        "sources": numbered_runs(sources),
        "paths": numbered_runs(paths),
        "lines": [len(line) for line, _ in lines],
        "told": numbered([told for _, told in lines]),
    }
    prints = (facts.whole.data, facts.latest.data, facts.prints.data)
    return PackedEntries(columns, b"".join((*digests, *prints, *others)), b"".join([line for line, _ in lines]))


def _by_text(entries: Iterable[Entry], sizes: Iterable[int]) -> Iterator[int]:
    """Yield which of all versions are the visible ones of each entry, in the order of their texts."""
    first = 0
    for entry, size in zip(entries, sizes, strict=True):
        if len(entry.versions) == 1:
            yield first
        else:
            texts = [version.version for version in entry.versions]
            yield from [at for _, at in sorted(zip(texts, range(first, first + len(texts)), strict=True))]
        first += size


class KeptEntries:
    """What `pack_entries` was given; entries are made when they are asked for, by their positions.

    Args:
        packed: as it made them.
        files: what stands in the files, in their order there.
    """

    def __init__(self, packed: PackedEntries, files: Sequence[FileElements]) -> None:
        self._columns, blob, self._lines = packed
        self._blob = bytes(blob)
        self._files = files
        columns = self._columns
        #: The positions of the entries of each kind.
        self.ranges = {
            kind: range(*bounds)
            for kind, bounds in zip(KINDS, pairwise(accumulate(columns["kinds"], initial=0)), strict=True)
        }
        self._firsts = list(accumulate(columns["sizes"], initial=0))

    @cached_property
    def facts(self) -> EntryColumns:
        """Return the facts about all of them that were given."""
        columns = self._columns
        names, counts, by_text = columns["names"], columns["counts"], columns["by_text"]
        latest = list(map(int.__add__, self._firsts, columns["latest"]))
        entries, versions = len(names), len(columns["versions"])
        first = versions * FINGERPRINT
        prints = Prints(self._blob[first : first + (2 * entries + len(by_text)) * FINGERPRINT])
        title_at, titles = columns["titles"]
        tag_at, tags = columns["tags"]
        source_at, sources = columns["sources"]
        official_at, packed = columns["officials"]
        officials = [Official(*fields) for fields in packed]
        return EntryColumns(
            names=names,
            shards=columns["shards"],
            counts=counts,
            whole=prints[:entries],
            latest=prints[entries : 2 * entries],
            titles=_through(titles, title_at, latest),
            tags=_through(list(map(tuple, tags)), tag_at, latest),
            lengths=columns["lengths"],
            sources=_through(sources, source_at, latest),
            # None has a long text.
            extended=list(map(int.__lt__, counts, columns["sizes"])),
            versions=_some(columns["versions"], by_text),
            published=_through([official.published_at for official in officials], official_at, by_text),
            updated=_through([official.updated_at for official in officials], official_at, by_text),
            prints=prints[2 * entries :],
        )

    def entries(self, numbers: Sequence[int]) -> list[Entry]:
        """Return the entries at some positions."""
        columns, firsts = self._columns, self._firsts
        rows: Sequence[int]
        if numbers and numbers[-1] - numbers[0] == len(numbers) - 1:
            rows = range(firsts[numbers[0]], firsts[numbers[-1] + 1])
        else:
            rows = list(chain.from_iterable([range(firsts[at], firsts[at + 1]) for at in numbers]))
        kinds, names = self._kinds(numbers), self._names(numbers)
        sizes = _some(columns["sizes"], numbers)
        versions = self._versions(rows, _spread(kinds, sizes), _spread(names, sizes))
        made = []
        for kind, name, count, size, which in zip(
            kinds, names, _some(columns["counts"], numbers), sizes, _some(columns["latest"], numbers), strict=True
        ):
            own = tuple(islice(versions, count))
            withdrawn = tuple(islice(versions, size - count)) if size > count else ()
            chosen = own[which]
            made.append(Entry(kind, name, own, chosen, withdrawn, "", chosen.source))
        return made

    def latest(self, numbers: Sequence[int]) -> list[EntryVersion]:
        """Return the latest version of each of the entries at some positions."""
        rows = self._latest_rows(numbers)
        return list(self._versions(rows, self._kinds(numbers), self._names(numbers)))

    def outlines(self, numbers: Sequence[int]) -> Iterator[Outline]:
        """Return what lists say about the latest version of each of the entries at some positions."""
        columns = self._said(self._latest_rows(numbers))
        return map(partial(tuple.__new__, Outline), zip(*columns, strict=True))

    def texts(self, numbers: Sequence[int]) -> Iterator[tuple[bytes | memoryview, bytes]]:
        """Return the document of the latest version of each of the entries at some positions, and its other members."""
        rows = self._latest_rows(numbers)
        return zip(self._views(rows), map(self._metas.get, rows, repeat(b"")), strict=True)

    def lines(self, numbers: Sequence[int]) -> Iterator[Line]:
        """Return the line of the name index about each of the entries at some positions, and what it tells."""
        told_at, told = self._columns["told"]
        cuts, data = self._line_cuts, self._lines
        views = [
            data[first:end] for first, end in zip(_some(cuts[:-1], numbers), _some(cuts[1:], numbers), strict=True)
        ]
        return zip(views, _shared(lambda facts: tuple(map(tuple, facts)), told, _some(told_at, numbers)), strict=True)

    def gone(self) -> list[EntryVersion]:
        """Return the versions of names of which every version is deleted."""
        others = self._columns["gone"]
        rows = range(self._firsts[-1], len(self._columns["versions"]))
        names = [EntryName(namespace, name) for _, namespace, name in others]
        return list(self._versions(rows, [kind for kind, *_ in others], names))

    def _latest_rows(self, numbers: Sequence[int]) -> list[int]:
        return list(map(int.__add__, _some(self._firsts, numbers), _some(self._columns["latest"], numbers)))

    def _kinds(self, numbers: Sequence[int]) -> list[Kind]:
        ends = [own.stop for own in self.ranges.values()]
        cuts = [0, *(bisect_left(numbers, end) for end in ends)]
        return [kind for kind, (first, end) in zip(KINDS, pairwise(cuts), strict=True) for _ in range(first, end)]

    def _names(self, numbers: Sequence[int]) -> list[EntryName]:
        return list(
            map(partial(tuple.__new__, EntryName), [n.split("/") for n in _some(self._columns["names"], numbers)])
        )

    def _versions(
        self, rows: Sequence[int], kinds: Iterable[Kind], names: Iterable[EntryName]
    ) -> Iterator[EntryVersion]:
        columns, blob = self._columns, self._blob
        source_at, sources = columns["sources"]
        path_at, paths = columns["paths"]
        versions, officials, *said = self._said(rows)
        made = zip(
            kinds,
            names,
            versions,
            self._documents(rows),
            officials,
            [blob[at * FINGERPRINT : at * FINGERPRINT + FINGERPRINT] for at in rows],
            map(self._metas.get, rows, repeat(b"")),
            *said,
            repeat(_NO_CLAIMS, len(rows)),
            _through(sources, source_at, rows),
            _through(paths, path_at, rows),
            strict=True,
        )
        # What `_make` does, without a call of Python for each.
        return map(partial(tuple.__new__, EntryVersion), made)

    def _said(self, rows: Sequence[int]) -> tuple[Sequence[Any], ...]:
        """Return the members of `Outline` of some versions, as columns."""
        columns = self._columns
        official_at, officials = columns["officials"]
        title_at, titles = columns["titles"]
        description_at, descriptions = columns["descriptions"]
        tags_at, tags = columns["tags"]
        facets_at, facets = columns["facets"]
        return (
            _some(columns["versions"], rows),
            _shared(lambda fields: Official(*fields), officials, _some(official_at, rows)),
            _through(titles, title_at, rows),
            _through(descriptions, description_at, rows),
            _shared(tuple, tags, _some(tags_at, rows)),
            _shared(lambda values: Facets(*map(tuple, values)), facets, _some(facets_at, rows)),
        )

    @cached_property
    def _metas(self) -> dict[int, bytes]:
        return {at: meta.encode() for at, meta in self._columns["metas"]}

    @cached_property
    def _text_cuts(self) -> list[int]:
        columns = self._columns
        prints = len(columns["versions"]) + 2 * len(columns["names"]) + len(columns["by_text"])
        return list(accumulate(columns["texts"], initial=prints * FINGERPRINT))

    @cached_property
    def _line_cuts(self) -> list[int]:
        return list(accumulate(self._columns["lines"], initial=0))

    def _documents(self, rows: Sequence[int]) -> list[bytes]:
        return self._cut(rows, [file.data for file in self._files], self._blob)

    def _views(self, rows: Sequence[int]) -> list[memoryview]:
        """Return documents where they stand: to copy them first takes longer than all that is done with them."""
        files: Any = [file.data for file in self._files]
        return self._cut(rows, [memoryview(data) for data in files], memoryview(self._blob))

    def _cut(self, rows: Sequence[int], files: Sequence[Any], blob: Any) -> list[Any]:
        found = []
        columns, cuts = self._columns, self._text_cuts
        bounds = [(data, file.starts, file.ends) for data, file in zip(files, self._files, strict=True)]
        for file, number in zip(_some(columns["files"], rows), _some(columns["numbers"], rows), strict=True):
            if file >= 0:
                data, starts, ends = bounds[file]
                found.append(data[starts[number] : ends[number]])
            else:
                found.append(blob[cuts[number] : cuts[number + 1]])
        return found


def _some(column: Sequence[T], positions: Sequence[int]) -> Sequence[T]:
    """Return what stands at some positions."""
    if isinstance(positions, range):
        return column[positions.start : positions.stop]
    # Of numbers that are kept as such, to make all at once takes less than to make many one by one.
    values: Any = column
    if isinstance(column, memoryview) and len(positions) > len(column) // 4:
        values = column.tolist()
    return [values[at] for at in positions]


def _through(table: Sequence[T], column: Sequence[int], positions: Sequence[int]) -> list[T]:
    """Return what stands in a table at the places that a column has at some positions."""
    return [table[at] for at in _some(column, positions)]


def _shared(make: Callable[[Any], T], table: Sequence[Any], places: Sequence[int]) -> list[T]:
    """Return what is made of a table at some places, each once."""
    made = {at: make(table[at]) for at in set(places)}
    return [made[at] for at in places]


def _spread(values: Iterable[T], counts: Iterable[int]) -> Iterator[T]:
    """Yield each value as often as its count says."""
    return chain.from_iterable(map(repeat, values, counts))
