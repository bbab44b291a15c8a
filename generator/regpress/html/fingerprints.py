"""What pages depend on, as bytes for their recipes: a page is rendered again only if one of them changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from regpress.digest import recipe
from regpress.model.entry import Entry, EntryVersion


def deleted_part(entry: Entry) -> bytes:
    """Return what the page of an entry says about its deleted versions."""
    return b"\0".join(map(_state, entry.deleted))


def row_parts(entries: Iterable[Entry]) -> Iterator[bytes]:
    """Yield everything that entries show in a list."""
    for entry in entries:
        yield _document(entry.latest)
        yield _state(entry.latest)


def text_part(text: str) -> bytes:
    """Return a text as bytes, whatever it holds."""
    return text.encode("utf-8", "surrogatepass")


def _document(version: EntryVersion) -> bytes:
    return version.digest or recipe((version.text, version.other_meta))


def _state(version: EntryVersion) -> bytes:
    official = version.official
    facts = (version.version, official.status, official.status_message, official.published_at, official.updated_at)
    return text_part("\0".join(facts))
