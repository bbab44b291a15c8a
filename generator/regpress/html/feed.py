"""A registry, or one entry, to the Atom feed (RFC 4287) of its new and changed versions."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple
from urllib.parse import quote

from markupsafe import escape

from regpress import paths
from regpress.catalog import Catalog
from regpress.fingerprints import version_part
from regpress.html.fingerprints import text_part
from regpress.html.listing import display_title
from regpress.html.site import SiteView
from regpress.html.text import clean
from regpress.model.entry import Entry, EntryVersion
from regpress.times import format_time, parse_time, time_key

ATOM: Final = "application/atom+xml; charset=utf-8"
#: Most versions of a feed.
MOST: Final = 100
_NO_TIME: Final = "1970-01-01T00:00:00Z"


class Item(NamedTuple):
    """One version in a feed, with the entry that it belongs to."""

    entry: Entry
    version: EntryVersion


def last_changes(catalog: Catalog) -> Sequence[str]:
    """Return when a version of each entry of a registry last changed, as `time_key` has it."""
    changes = list(catalog.changed)
    for position, entry in catalog.extended.items():
        changes[position] = max([changes[position], *(time_key(one.official.updated_at) for one in entry.deleted)])
    return changes


def newest(catalog: Catalog, changes: Sequence[str]) -> tuple[Item, ...]:
    """Return the versions that changed last, newest first; equal times in the order of the catalog.

    Args:
        catalog: the registry.
        changes: its `last_changes`.
    """
    # The newest versions are among those of the entries that changed last.
    positions = heapq.nlargest(MOST, range(len(changes)), key=changes.__getitem__)
    return newest_of(map(catalog.entry_at, positions))


def newest_of(entries: Iterable[Entry]) -> tuple[Item, ...]:
    """Return the versions of *entries* that changed last, newest first."""
    items = (Item(entry, version) for entry in entries for version in (*entry.versions, *entry.deleted))
    return tuple(heapq.nlargest(MOST, items, key=lambda item: time_key(item.version.official.updated_at)))


def feed_parts(items: Sequence[Item]) -> Iterator[bytes]:
    """Yield everything that a feed depends on besides the site."""
    for entry, version in items:
        yield version_part(version)
        # The title is that of the latest version, whichever this one is.
        yield text_part(f"{entry.kind} {entry.name} {display_title(entry)}")


def registry_feed(site: SiteView, catalog: Catalog, items: Sequence[Item]) -> bytes:
    """Return the feed of a registry."""
    title = clean(site.title) if catalog.is_default else f"{clean(site.title)}: {catalog.registry}"
    address = paths.feed_file(catalog.prefix)
    return _feed(site, catalog.prefix, title=title, address=address, page=catalog.prefix, items=items)


def entry_feed(site: SiteView, prefix: str, entry: Entry, *, address: str) -> bytes:
    """Return the feed of one entry."""
    page = paths.entry_page(prefix, entry.kind, entry.name)
    title = f"{display_title(entry)} · {clean(site.title)}"
    return _feed(site, prefix, title=title, address=address, page=page, items=newest_of([entry]))


def _feed(site: SiteView, prefix: str, *, title: str, address: str, page: str, items: Sequence[Item]) -> bytes:
    own, home = site.absolute(address), site.absolute(page)
    updated = _time(items[0].version.official.updated_at) if items else _NO_TIME
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{escape(site.language)}">',
        f"<id>{escape(own)}</id>",
        f"<title>{escape(title)}</title>",
        f'<link rel="self" type="application/atom+xml" href="{escape(own)}"/>',
        f'<link rel="alternate" type="text/html" href="{escape(home)}"/>',
        f"<updated>{updated}</updated>",
        *(_entry(site, prefix, item) for item in items),
        "</feed>",
        "",
    ]
    return "\n".join(lines).encode("utf-8", "replace")


def _entry(site: SiteView, prefix: str, item: Item) -> str:
    entry, version = item
    page = site.absolute(paths.entry_page(prefix, entry.kind, entry.name))
    # Where the page shows this version; no two versions have the same.
    identity = f"{page}#versions={quote(version.version, safe='')}"
    official = version.official
    return (
        f"<entry><id>{escape(identity)}</id>"
        f"<title>{escape(f'{display_title(entry)} {clean(version.version)}{_state(version)}')}</title>"
        f'<link rel="alternate" type="text/html" href="{escape(page)}"/>'
        f"<published>{_time(official.published_at)}</published><updated>{_time(official.updated_at)}</updated>"
        f"<author><name>{escape(entry.name.namespace)}</name></author>"
        f'<category term="{entry.kind}"/><summary>{escape(_summary(version))}</summary></entry>'
    )


def _state(version: EntryVersion) -> str:
    return "" if version.official.status == "active" else f" ({version.official.status})"


def _summary(version: EntryVersion) -> str:
    return clean(version.official.status_message or version.description)


def _time(text: str) -> str:
    return format_time(parse_time(text))
