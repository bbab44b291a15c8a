"""Ordered keys to the pages of a list that people read, with letters to jump to.

A short list is one page. A longer one is cut at its letters, and within a letter as the lists of the API are
(`regpress.pages`): a new entry changes the page it lands on, not every page after it. The first page of a letter is
called after the letter and the others after the key before them, so that a page depends on its own entries, its
neighbours and the letters that there are, but not on where the pages of other letters end.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import groupby
from typing import Final, NamedTuple

from regpress import paths
from regpress.html.links import Links
from regpress.html.views import LinkView
from regpress.pages import chunks, token

#: Most entries of one page of a list.
LIST_SIZE: Final = 200

_DIGITS: Final = "0"
#: Above all letters in the order of code points.
_OTHERS: Final = "~"
#: Names of the letters that cannot be their own: in addresses and ids, and for readers.
_NAMES: Final = {_DIGITS: "0-9", _OTHERS: "other"}
_LABELS: Final = {_DIGITS: "0-9", _OTHERS: "…"}
#: Between the parts of a key.
SEPARATOR: Final = "\x1f"
#: The character after it: all keys of a letter come before the two.
_AFTER_SEPARATOR: Final = chr(ord(SEPARATOR) + 1)


class ListPage(NamedTuple):
    """One page of a list.

    Attributes:
        address: its address.
        positions: which of the keys it holds.
        letter: the one that all of them begin with; empty on the only page of a short list.
        begins: whether it is the first of its letter.
    """

    address: str
    positions: range
    letter: str
    begins: bool


class Paging:
    """A list cut into pages.

    Args:
        base: address of the list and its first page.
        keys: different texts as `sort_key` makes them, sorted.
        size: most keys of a page.
    """

    def __init__(self, base: str, keys: Sequence[str], *, size: int = LIST_SIZE) -> None:
        self.base = base
        self._keys = keys
        self.pages = tuple(_pages(base, keys, size))

    def address(self, page: int) -> str:
        """Return the address of a page; an empty text before the first and after the last."""
        return self.pages[page].address if 0 <= page < len(self.pages) else ""

    @cached_property
    def letters(self) -> tuple[tuple[str, str], ...]:
        """Return each letter that a key begins with, and the address of the page where it begins."""
        if len(self.pages) == 1:
            return tuple((letter, self.base) for letter, _ in groupby(self._keys, key=_letter_of))
        return tuple((page.letter, page.address) for page in self.pages if page.begins)

    @cached_property
    def _letters_part(self) -> bytes:
        return "\n".join([letter for letter, _ in self.letters]).encode()

    def jumps(self, links: Links, page: int | None = None) -> tuple[LinkView, ...]:
        """Return links to the letters, as seen from a page of the list or from elsewhere."""
        here = self.pages[page] if page is not None else None
        return tuple(
            LinkView(
                label(letter), _reference(links, address, letter, here), here is not None and letter == here.letter
            )
            for letter, address in self.letters
        )

    def sections(self, page: int) -> Iterator[tuple[str, list[int]]]:
        """Yield the letters of a page with the positions of their keys."""
        for letter, positions in groupby(self.pages[page].positions, key=lambda at: self._keys[at][0]):
            yield letter, list(positions)

    def siblings(self, page: int) -> tuple[ListPage, ...]:
        """Return all pages of a letter for its first page, where there are several; nothing for other pages."""
        first = self.pages[page]
        if not first.letter or not first.begins:
            return ()
        alike = tuple(other for other in self.pages if other.letter == first.letter)
        return alike if len(alike) > 1 else ()

    def parts(self, page: int) -> Iterator[bytes]:
        """Yield what a page depends on besides its own entries."""
        yield self._letters_part
        yield self.address(page - 1).encode()
        yield self.address(page + 1).encode()
        for sibling in self.siblings(page):
            yield sibling.address.encode()
            yield self._keys[sibling.positions.start].encode("utf-8", "surrogatepass")


def sort_key(text: str, *others: str) -> str:
    """Return the letter of a text, the text without accents and case, and what tells equal ones apart."""
    return sort_keys((text,), *([other] for other in others))[0]


def sort_keys(texts: Sequence[str], *others: Iterable[str]) -> list[str]:
    """Return the `sort_key` of each of some texts, given each part of what tells equal ones apart."""
    # A step at a time for all of them: a loop over the texts of a registry takes twice as long.
    folded = _all_folded(texts)
    firsts = [text[:1] for text in folded]
    if not all(map(str.isalnum, set(firsts))):
        folded = list(map(_from_first_letter, folded))
        firsts = [text[:1] for text in folded]
    letters = {first: _letter(first) for first in set(firsts)}
    return list(map(SEPARATOR.join, zip(map(letters.__getitem__, firsts), folded, *others, strict=True)))


def _all_folded(texts: Sequence[str]) -> list[str]:
    """Return texts without accents and case."""
    odd = {at: text for at, text in enumerate(texts) if not text.isascii()}
    plain = list(texts)
    for at in odd:
        plain[at] = ""
    together = "\n".join(plain)
    if together.count("\n") != len(texts) - 1:
        return [text.lower() if text.isascii() else _folded(text) for text in texts]
    folded = together.lower().split("\n")
    for at, text in odd.items():
        folded[at] = _folded(text)
    return folded


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text)
    return "".join(part for part in plain if not unicodedata.combining(part)).casefold()


def _letter(first: str) -> str:
    return first if "a" <= first <= "z" else _DIGITS if first.isdigit() else _OTHERS


def label(letter: str) -> str:
    """Return a letter as readers see it."""
    return _LABELS.get(letter, letter.upper())


def fragment(letter: str) -> str:
    """Return the id of the heading of a letter."""
    return f"letter-{_NAMES.get(letter, letter)}"


def _pages(base: str, keys: Sequence[str], size: int) -> Iterator[ListPage]:
    if len(keys) <= size:
        yield ListPage(base, range(len(keys)), "", begins=True)
        return
    stop = 0
    while stop < len(keys):
        start, letter = stop, keys[stop][0]
        stop = bisect_left(keys, letter + _AFTER_SEPARATOR, start)
        for cut in chunks(keys[start:stop], size=size):
            at = range(start + cut.start, start + cut.stop)
            name = token(keys[at.start - 1]) if cut.start else _NAMES.get(letter, letter)
            address = paths.later_page(base, name) if at.start else base
            yield ListPage(address, at, letter, begins=not cut.start)


def _reference(links: Links, address: str, letter: str, here: ListPage | None) -> str:
    if here is not None and here.address == address:
        return f"#{fragment(letter)}"
    # A page of its own begins with the letter.
    return links.to(address)


def _letter_of(key: str) -> str:
    return key[0]


def _from_first_letter(text: str) -> str:
    for position, character in enumerate(text):
        if character.isalnum():
            return text[position:]
    return text
