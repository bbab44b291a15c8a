"""The entries of one kind in one registry to bytes, and lists, single entries and searches back out of them.

A *shelf* has a place for every version, in the order of lists. What queries look at stands in columns; everything else
is in the stock (`regpress.stock`), where each place has its row.
"""

from __future__ import annotations

import re
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Final, Literal, NamedTuple

from regpress.columns import Parts, Sections, Texts, decoded, encoded, numbers, put_numbers, put_texts
from regpress.model.document import compact_text
from regpress.model.entry import STATUS_VALUES, Entry, EntryVersion
from regpress.names import Kind
from regpress.pages import ListName, key_number, token, token_number, version_key
from regpress.query import Key, Query, Row, row_of, texts_of
from regpress.stock import Stock
from regpress.text_blocks import TextBlocks

#: Places of which the newest is known.
BLOCK_SIZE: Final = 256
#: Texts of which it is known together what they hold.
BLOCK_TEXTS: Final = 64
#: Between two texts; folded ones never hold it.
BORDER: Final = "\0"
#: Above every version.
END: Final = "\U0010ffff"

_LATEST: Final = 1
_DELETED: Final = 2
_STATUSES: Final = (*STATUS_VALUES, "archived")
#: Addresses in documents as `regpress.model.document.compact_text` writes them.
_URL: Final = re.compile(rb'"url":"((?:[^"\\]|\\.)+)"')


class Standing(NamedTuple):
    """How an entry stands in one registry.

    Attributes:
        entry: it, or None where every version is deleted or there is none.
        gone: the deleted versions where there is no entry.
    """

    entry: Entry | None = None
    gone: tuple[EntryVersion, ...] = ()

    @property
    def versions(self) -> tuple[EntryVersion, ...]:
        """Return all versions, deleted ones last."""
        return (*self.entry.versions, *self.entry.deleted) if self.entry else self.gone

    @property
    def supplier(self) -> str:
        """Return the source that supplies the entry; empty where there is none."""
        return self.versions[0].source if self.versions else ""

    def find(self, version: str, *, deleted: bool = True) -> EntryVersion | None:
        """Return one version, or ``latest``.

        Args:
            version: exact, or ``latest``.
            deleted: whether a deleted version is looked for too; it never is the latest of an entry that has others.
        """
        if version == "latest":
            return self.entry.latest if self.entry else (self.gone[0] if self.gone and deleted else None)
        if self.entry:
            found = next((one for one in self.entry.versions if one.version == version), None)
            if found or not deleted:
                return found
        return next((one for one in self.versions if one.version == version), None) if deleted else None


class Shelf:
    """The versions of one kind in one registry, in the order of lists; deleted ones too."""

    def __init__(self, kind: Kind, stock: Stock, sections: Sections, name: str) -> None:
        def column(what: str, code: Literal["B", "I", "Q"]) -> memoryview:
            return numbers(sections, f"{name}/{what}", code)

        self._kind: Kind = kind
        self._stock = stock
        self.names = Texts(sections, f"{name}/names")
        self._firsts = column("firsts", "I")
        self._rows = column("rows", "I")
        self._entries = column("entries", "I")
        self._standing = column("standing", "I")
        self._flags = column("flags", "B")
        self._statuses = column("statuses", "B")
        self._versions = Texts(sections, f"{name}/versions")
        self._version_at = column("version-at", "I")
        self._times = Texts(sections, f"{name}/times")
        self._updated = column("updated", "I")
        self._newest = column("newest", "I")
        # Searched through again and again.
        self._text = bytes(sections[f"{name}/text"])
        self._text_starts = column("text-starts", "Q")
        self._text_places = column("text-places", "I")
        self._blocks = TextBlocks(self._text, [*self._text_starts[:-1:BLOCK_TEXTS], self._text_starts[-1]])
        self._cursors: dict[ListName, tuple[memoryview, memoryview]] = {
            "latest": (column("latest-cursors", "Q"), column("latest-cursor-at", "I")),
            "all": (column("all-cursors", "Q"), column("all-cursor-at", "I")),
        }
        self._urls = column("urls", "Q")

    def __len__(self) -> int:
        """Return the number of versions."""
        return len(self._rows)

    # Lists

    def candidates(self, query: Query, hidden: Collection[int]) -> Iterator[Row]:
        """Return rows for `regpress.query.select`: all that *query* takes, and few of the others.

        Args:
            query: the query.
            hidden: entries, by their position in `names`, that are left out.
        """
        start = self._behind(query.after)
        places = self._with_text(query.search, start) if query.search else self._fresh(query.since, start)
        for place in self._likely(query, places):
            if self._entries[place] not in hidden:
                yield self.row(place)

    def row(self, place: int) -> Row:
        """Return what queries look at."""
        segment = bisect_right(self._text_places, place) - 1
        start, end = self._text_starts[segment], self._text_starts[segment + 1]
        flags = self._flags[place]
        return Row(
            self.names[self._entries[place]],
            self._versions[self._version_at[place]],
            tuple(decoded(self._text[start : end - 1]).split(BORDER)),
            self._times[self._updated[place]],
            bool(flags & _LATEST),
            bool(flags & _DELETED),
            _STATUSES[self._statuses[place]],
            place,
        )

    def body(self, place: int) -> bytes:
        """Return the body that answers for a version."""
        return self._stock.body(self._rows[place], latest=bool(self._flags[place] & _LATEST))

    def _behind(self, after: Key) -> int:
        """Return the first place behind another one, whether there is something at that one or not."""
        name, version = after
        position = bisect_left(self.names, name)
        place = self._firsts[position]
        if position < len(self.names) and self.names[position] == name:
            while place < self._firsts[position + 1] and self._versions[self._version_at[place]] <= version:
                place += 1
        return place

    def _with_text(self, search: str, start: int) -> Iterator[int]:
        """Return the places from *start* on whose texts hold the folded *search*."""
        if start >= len(self):
            return
        text, starts, places, wanted = self._text, self._text_starts, self._text_places, encoded(search)
        first = bisect_right(places, start) - 1
        for block in self._blocks.likely(wanted, first // BLOCK_TEXTS):
            segment = max(first, block * BLOCK_TEXTS)
            end = min((block + 1) * BLOCK_TEXTS, len(starts) - 1)
            while segment < end and (found := text.find(wanted, starts[segment], starts[end])) >= 0:
                segment = bisect_right(starts, found)
                yield from range(max(places[segment - 1], start), places[segment])

    def _fresh(self, since: str, start: int) -> Iterator[int]:
        """Return the places from *start* on, without most of those that did not change since a time."""
        least = bisect_right(self._times, since) if since else 0
        for number in range(start // BLOCK_SIZE, len(self._newest)):
            if self._newest[number] >= least:
                first = number * BLOCK_SIZE
                yield from range(max(first, start), min(first + BLOCK_SIZE, len(self)))

    def _likely(self, query: Query, places: Iterable[int]) -> Iterator[int]:
        """Return those of some places that *query* may take by what is seen without making a row."""
        flags, updated, versions = self._flags, self._updated, self._version_at
        refused = 0 if query.deleted or query.since else _DELETED
        needed = _LATEST if query.version == "latest" else 0
        least = bisect_right(self._times, query.since) if query.since else 0
        number = self._versions.find(query.version) if query.version and not needed else None
        if number == -1:
            return
        for place in places:
            flag = flags[place]
            if flag & refused or flag & needed != needed:
                continue
            if updated[place] >= least and (number is None or versions[place] == number):
                yield place

    # Entries

    def size(self, position: int) -> int:
        """Return the number of versions of an entry."""
        return self._firsts[position + 1] - self._firsts[position]

    def standing(self, position: int) -> Standing:
        """Return how an entry stands."""
        versions: list[EntryVersion] = []
        deleted: list[EntryVersion] = []
        latest: EntryVersion | None = None
        for place in self._places(position):
            flags = self._flags[place]
            version = self._stock.version(self._rows[place], latest=bool(flags & _LATEST))
            (deleted if flags & _DELETED else versions).append(version)
            if flags & _LATEST and not flags & _DELETED:
                latest = version
        if latest is None:
            return Standing(None, tuple(deleted))
        entry = Entry(
            kind=self._kind,
            name=latest.name,
            versions=tuple(versions),
            latest=latest,
            deleted=tuple(deleted),
            source=latest.source,
        )
        return Standing(entry)

    def place(self, position: int, version: str, *, deleted: bool) -> int:
        """Return the place of a version of an entry, -1 where there is none; as `Standing.find`."""
        places = self._places(position)
        shown = [place for place in places if not self._flags[place] & _DELETED]
        if version == "latest":
            if shown:
                return next(place for place in shown if self._flags[place] & _LATEST)
            return places[0] if deleted else -1
        for place in places if deleted else shown:
            if self._versions[self._version_at[place]] == version:
                return place
        return -1

    def shown(self, position: int) -> list[int]:
        """Return the places of the versions of an entry that are not deleted, in its order."""
        return [place for place in self._places(position) if not self._flags[place] & _DELETED]

    def _places(self, position: int) -> Sequence[int]:
        return self._standing[self._firsts[position] : self._firsts[position + 1]]

    # What points to entries

    def cursor(self, cursor: str) -> tuple[ListName, Key] | None:
        """Return what a stored cursor continues that was made after one of the entries or versions that are shown."""
        name: ListName = "latest" if cursor[0] == "l" else "all"
        hashes, positions = self._cursors[name]
        wanted = token_number(cursor[1:])
        at = bisect_left(hashes, wanted)
        while at < len(hashes) and hashes[at] == wanted:
            if name == "latest":
                entry, version = self.names[positions[at]], ""
            else:
                place = positions[at]
                entry, version = self.names[self._entries[place]], self._versions[self._version_at[place]]
            if token(version_key(entry, version) if version else entry) == cursor[1:]:
                return name, (entry, version or END)
            at += 1
        return None

    def users(self, url: str) -> Iterator[str]:
        """Return the names of entries that may hold an address, and none that does not with hardly an exception."""
        wanted = zlib.crc32(compact_text(url)[1:-1]) << 32
        at = bisect_left(self._urls, wanted)
        while at < len(self._urls) and self._urls[at] >> 32 == wanted >> 32:
            yield self.names[self._urls[at] & 0xFFFFFFFF]
            at += 1


def put_shelf(
    parts: Parts, name: str, standings: Iterable[tuple[str, Standing]], row_number: Callable[[EntryVersion], int]
) -> None:
    """Add the sections of a shelf to a pack.

    Args:
        parts: the pack.
        name: of the shelf's sections.
        standings: how each entry stands, by name.
        row_number: returns the row of a version in the stock.
    """
    filler = _Filler(row_number)
    for entry, standing in sorted(standings, key=itemgetter(0)):
        filler.add(entry, standing.versions)
    filler.put(parts, name)


class _Filler:
    """The columns of a shelf while it is filled."""

    def __init__(self, row_number: Callable[[EntryVersion], int]) -> None:
        self._row_number = row_number
        self._names: list[str] = []
        self._firsts = [0]
        self._rows: list[int] = []
        self._entries: list[int] = []
        self._standing: list[int] = []
        self._flags = bytearray()
        self._statuses = bytearray()
        self._versions: list[str] = []
        self._updated: list[str] = []
        self._texts: list[bytes] = []
        self._text_places: list[int] = []
        self._last: tuple[str, ...] = ()
        self._cursors: dict[str, list[tuple[int, int]]] = {"latest": [], "all": []}
        self._urls: list[int] = []

    def add(self, name: str, versions: Sequence[EntryVersion]) -> None:
        """Add an entry with all its versions, deleted ones last."""
        entry, first = len(self._names), len(self._rows)
        self._names.append(name)
        ordered = sorted(range(len(versions)), key=lambda at: versions[at].version)
        places = [0] * len(versions)
        for place, at in enumerate(ordered, first):
            places[at] = place
            self._add(entry, place, versions[at])
        self._standing += places
        self._firsts.append(len(self._rows))
        shown = [version for version in versions if version.official.status != "deleted"]
        if shown:
            self._cursors["latest"].append((key_number(name), entry))
        urls = {url for version in shown if b'"remotes"' in version.text for url in _URL.findall(version.text)}
        self._urls += [zlib.crc32(url) << 32 | entry for url in urls]

    def _add(self, entry: int, place: int, version: EntryVersion) -> None:
        self._note_texts(place, version)
        row = row_of(version, texts=())
        self._rows.append(self._row_number(version))
        self._entries.append(entry)
        self._versions.append(row.version)
        self._updated.append(row.updated)
        self._flags.append((_LATEST if row.latest else 0) | (_DELETED if row.deleted else 0))
        self._statuses.append(_STATUSES.index(row.status))
        if not row.deleted:
            self._cursors["all"].append((key_number(version_key(row.name, row.version)), place))

    def _note_texts(self, place: int, version: EntryVersion) -> None:
        """Note what a search looks into; what neighbours have in common stands once."""
        own = (*version.name, version.title, version.description)
        if own != self._last:
            self._last = own
            self._texts.append(encoded(BORDER.join(texts_of(version))))
            self._text_places.append(place)

    def put(self, parts: Parts, name: str) -> None:
        """Add the sections to a pack."""

        def column(what: str, code: str, values: Iterable[int]) -> None:
            put_numbers(parts, f"{name}/{what}", code, values)

        put_texts(parts, f"{name}/names", self._names)
        column("firsts", "I", self._firsts)
        column("rows", "I", self._rows)
        column("entries", "I", self._entries)
        column("standing", "I", self._standing)
        column("flags", "B", self._flags)
        column("statuses", "B", self._statuses)
        for texts, at, values in (("versions", "version-at", self._versions), ("times", "updated", self._updated)):
            different = sorted(set(values))
            positions = {text: position for position, text in enumerate(different)}
            put_texts(parts, f"{name}/{texts}", different)
            found = [positions[text] for text in values]
            column(at, "I", found)
        column("newest", "I", [max(found[at : at + BLOCK_SIZE]) for at in range(0, len(found), BLOCK_SIZE)])
        starts = [0]
        for text in self._texts:
            starts.append(starts[-1] + len(text) + 1)
        parts[f"{name}/text"] = [BORDER.encode().join(self._texts)]
        column("text-starts", "Q", starts)
        column("text-places", "I", [*self._text_places, len(self._rows)])
        for what, cursors in self._cursors.items():
            cursors.sort()
            column(f"{what}-cursors", "Q", map(itemgetter(0), cursors))
            column(f"{what}-cursor-at", "I", map(itemgetter(1), cursors))
        column("urls", "Q", sorted(self._urls))
