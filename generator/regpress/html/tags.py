"""Tags to lists and addresses. A tag is any text that a publisher chose: spellings that look alike are one tag."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import compress
from typing import Final, NamedTuple

from regpress.html.listing import Items
from regpress.html.text import clean, reveal
from regpress.names import segment_warning

#: Most tags of one entry that count; a document could have any number, and each is a page.
MOST_TAGS: Final = 32
#: Most characters of a tag that are shown.
_SHOWN: Final = 60

_PLAIN: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_OTHERS: Final = re.compile(r"[^a-z0-9]+")
_LONGEST: Final = 40


class Tag(NamedTuple):
    """A tag and the entries that have it.

    Attributes:
        key: what its spellings have in common.
        label: the commonest of them, cut where it is long.
        positions: of the entries, in the order of lists.
    """

    key: str
    label: str
    positions: Sequence[int]

    @property
    def slug(self) -> str:
        """Return the last part of its address."""
        return slug(self.key)


def tags_of(items: Items) -> list[Tag]:
    """Return the tags of entries in the order of their keys."""
    found: dict[str, list[int]] = {}
    spellings: dict[str, list[str]] = {}
    for at in items.ordered(compress(range(len(items.tags)), items.tags)):
        keys = {key: tag for tag in items.tags[at][:MOST_TAGS] if (key := tag_key(tag))}
        for key, tag in keys.items():
            found.setdefault(key, []).append(at)
            spellings.setdefault(key, []).append(tag)
    return [Tag(key, _label(spellings[key]), found[key]) for key in sorted(found)]


@lru_cache(maxsize=10_000)
def tag_key(tag: str) -> str:
    """Return what spellings of a tag have in common: its text without differences of case, width and spaces."""
    if tag.isascii() and tag.isprintable():
        return " ".join(tag.lower().split())
    return " ".join(reveal(unicodedata.normalize("NFKC", clean(tag)).casefold()).split())


@lru_cache(maxsize=10_000)
def slug(key: str) -> str:
    """Return the last part of the address of a tag by its `tag_key`; different for different tags.

    What is not plain gets a digest, after a character that plain tags do not have.
    """
    if len(key) <= _LONGEST and _PLAIN.fullmatch(key) and not segment_warning(key):
        return key
    readable = _OTHERS.sub("-", key[: _LONGEST * 2]).strip("-")[:_LONGEST].strip("-")
    return f"{readable or 'tag'}_{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def shown(tag: str) -> str:
    """Return a tag for readers: without what turns the text around it, and not too long."""
    text = reveal(clean(tag))
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _label(spellings: Sequence[str]) -> str:
    if spellings.count(spellings[0]) == len(spellings):
        return shown(spellings[0])
    counts = Counter(spellings)
    return shown(min(counts, key=lambda text: (-counts[text], text)))
