"""A registry to the view of its home page, which is also the page of the search."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, Self

from regpress import paths
from regpress.catalog import Catalog
from regpress.html.chrome import KIND_LABELS, Chrome
from regpress.html.fingerprints import row_parts
from regpress.html.links import Links
from regpress.html.listing import Listing, row_of
from regpress.html.site import SiteView
from regpress.html.tags import Tag
from regpress.html.text import clean
from regpress.html.views import HomeView, RowView, ScopeView, SectionView, TermView
from regpress.model.entry import Entry
from regpress.names import Kind
from regpress.record import record
from regpress.times import time_key

#: The script of the search.
SEARCH_SCRIPT: Final = "search.js"
#: Most entries that a home page lists completely.
COMPLETE: Final = 300
_CHANGES: Final = 6
_TAGS: Final = 24


class Change(NamedTuple):
    """The last change of an entry.

    Attributes:
        entry: what changed.
        time: when, RFC 3339.
    """

    entry: Entry
    time: str


@record(kw_only=True)
class Home:
    """What a home page is made of.

    Attributes:
        catalog: the registry.
        listings: its kinds.
        changes: its newest changes, newest first.
        title: heading of the page.
        description: one line, empty where there is none.
        address: what clients need to use the registry, empty where it is not known.
        tags: the commonest tags: label, slug and number of entries.
        tag_count, namespace_count: how many there are.
        scopes: names and prefixes of all registries; empty where there is only one.
    """

    catalog: Catalog
    listings: Mapping[Kind, Listing]
    changes: tuple[Change, ...]
    title: str
    description: str
    address: str
    tags: tuple[tuple[str, str, int], ...]
    tag_count: int
    namespace_count: int
    scopes: tuple[tuple[str, str], ...]

    @classmethod
    def of(
        cls,
        catalog: Catalog,
        catalogs: Sequence[Catalog],
        site: SiteView,
        *,
        listings: Mapping[Kind, Listing],
        tags: Sequence[Tag],
        namespace_count: int,
    ) -> Self:
        """Return the home page of a registry; the default one's is that of the site."""
        base = f"{site.base_url}/{catalog.prefix}".rstrip("/") if site.base_url else ""
        commonest = heapq.nsmallest(_TAGS, tags, key=lambda tag: (-len(tag.positions), tag.key))
        return cls(
            catalog=catalog,
            listings={kind: listing for kind, listing in listings.items() if listing.positions},
            changes=tuple(newest_changes(catalog)),
            title=clean(site.title) if catalog.is_default else catalog.registry,
            description=clean(site.description) if catalog.is_default else "",
            address=base,
            tags=tuple((tag.label, tag.slug, len(tag.positions)) for tag in commonest),
            tag_count=len(tags),
            namespace_count=namespace_count,
            scopes=tuple((one.registry, one.prefix) for one in catalogs) if len(catalogs) > 1 else (),
        )

    @property
    def complete(self) -> bool:
        """Return whether the page lists all entries."""
        return sum(len(listing.positions) for listing in self.listings.values()) <= COMPLETE

    def parts(self) -> Iterator[bytes]:
        """Yield everything that the page depends on besides the site."""
        for change in self.changes:
            yield change.time.encode()
        yield from row_parts(change.entry for change in self.changes)
        facts = (self.complete, self.tags, self.tag_count, self.namespace_count, self.scopes)
        yield repr(facts).encode("utf-8", "surrogatepass")
        for kind, listing in self.listings.items():
            yield f"{kind} {len(listing.positions)} {listing.paging.letters}".encode()
            if self.complete:
                yield listing.part()


def newest_changes(catalog: Catalog) -> Iterator[Change]:
    """Return the entries that changed last, newest first; equal times by kind and name."""
    changed = catalog.changed
    for position in heapq.nlargest(_CHANGES, range(len(changed)), key=changed.__getitem__):
        entry = catalog.entry_at(position)
        times = (version.official.updated_at for version in entry.versions)
        yield Change(entry, next(time for time in times if time_key(time) == changed[position]))


def home_view(home: Home, chrome: Chrome) -> HomeView:
    """Return the view of a home page."""
    prefix = home.catalog.prefix
    links = Links.of(prefix)
    title = "" if home.catalog.is_default else home.title
    tags, namespaces = paths.tag_index(prefix), paths.namespace_index(prefix)
    return HomeView(
        layout=chrome.layout(
            links,
            title=title,
            description=home.description,
            address=prefix,
            prefix=prefix,
            section=prefix,
            scripts=(SEARCH_SCRIPT,),
            search=False,
        ),
        title=home.title,
        description=home.description,
        address=home.address,
        index=links.to(paths.search_index(prefix)),
        scopes=tuple(ScopeView(name, links.to(other), other == prefix) for name, other in home.scopes),
        changes=_rows(home.changes, links, prefix),
        sections=tuple(_section(home, kind, links) for kind in home.listings),
        tags=tuple(TermView(label, links.to(paths.tag_page(prefix, slug)), count) for label, slug, count in home.tags),
        all_tags=TermView("Tags", links.to(tags), home.tag_count) if home.tag_count else None,
        namespaces=TermView("Publishers", links.to(namespaces), home.namespace_count) if home.namespace_count else None,
    )


def _rows(changes: Iterable[Change], links: Links, prefix: str) -> tuple[RowView, ...]:
    return tuple(row_of(change.entry, links, prefix, time=change.time) for change in changes)


def _section(home: Home, kind: Kind, links: Links) -> SectionView:
    listing = home.listings[kind]
    return SectionView(
        heading=KIND_LABELS[kind],
        id=KIND_LABELS[kind].lower(),
        href=links.to(listing.paging.base),
        total=len(listing.positions),
        complete=home.complete,
        jumps=() if home.complete else listing.paging.jumps(links),
        rows=listing.rows(links) if home.complete else (),
    )
