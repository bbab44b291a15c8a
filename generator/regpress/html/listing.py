"""Entries to the pages of a list that people read: by title, with letters to jump to (`regpress.html.paging`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from regpress import paths
from regpress.catalog import Catalog
from regpress.html import paging
from regpress.html.links import Links
from regpress.html.paging import LIST_SIZE, Paging
from regpress.html.text import clean, day, hue, initial, words
from regpress.html.views import LetterView, LinkView, RowView
from regpress.model.entry import Entry
from regpress.names import KINDS, Kind

#: Most entries that stand together, without letters.
SHORT_LIST: Final = 24
#: Most characters of a title that stands for a page.
_SHORT: Final = 24


class Items:
    """The entries of a registry on their way into lists, each known by its position.

    Attributes:
        catalog: the registry.
        names: ``namespace/name`` of each.
        namespaces: the first part of it, as it is spelled there.
        kinds: the kind of each, as a byte: its place among all kinds.
        titles: what readers call each, `shown_title`.
        keys: the place of each in lists, by title, then by name and kind; all are different.
        tags: the tags of each.
        parts: what stands for the latest version of each.
    """

    def __init__(self, catalog: Catalog) -> None:
        # Column by column, and texts as one where they can be: to look at each entry takes several times as long.
        columns = catalog.columns
        self.catalog = catalog
        self.names, self.tags, self.parts = columns.names, columns.tags, list(columns.latest)
        # Names have one slash.
        halves = "/".join(self.names).split("/") if self.names else []
        self.namespaces = halves[::2]
        self.kinds = b"".join([bytes([KINDS.index(kind)]) * len(own) for kind, own in catalog.ranges.items()])
        titles = _cleaned(columns.titles)
        self.titles = [title or name for title, name in zip(titles, halves[1::2], strict=True)]
        self.keys = paging.sort_keys(self.titles, self.names, map(KINDS.__getitem__, self.kinds))

    def ordered(self, positions: Iterable[int]) -> list[int]:
        """Return positions in the order of lists."""
        return sorted(positions, key=self.keys.__getitem__)

    def kind(self, position: int) -> Kind:
        """Return the kind of an entry."""
        return KINDS[self.kinds[position]]

    def part(self, positions: Sequence[int]) -> bytes:
        """Return what stands for entries in lists: which they are, their places and all that is shown of them."""
        # Names and titles are in the documents.
        return b"".join([self.parts[at] for at in positions]) + bytes([self.kinds[at] for at in positions])


class Listing:
    """Entries in the order of their titles, cut into pages.

    Args:
        base: address of the list and its first page.
        items: all entries of the registry.
        positions: of those in the list, in the order of their keys.
        prefix: of the registry's addresses.
        mixed: whether there may be several kinds among them, so that rows say which they are.
        size: most entries of a page.
    """

    def __init__(
        self,
        base: str,
        items: Items,
        positions: Sequence[int],
        *,
        prefix: str = "",
        mixed: bool = False,
        size: int = LIST_SIZE,
    ) -> None:
        self.items = items
        self.positions = positions
        self.paging = Paging(base, [items.keys[at] for at in positions], size=size)
        self._prefix = prefix
        self._mixed = mixed

    def on_page(self, page: int) -> Sequence[int]:
        """Return the positions of the entries of a page."""
        inside = self.paging.pages[page].positions
        return self.positions[inside.start : inside.stop]

    def part(self) -> bytes:
        """Return what stands for all that a page with all entries shows of them."""
        return self.items.part(self.positions)

    def jumps(self, links: Links, page: int) -> tuple[LinkView, ...]:
        """Return links to the letters; none for a few entries."""
        return self.paging.jumps(links, page) if len(self.positions) > SHORT_LIST else ()

    def letters(self, links: Links, page: int) -> tuple[LetterView, ...]:
        """Return the entries of a page by letter; a few of them together."""
        if 0 < len(self.positions) <= SHORT_LIST:
            return (LetterView("", "", self.rows(links)),)
        return tuple(
            LetterView(
                paging.label(letter), paging.fragment(letter), self._rows([self.positions[at] for at in inside], links)
            )
            for letter, inside in self.paging.sections(page)
        )

    def rows(self, links: Links) -> tuple[RowView, ...]:
        """Return all entries."""
        return self._rows(self.positions, links)

    def siblings(self, links: Links, page: int) -> tuple[LinkView, ...]:
        """Return links to all pages of a letter, on its first page; labels are the titles that they begin with."""
        here, entry_at = self.paging.pages[page].address, self.items.catalog.entry_at
        return tuple(
            LinkView(
                _short(display_title(entry_at(self.positions[one.positions.start]))),
                links.to(one.address),
                one.address == here,
            )
            for one in self.paging.siblings(page)
        )

    def parts(self, page: int) -> Iterator[bytes]:
        """Yield what a page depends on."""
        yield from self.paging.parts(page)
        if not page:
            yield b"%d" % len(self.positions)
        yield self.items.part(self.on_page(page))

    def _rows(self, positions: Iterable[int], links: Links) -> tuple[RowView, ...]:
        entry_at = self.items.catalog.entry_at
        return tuple([row_of(entry_at(at), links, self._prefix, mixed=self._mixed) for at in positions])


def display_title(entry: Entry) -> str:
    """Return what readers call an entry: its title, else its name without the namespace."""
    return shown_title(entry.latest.title, str(entry.name))


def shown_title(title: str, name: str) -> str:
    """Return what readers call an entry by the title that it gives itself and its ``namespace/name``."""
    return (title and words(title).strip()) or name.partition("/")[2]


def _cleaned(titles: Sequence[str]) -> Sequence[str]:
    """Return titles as pages can show them."""
    together = "\n".join(("", *titles, ""))
    # Hardly any has anything to be cleaned.
    if "".join(titles).isprintable() and " \n" not in together and "\n " not in together:
        return titles
    return [title and words(title).strip() for title in titles]


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
