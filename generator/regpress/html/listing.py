"""Entries of a kind to the pages of a list that people read: by title, with letters to jump to.

Pages are cut as those of the API are (`regpress.pages`): a new entry changes the page it lands on, not every page
after it. Later pages are called after the key before them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cached_property
from itertools import groupby
from typing import Final, NamedTuple

from regpress import paths
from regpress.html.links import Links
from regpress.html.text import clean, day, hue, initial, words
from regpress.html.views import LetterView, LinkView, RowView
from regpress.model.entry import Entry
from regpress.names import Kind
from regpress.pages import chunks, token

#: Most entries of one page of a list.
LIST_SIZE: Final = 200
_DIGITS: Final = "0"
#: Above all letters in the order of code points.
_OTHERS: Final = "~"
_SEPARATOR: Final = "\x1f"


class Jump(NamedTuple):
    """Where the entries of a letter begin.

    Attributes:
        letter: ``a`` to ``z``, ``0`` or ``~``.
        page: number of the page, from 0.
    """

    letter: str
    page: int

    @property
    def label(self) -> str:
        """Return what readers see."""
        return {_DIGITS: "0-9", _OTHERS: "…"}.get(self.letter, self.letter.upper())

    @property
    def id(self) -> str:
        """Return the id of the letter's heading."""
        return "letter-" + {_DIGITS: "0-9", _OTHERS: "other"}.get(self.letter, self.letter)


class Listing:
    """The entries of one kind in the order of their titles, cut into pages.

    Args:
        prefix: of the registry's addresses.
        kind: of the entries.
        entries: in any order.
    """

    def __init__(self, prefix: str, kind: Kind, entries: Sequence[Entry]) -> None:
        keyed = sorted(((sort_key(entry), entry) for entry in entries), key=lambda pair: pair[0])
        self.kind = kind
        self.entries = tuple(entry for _, entry in keyed)
        self._keys = [key for key, _ in keyed]
        self._prefix = prefix
        self.pages = chunks(self._keys, size=LIST_SIZE)

    def address(self, page: int) -> str:
        """Return the address of a page; an empty text before the first and after the last."""
        if not 0 <= page < len(self.pages):
            return ""
        if page == 0:
            return paths.index_page(self._prefix, self.kind)
        return paths.list_page(self._prefix, self.kind, token(self._keys[self.pages[page].start - 1]))

    @cached_property
    def jumps(self) -> tuple[Jump, ...]:
        """Return where the entries of each letter begin."""
        first: dict[str, Jump] = {}
        for number, page in enumerate(self.pages):
            for position in page:
                letter = self._keys[position][0]
                if letter not in first:
                    first[letter] = Jump(letter, number)
        return tuple(first.values())

    @cached_property
    def addresses(self) -> tuple[str, ...]:
        """Return where the entries of each letter begin, in the order of `jumps`, without the fragment."""
        return tuple(self.address(jump.page) for jump in self.jumps)

    def jump_links(self, links: Links, *, page: int | None = None) -> tuple[LinkView, ...]:
        """Return links to the letters, on one of the pages or elsewhere."""
        return tuple(
            LinkView(jump.label, f"#{jump.id}" if jump.page == page else f"{links.to(address)}#{jump.id}")
            for jump, address in zip(self.jumps, self.addresses, strict=True)
        )

    def letters(self, links: Links, page: int) -> tuple[LetterView, ...]:
        """Return the entries of a page by letter."""
        grouped = groupby(self.pages[page], key=lambda position: self._keys[position][0])
        return tuple(
            LetterView(
                Jump(letter, page).label,
                Jump(letter, page).id,
                tuple(row_of(self.entries[position], links, self._prefix) for position in positions),
            )
            for letter, positions in grouped
        )

    def on_page(self, page: int) -> tuple[Entry, ...]:
        """Return the entries of a page."""
        return self.entries[self.pages[page].start : self.pages[page].stop]


def display_title(entry: Entry) -> str:
    """Return what readers call an entry: its title, else its name without the namespace."""
    return words(entry.latest.title).strip() or entry.name.name


def sort_key(entry: Entry) -> str:
    """Return the letter, the title without accents and case, and the name: unique, and in the order of the list."""
    title = display_title(entry)
    if not title.isascii():
        title = "".join(part for part in unicodedata.normalize("NFKD", title) if not unicodedata.combining(part))
    folded = _from_first_letter(title.casefold())
    return f"{_letter(folded)}{_SEPARATOR}{folded}{_SEPARATOR}{entry.name}"


def row_of(entry: Entry, links: Links, prefix: str, *, time: str = "") -> RowView:
    """Return the view of an entry in a list.

    Args:
        entry: the entry.
        links: of the page.
        prefix: of the registry's addresses.
        time: of the change that is shown; that of the latest version where empty.
    """
    latest = entry.latest
    title, name = display_title(entry), str(entry.name)
    return RowView(
        href=links.to(paths.entry_page(prefix, entry.kind, entry.name)),
        title=title,
        name=name,
        description=clean(latest.description),
        version=clean(latest.version),
        date=day(time or latest.official.updated_at),
        status="" if latest.official.status == "active" else latest.official.status,
        initial=initial(title),
        hue=hue(name),
    )


def _from_first_letter(text: str) -> str:
    for position, character in enumerate(text):
        if character.isalnum():
            return text[position:]
    return text


def _letter(folded: str) -> str:
    first = folded[:1]
    if "a" <= first <= "z":
        return first
    return _DIGITS if first.isdigit() else _OTHERS
