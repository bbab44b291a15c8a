"""A registry to the view of its home page."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

from regpress.catalog import Catalog
from regpress.html.chrome import KIND_LABELS, Chrome
from regpress.html.fingerprints import row_parts
from regpress.html.links import Links
from regpress.html.listing import Listing, row_of
from regpress.html.site import SiteView
from regpress.html.text import clean
from regpress.html.views import HomeView, RowView, SectionView
from regpress.model.entry import Entry
from regpress.times import time_key

#: Most entries that a home page lists completely.
COMPLETE: Final = 300
_CHANGES: Final = 6


class Change(NamedTuple):
    """The last change of an entry.

    Attributes:
        entry: what changed.
        time: when, RFC 3339.
    """

    entry: Entry
    time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """What a home page is made of.

    Attributes:
        catalog: the registry.
        listings: its kinds.
        changes: its newest changes, newest first.
        title: heading of the page.
        description: one line, empty where there is none.
        address: what clients need to use the registry, empty where it is not known.
    """

    catalog: Catalog
    listings: tuple[Listing, ...]
    changes: tuple[Change, ...]
    title: str
    description: str
    address: str

    @classmethod
    def of(cls, catalog: Catalog, listings: Sequence[Listing], site: SiteView) -> Self:
        """Return the home page of a registry; the default one's is that of the site."""
        base = f"{site.base_url}/{catalog.prefix}".rstrip("/") if site.base_url else ""
        return cls(
            catalog=catalog,
            listings=tuple(listing for listing in listings if listing.entries),
            changes=tuple(newest_changes(catalog)),
            title=clean(site.title) if catalog.is_default else catalog.registry,
            description=clean(site.description) if catalog.is_default else "",
            address=base,
        )

    @property
    def complete(self) -> bool:
        """Return whether the page lists all entries."""
        return sum(len(listing.entries) for listing in self.listings) <= COMPLETE

    def shown(self, listing: Listing) -> tuple[Entry, ...]:
        """Return the entries of a kind that the page lists."""
        return listing.entries if self.complete else listing.on_page(0)

    def parts(self) -> Iterator[bytes]:
        """Yield everything that the page depends on besides the site."""
        for change in self.changes:
            yield change.time.encode()
        yield from row_parts(change.entry for change in self.changes)
        for listing in self.listings:
            yield f"{listing.kind} {len(listing.entries)} {self.complete} {listing.jumps} {listing.addresses}".encode()
            yield from row_parts(self.shown(listing))


def newest_changes(catalog: Catalog) -> Iterator[Change]:
    """Return the entries that changed last, newest first; equal times by kind and name."""
    changed = ((max(time_key(version.official.updated_at) for version in entry.versions), entry) for entry in catalog)
    for key, entry in heapq.nlargest(_CHANGES, changed, key=lambda pair: pair[0]):
        times = (version.official.updated_at for version in entry.versions)
        yield Change(entry, next(time for time in times if time_key(time) == key))


def home_view(home: Home, chrome: Chrome) -> HomeView:
    """Return the view of a home page."""
    prefix = home.catalog.prefix
    links = Links.of(prefix)
    title = "" if home.catalog.is_default else home.title
    return HomeView(
        layout=chrome.layout(
            links, title=title, description=home.description, address=prefix, prefix=prefix, section=prefix
        ),
        title=home.title,
        description=home.description,
        address=home.address,
        changes=_rows(home.changes, links, prefix),
        sections=tuple(_section(home, listing, links) for listing in home.listings),
    )


def _rows(changes: Iterable[Change], links: Links, prefix: str) -> tuple[RowView, ...]:
    return tuple(row_of(change.entry, links, prefix, time=change.time) for change in changes)


def _section(home: Home, listing: Listing, links: Links) -> SectionView:
    rows = tuple(row_of(entry, links, home.catalog.prefix) for entry in home.shown(listing))
    return SectionView(
        heading=KIND_LABELS[listing.kind],
        id=KIND_LABELS[listing.kind].lower(),
        href=links.to(listing.address(0)),
        total=len(listing.entries),
        complete=home.complete,
        jumps=() if home.complete else listing.jump_links(links),
        rows=rows,
    )
