"""Ordered keys to pages and cursors: the only place that cuts lists or makes a cursor.

A page border depends on the key before it, not on a position: it falls where a hash of the key says so, so that
a new entry changes the page it lands on (and, where it falls on a border, the next one), not every page after it.

A page is called after the key before it, and holds what follows that key up to the next border. Hence a walk may cross
builds: whichever build wrote a page, it continues right after the place where the cursor was made, and no entry that
was there all the time is missed or seen twice, as long as a page that one build linked to stays readable in the next.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal, NamedTuple

from regpress.model.cuts import Cuts
from regpress.names import EntryName

#: Most entries of a page.
PAGE_SIZE: Final = 100
#: Characters of the digest in a cursor: 96 bits.
TOKEN_CHARACTERS: Final = 16

#: What a stored list holds: the latest version of each entry, all visible versions, or the deleted ones.
ListName = Literal["latest", "all", "deleted"]
#: Lists that requests reach.
PUBLIC_LISTS: Final[tuple[ListName, ...]] = ("latest", "all")

#: Shape of the cursors of public lists, as hosts with rules and edge adapters match it.
CURSOR_PATTERN: Final = rf"latest|all|[la][A-Za-z0-9_-]{{{TOKEN_CHARACTERS}}}"

#: First letter of the cursors that carry a query (`regpress.query`), which no stored list begins with.
QUERY_LETTER: Final = "q"

_CURSOR: Final = re.compile(CURSOR_PATTERN)
_QUERY_CURSOR: Final = re.compile(rf"{QUERY_LETTER}[A-Za-z0-9_-]+")
#: Below every character of a name, so that joined keys sort as pairs do; no version holds it.
_SEPARATOR: Final = "\0"


class Windows(NamedTuple):
    """What stands for runs of a list's keys, and which pages were found to begin them.

    Attributes:
        cuts: the lengths of pages by what stands for as many keys as one may have.
        prints: returns what stands for the keys from one up to another; no two runs of keys have the same.
    """

    cuts: Cuts
    prints: Callable[[int, int], bytes]


class Page(NamedTuple):
    """One page of a stored list.

    Attributes:
        cursor: what the page is called, and how requests ask for it.
        after: the key before the page; empty for the first.
        positions: which of the list's keys it holds.
        next: the cursor of the page after it; empty for the last.
    """

    cursor: str
    after: str
    positions: range
    next: str


def stored_pages(
    name: ListName, keys: Sequence[str], *, size: int = PAGE_SIZE, windows: Windows | None = None
) -> list[Page]:
    """Return the pages of a stored list in their order, at least one.

    Args:
        name: which list it is; the first page is called so, later ones after their first letter and the key before.
        keys: different texts, sorted: `list_key` of what the list holds.
        size: most keys of a page, at least 3.
        windows: as `chunks` takes them.
    """
    cuts = chunks(keys, size=size, windows=windows)
    after = ["", *(keys[cut.start - 1] for cut in cuts[1:])]
    cursors = [name, *(name[0] + token(key) for key in after[1:])]
    return [Page(*parts) for parts in zip(cursors, after, cuts, [*cursors[1:], ""], strict=True)]


def list_key(name: EntryName, version: str = "") -> str:
    """Return the place of an entry, or of one of its versions, in lists: by name, then version, by code point."""
    return version_key(f"{name.namespace}/{name.name}", version) if version else f"{name.namespace}/{name.name}"


def version_key(name: str, version: str) -> str:
    """Return the `list_key` of a version by the key of its entry."""
    return f"{name}{_SEPARATOR}{version}"


def split_key(key: str) -> tuple[str, str]:
    """Return name and version of a `list_key`; the version is empty where the key has none."""
    name, _, version = key.partition(_SEPARATOR)
    return name, version


def is_stored_cursor(text: str) -> bool:
    """Return whether *text* has the shape of a cursor of a public list."""
    return _CURSOR.fullmatch(text) is not None


def query_cursor(state: Sequence[Any]) -> str:
    """Return a cursor that carries *state*, plain JSON values: its text as base64url after a letter of its own."""
    text = json.dumps(state, ensure_ascii=False, separators=(",", ":"))
    return QUERY_LETTER + base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def read_query_cursor(text: str) -> Any:
    """Return the state that a cursor carries, or None where *text* is not such a cursor."""
    if not _QUERY_CURSOR.fullmatch(text):
        return None
    coded = text.removeprefix(QUERY_LETTER)
    try:
        return json.loads(base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)).decode())
    except (ValueError, RecursionError):
        return None


def token(key: str) -> str:
    """Return 16 characters of ``A-Z a-z 0-9 - _`` that stand for *key*: its SHA-256 as base64url, cut."""
    return base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest())[:TOKEN_CHARACTERS].decode()


def key_number(key: str) -> int:
    """Return a number of 64 bits that stands for *key*; that of its token (`token_number`)."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")


def token_number(text: str) -> int:
    """Return the number of the key that a token stands for."""
    return int.from_bytes(base64.urlsafe_b64decode(text)[:8], "big")


def chunks(keys: Sequence[str], *, size: int = PAGE_SIZE, windows: Windows | None = None) -> list[range]:
    """Return the ranges of positions in *keys* that make the pages, always at least one (which may be empty).

    After each key whose hash says so the page may end, once it has a third of *size*; at *size* it ends at the
    key with the smallest hash of its second half. Both depend on keys alone.

    Args:
        keys: different texts, sorted.
        size: most keys of a page, at least 3.
        windows: what tells that the same keys were looked at before, so that hardly any needs to be.
    """
    least = max(size // 3, 1)
    share = 2**32 // max(size - least, 1) * 2
    pages: list[range] = []
    start = 0
    total = len(keys)
    while total - start > least:
        # Where a page ends depends on as many keys as it may have, and on nothing else.
        window = windows.prints(start, min(start + size, total)) if windows else b""
        length = windows.cuts.get(window) if windows else 0
        end = start + length if length else _page_end(keys, start, least=least, size=size, share=share)
        if windows:
            windows.cuts.note(window, end - start)
        if end >= total:
            break
        pages.append(range(start, end))
        start = end
    if start < len(keys) or not pages:
        pages.append(range(start, len(keys)))
    return pages


def shards(keys: Sequence[str], sizes: Sequence[int], *, bounds: tuple[int, int]) -> list[range]:
    """Return the ranges of positions in *keys* that make the files of an index, by their sizes.

    The border falls after a key whose hash says so, once there are enough bytes; where none does before there are
    too many, at the key with the smallest hash. What is too large by itself is one file.

    Args:
        keys: different texts, sorted.
        sizes: bytes of each.
        bounds: least and most bytes of a file.
    """
    least, most = bounds
    weights = list(map(_weight, keys))
    found: list[range] = []
    start, total, lowest = 0, 0, -1
    for position, size in enumerate(sizes):
        if total + size > most and position > start:
            end = position if lowest < 0 else lowest + 1
            found.append(range(start, end))
            start, total, lowest = end, sum(sizes[end:position]), -1
        total += size
        if total >= least:
            if weights[position] * (most - least) < 2**34 * size:
                found.append(range(start, position + 1))
                start, total, lowest = position + 1, 0, -1
            elif lowest < 0 or weights[position] < weights[lowest]:
                lowest = position
    if start < len(keys):
        found.append(range(start, len(keys)))
    return found


def _page_end(keys: Sequence[str], start: int, *, least: int, size: int, share: int) -> int:
    last = min(start + size, len(keys))
    # Most keys are never weighed: those before a page may end, and those after its end.
    weights = map(zlib.crc32, map(str.encode, keys[start + least - 1 : last]))
    for end, weight in enumerate(weights, start + least):
        if weight < share:
            return end
    if last == len(keys) and last - start < size:
        return last
    middle = start + size // 2
    half = list(map(_weight, keys[middle:last]))
    return middle + half.index(min(half)) + 1


def _weight(key: str) -> int:
    return zlib.crc32(key.encode())
