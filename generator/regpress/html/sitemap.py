"""The addresses of a site's pages to its sitemap, and to ``robots.txt`` where it lies at the root of its host.

A large sitemap has parts that are cut as lists are (`regpress.pages`), and an index without dates: a changed entry
changes one part, a new one one part and seldom the index.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from markupsafe import escape

from regpress import paths
from regpress.catalog import Catalog
from regpress.html.site import SiteView
from regpress.pages import chunks, token

XML: Final = "application/xml"
#: Most pages of a part; the format allows 50,000.
PART_SIZE: Final = 2_000
_SCHEMA: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"


class Location(NamedTuple):
    """One page of the site.

    Attributes:
        address: its address.
        day: when it last changed, empty where that is not known.
    """

    address: str
    day: str = ""


class Part(NamedTuple):
    """One file of the sitemap.

    Attributes:
        address: its address.
        pages: the pages that it names; none in an index.
        parts: addresses of the parts that it names; only an index has them.
    """

    address: str
    pages: tuple[Location, ...] = ()
    parts: tuple[str, ...] = ()

    @property
    def content(self) -> bytes:
        """Return what the file depends on besides the site."""
        return "\n".join((*map(" ".join, self.pages), *self.parts)).encode()


def sitemap(
    changes: Iterable[tuple[Catalog, Sequence[str]]], others: Iterable[str], *, size: int = PART_SIZE
) -> Iterator[Part]:
    """Yield the files of the sitemap: one, or several and their index.

    Args:
        changes: when each entry of each registry last changed, `regpress.html.feed.last_changes`.
        others: addresses of all other pages.
        size: most pages of a part.
    """
    locations = sorted((*_locations(changes), *map(Location, others)))
    cuts = chunks([location.address for location in locations], size=size)
    if len(cuts) == 1:
        yield Part(paths.SITEMAP, tuple(locations))
        return
    parts = [
        Part(
            # Each part is called after the page before it, as the pages of lists are.
            paths.sitemap_part(token(locations[cut.start - 1].address) if cut.start else "first"),
            tuple(locations[cut.start : cut.stop]),
        )
        for cut in cuts
    ]
    yield from parts
    yield Part(paths.SITEMAP, parts=tuple(part.address for part in parts))


def sitemap_text(site: SiteView, part: Part) -> bytes:
    """Return the XML of a file of the sitemap."""
    kind, inner = ("sitemapindex", "sitemap") if part.parts else ("urlset", "url")
    locations = (*part.pages, *(Location(address) for address in part.parts))
    lines = (
        f"<{inner}><loc>{escape(site.absolute(address))}</loc>{f'<lastmod>{day}</lastmod>' if day else ''}</{inner}>"
        for address, day in locations
    )
    head = f'<?xml version="1.0" encoding="utf-8"?>\n<{kind} xmlns="{_SCHEMA}">'
    return "\n".join((head, *lines, f"</{kind}>\n")).encode()


def robots_text(site: SiteView) -> bytes:
    """Return ``robots.txt``: everything may be read, and where the sitemap is."""
    return f"User-agent: *\nDisallow:\n\nSitemap: {site.absolute(paths.SITEMAP)}\n".encode()


def _locations(changes: Iterable[tuple[Catalog, Sequence[str]]]) -> Iterator[Location]:
    for catalog, times in changes:
        for kind, own in catalog.ranges.items():
            inside = slice(own.start, own.stop)
            pages = paths.entry_pages(catalog.prefix, kind, catalog.columns.names[inside])
            yield from map(Location, pages, [time[:10] for time in times[inside]])
