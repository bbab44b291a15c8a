"""Entries to the pages of a list that people read: by title, with letters to jump to (`regpress.html.paging`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import repeat
from operator import itemgetter
from typing import Final, NamedTuple

from regpress import paths
from regpress.catalog import Catalog
from regpress.html import paging
from regpress.html.links import Links
from regpress.html.paging import LIST_SIZE, Paging
from regpress.html.text import clean, day, hue, initial, words
from regpress.html.views import LetterView, LinkView, RowView
from regpress.model.entry import Entry
from regpress.names import Kind

#: Most entries that stand together, without letters.
SHORT_LIST: Final = 24
#: Most characters of a title that stands for a page.
_SHORT: Final = 24


class Item(NamedTuple):
    """An entry on its way into lists.

    Attributes:
        key: its place, by title, then by name; different for all entries of a registry.
        name: ``namespace/name``.
        namespace: the first part of it.
        kind: its kind.
        tags: its tags.
        part: what stands for all that lists show of it, for recipes.
        position: which entry it is,
        catalog: of which registry.
    """

    key: str
    name: str
    namespace: str
    kind: Kind
    tags: tuple[str, ...]
    part: bytes
    position: int
    catalog: Catalog

    @property
    def entry(self) -> Entry:
        """Return the entry."""
        return self.catalog.entry_at(self.position)


class Listing:
    """Entries in the order of their titles, cut into pages.

    Args:
        base: address of the list and its first page.
        items: in the order of their keys.
        prefix: of the registry's addresses.
        mixed: whether there may be several kinds among them, so that rows say which they are.
        size: most entries of a page.
    """

    def __init__(
        self, base: str, items: Sequence[Item], *, prefix: str = "", mixed: bool = False, size: int = LIST_SIZE
    ) -> None:
        self.items = items
        self.paging = Paging(base, [item.key for item in items], size=size)
        self._prefix = prefix
        self._mixed = mixed

    def on_page(self, page: int) -> Sequence[Item]:
        """Return the entries of a page."""
        positions = self.paging.pages[page].positions
        return self.items[positions.start : positions.stop]

    def jumps(self, links: Links, page: int) -> tuple[LinkView, ...]:
        """Return links to the letters; none for a few entries."""
        return self.paging.jumps(links, page) if len(self.items) > SHORT_LIST else ()

    def letters(self, links: Links, page: int) -> tuple[LetterView, ...]:
        """Return the entries of a page by letter; a few of them together."""
        if 0 < len(self.items) <= SHORT_LIST:
            return (LetterView("", "", self.rows(links)),)
        return tuple(
            LetterView(
                paging.label(letter), paging.fragment(letter), self._rows([self.items[at] for at in positions], links)
            )
            for letter, positions in self.paging.sections(page)
        )

    def rows(self, links: Links) -> tuple[RowView, ...]:
        """Return all entries."""
        return self._rows(self.items, links)

    def siblings(self, links: Links, page: int) -> tuple[LinkView, ...]:
        """Return links to all pages of a letter, on its first page; labels are the titles that they begin with."""
        here = self.paging.pages[page].address
        return tuple(
            LinkView(
                _short(display_title(self.items[one.positions.start].entry)), links.to(one.address), one.address == here
            )
            for one in self.paging.siblings(page)
        )

    def parts(self, page: int) -> Iterator[bytes]:
        """Yield what a page depends on."""
        yield from self.paging.parts(page)
        if not page:
            yield b"%d" % len(self.items)
        yield b"".join([item.part for item in self.on_page(page)])

    def _rows(self, items: Iterable[Item], links: Links) -> tuple[RowView, ...]:
        return tuple([row_of(item.entry, links, self._prefix, mixed=self._mixed) for item in items])


def items_of(catalog: Catalog) -> Mapping[Kind, tuple[Item, ...]]:
    """Return the entries of a registry by kind, in the order of their titles."""
    columns = catalog.columns
    found: dict[Kind, tuple[Item, ...]] = {}
    for kind, own in catalog.ranges.items():
        if own:
            inside = slice(own.start, own.stop)
            names, tags, prints = columns.names[inside], columns.tags[inside], columns.latest[inside]
            titles = map(shown_title, columns.titles[inside], names)
            keys = paging.sort_keys(titles, [f"{name}{paging.SEPARATOR}{kind}" for name in names])
            rows = zip(keys, names, catalog.namespaces[inside], repeat(kind), tags, prints, own, repeat(catalog))
            # What `_make` does, without a call of Python for each.
            found[kind] = tuple(sorted(map(partial(tuple.__new__, Item), rows), key=itemgetter(0)))
    return found


def display_title(entry: Entry) -> str:
    """Return what readers call an entry: its title, else its name without the namespace."""
    return shown_title(entry.latest.title, str(entry.name))


def shown_title(title: str, name: str) -> str:
    """Return what readers call an entry by the title that it gives itself and its ``namespace/name``."""
    return (title and words(title).strip()) or name.partition("/")[2]


def row_of(entry: Entry, links: Links, prefix: str, *, time: str = "", mixed: bool = False) -> RowView:
    """Return the view of an entry in a list.

    Args:
        entry: the entry.
        links: of the page.
        prefix: of the registry's addresses.
        time: of the change that is shown; that of the latest version where empty.
        mixed: whether the list has several kinds.
    """
    kind, latest = entry.kind, entry.latest
    official, name = latest.official, f"{entry.name.namespace}/{entry.name.name}"
    title = shown_title(latest.title, name)
    # By position: a site has a row for each entry, its publisher and its tags.
    return RowView(
        paths.entry_page_below(_index(links.root, prefix, kind), paths.encoded(name)),
        title,
        name,
        clean(latest.description),
        clean(latest.version),
        day(time or official.updated_at),
        "" if official.status == "active" else official.status,
        initial(title),
        hue(name),
        kind if mixed and kind != "server" else "",
    )


@lru_cache(maxsize=64)
def _index(root: str, prefix: str, kind: Kind) -> str:
    """Return the reference to the list of a kind."""
    return Links(root).to(paths.index_page(prefix, kind))


def _short(title: str) -> str:
    return title if len(title) <= _SHORT else f"{title[: _SHORT - 1].rstrip()}…"
