"""Tags to lists and addresses. A tag is any text that a publisher chose: spellings that look alike are one tag."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from regpress.html.listing import Item
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
        slug: the last part of its address.
        items: in the order of lists.
    """

    key: str
    label: str
    slug: str
    items: Sequence[Item]


def tags_of(items: Iterable[Item]) -> list[Tag]:
    """Return the tags of entries in the order of their keys.

    Args:
        items: in the order of lists.
    """
    found: dict[str, list[Item]] = {}
    spellings: dict[str, Counter[str]] = {}
    for item in items:
        if not item.tags:
            continue
        keys = {key: tag for tag in item.tags[:MOST_TAGS] if (key := tag_key(tag))}
        for key, tag in keys.items():
            found.setdefault(key, []).append(item)
            spellings.setdefault(key, Counter())[tag] += 1
    return [Tag(key, _label(spellings[key]), slug(key), found[key]) for key in sorted(found)]


@lru_cache(maxsize=10_000)
def tag_key(tag: str) -> str:
    """Return what spellings of a tag have in common: its text without differences of case, width and spaces."""
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


def _label(spellings: Mapping[str, int]) -> str:
    return shown(min(spellings, key=lambda text: (-spellings[text], text)))
