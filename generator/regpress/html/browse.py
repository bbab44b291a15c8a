"""A registry to everything that leads to its entries without a script: home page, lists by kind, tag and namespace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from operator import itemgetter
from typing import Final, NamedTuple
from zlib import crc32

from regpress import paths
from regpress.catalog import Catalog
from regpress.html import paging
from regpress.html.chrome import KIND_LABELS, Chrome, shown_kinds
from regpress.html.home import Home, home_view
from regpress.html.links import Links
from regpress.html.listing import Item, Listing, items_of
from regpress.html.namespaces import namespaces_of
from regpress.html.paging import Paging
from regpress.html.site import SiteView
from regpress.html.tags import Tag, tags_of
from regpress.html.templates import View
from regpress.html.views import IndexView, LinkView, ListView, TermsView, TermView
from regpress.record import record

#: Most tags or namespaces of one page; their rows are short.
_INDEX_SIZE: Final = 600
#: Sections of the pages of namespaces, of which there are thousands.
_NAMESPACE_SECTIONS: Final = 64
_TAGS: Final = "Tags"
_NAMESPACES: Final = "Publishers"
_NAMESPACE_LEAD: Final = "Namespaces that entries are published under, read from their end: com.example stands under E"


class PageSpec(NamedTuple):
    """A page that can be made.

    Attributes:
        key: its identity in the build, below that of the registry's pages.
        address: where it lies.
        template: what it is made with.
        view: returns what the template shows.
        parts: what it depends on, besides address, template and the site.
    """

    key: str
    address: str
    template: str
    view: Callable[[], View]
    parts: Iterable[bytes]


@record(kw_only=True)
class _Subject:
    """What a list is about: `ListView`."""

    heading: str
    section: str = ""
    what: str = ""
    parent: tuple[str, str] | None = None


class PageSection(NamedTuple):
    """Pages that are looked at one by one only where something about one of them changed.

    Attributes:
        key: as in `PageSpec`.
        addresses: of the pages; those that only continue a list may be left out.
        parts: everything that the pages depend on, besides the site.
        pages: returns them.
    """

    key: str
    addresses: Sequence[str]
    parts: Sequence[bytes]
    pages: Callable[[], Iterable[PageSpec]]


class _Term(NamedTuple):
    """A tag or a namespace: where it stands in the list of all, its text, where it leads, and its entries' number."""

    key: str
    label: str
    address: str
    entries: int


class _Terms:
    """The tags or the namespaces of a registry, as a list of their own."""

    def __init__(self, heading: str, base: str, terms: Sequence[_Term], *, lead: str = "") -> None:
        self.heading = heading
        self.lead = lead
        self.terms = terms
        self.paging = Paging(base, [term.key for term in terms], size=_INDEX_SIZE)

    def parts(self, page: int) -> Iterator[bytes]:
        yield from self.paging.parts(page)
        positions = self.paging.pages[page].positions
        yield repr(list(map(tuple, self.terms[positions.start : positions.stop]))).encode("utf-8", "surrogatepass")
        if not page:
            yield b"%d" % len(self.terms)


def browse_pages(
    catalog: Catalog, catalogs: Sequence[Catalog], site: SiteView, chrome: Chrome
) -> Iterator[PageSpec | PageSection]:
    """Return the pages that lead to the entries of a registry.

    Args:
        catalog: the registry.
        catalogs: all registries of the site.
        site: the site.
        chrome: what is around pages.
    """
    prefix = catalog.prefix
    items = items_of(catalog)
    listings = {
        kind: Listing(paths.index_page(prefix, kind), items.get(kind, ()), prefix=prefix)
        for kind in shown_kinds(catalog)
    }
    for kind, listing in listings.items():
        heading = KIND_LABELS[kind]
        subject = _Subject(heading=heading, section=listing.paging.base)
        yield from _list_pages(kind, listing, subject, prefix, chrome)
    everything = sorted(chain.from_iterable(items.values()), key=itemgetter(0))
    tags = tags_of(everything)
    yield from _tag_pages(tags, prefix, chrome)
    counts = Counter([item.namespace.lower() for item in everything])
    yield from _namespace_pages(everything, counts, site.namespace_pages_from, prefix, chrome)
    home = Home.of(catalog, catalogs, site, listings=listings, tags=tags, namespace_count=len(counts))
    yield PageSpec("home", prefix, "home.html", partial(home_view, home, chrome), home.parts())


def _tag_pages(tags: Sequence[Tag], prefix: str, chrome: Chrome) -> Iterator[PageSpec]:
    if not tags:
        return
    index = paths.tag_index(prefix)
    for tag in tags:
        listing = Listing(paths.tag_page(prefix, tag.slug), tag.items, prefix=prefix, mixed=True)
        subject = _Subject(heading=tag.label, what="Tag", parent=(_TAGS, index))
        yield from _list_pages(f"tag/{tag.slug}", listing, subject, prefix, chrome)
    terms = sorted(
        _Term(paging.sort_key(tag.label, tag.key), tag.label, paths.tag_page(prefix, tag.slug), len(tag.items))
        for tag in tags
    )
    yield from _index_pages("tags", _Terms(_TAGS, index, terms), prefix, chrome)


def _namespace_pages(
    items: Sequence[Item], counts: Mapping[str, int], least: int, prefix: str, chrome: Chrome
) -> Iterator[PageSection]:
    """Yield the pages of namespaces, and the list of all.

    Args:
        items: all entries, in the order of lists.
        counts: how many of them each namespace has, in lower case.
        least: how many make a page.
        prefix: of the registry's addresses.
        chrome: what is around pages.
    """
    if not items:
        return
    sections: dict[int, list[Item]] = {}
    addresses: dict[int, list[str]] = {}
    numbers: dict[str, int] = {}
    for namespace, count in counts.items():
        if count >= least:
            number = numbers[namespace] = crc32(namespace.encode()) % _NAMESPACE_SECTIONS
            addresses.setdefault(number, []).append(paths.namespace_page(prefix, namespace))
    for item in items:
        number = numbers.get(item.namespace.lower(), -1)
        if number >= 0:
            sections.setdefault(number, []).append(item)
    for number, own in sections.items():
        yield PageSection(
            f"namespaces/{number}",
            addresses[number],
            (prefix.encode(), _keys_part(own), b"".join([item.part for item in own])),
            partial(_pages_of_namespaces, own, prefix, chrome),
        )
    # The list shows names and numbers only, so that nobody puts it together where those are the same.
    index = partial(_list_of_namespaces, items, least, prefix, chrome)
    yield PageSection("namespaces", [paths.namespace_index(prefix)], (prefix.encode(), _keys_part(items)), index)


def _keys_part(items: Iterable[Item]) -> bytes:
    return "\n".join([item.key for item in items]).encode("utf-8", "surrogatepass")


def _list_of_namespaces(items: Iterable[Item], least: int, prefix: str, chrome: Chrome) -> Iterator[PageSpec]:
    terms = []
    for key, label, own in namespaces_of(items):
        if len(own) >= least:
            address = paths.namespace_page(prefix, label)
        else:
            (address,) = paths.entry_pages(prefix, own[0].kind, (own[0].name,))
        terms.append(_Term(key, label, address, len(own)))
    listed = _Terms(_NAMESPACES, paths.namespace_index(prefix), terms, lead=_NAMESPACE_LEAD)
    return _index_pages("namespaces", listed, prefix, chrome)


def _pages_of_namespaces(items: Iterable[Item], prefix: str, chrome: Chrome) -> Iterator[PageSpec]:
    index = paths.namespace_index(prefix)
    for _, label, own in namespaces_of(items):
        listing = Listing(paths.namespace_page(prefix, label), own, prefix=prefix, mixed=True)
        subject = _Subject(heading=label, what="Publisher", parent=(_NAMESPACES, index))
        yield from _list_pages(f"namespace/{label.lower()}", listing, subject, prefix, chrome)


def _list_pages(key: str, listing: Listing, subject: _Subject, prefix: str, chrome: Chrome) -> Iterator[PageSpec]:
    for page, (address, *_) in enumerate(listing.paging.pages):
        yield PageSpec(
            _page_key(key, listing.paging, address),
            address,
            "list.html",
            partial(_list_view, listing, page, subject, prefix, chrome),
            (subject.heading.encode("utf-8", "surrogatepass"), *listing.parts(page)),
        )


def _index_pages(key: str, terms: _Terms, prefix: str, chrome: Chrome) -> Iterator[PageSpec]:
    for page, (address, *_) in enumerate(terms.paging.pages):
        yield PageSpec(
            _page_key(key, terms.paging, address),
            address,
            "index.html",
            partial(_index_view, terms, page, prefix, chrome),
            terms.parts(page),
        )


def _page_key(key: str, paged: Paging, address: str) -> str:
    return f"{key}/{address.removeprefix(paged.base)}".rstrip("/")


def _list_view(listing: Listing, page: int, subject: _Subject, prefix: str, chrome: Chrome) -> ListView:
    paged = listing.paging
    links = Links.of(paged.address(page))
    return ListView(
        layout=chrome.layout(links, title=_title(subject.heading, paged, page), prefix=prefix, section=subject.section),
        parent=LinkView(subject.parent[0], links.to(subject.parent[1])) if subject.parent else None,
        what=subject.what,
        heading=subject.heading,
        total=0 if page else len(listing.items),
        jumps=listing.jumps(links, page),
        siblings=listing.siblings(links, page),
        letters=listing.letters(links, page),
        previous=_neighbour(paged, page - 1, links),
        next=_neighbour(paged, page + 1, links),
    )


def _index_view(terms: _Terms, page: int, prefix: str, chrome: Chrome) -> IndexView:
    paged = terms.paging
    links = Links.of(paged.address(page))
    here = paged.pages[page].address
    return IndexView(
        layout=chrome.layout(links, title=_title(terms.heading, paged, page), prefix=prefix),
        heading=terms.heading,
        lead=terms.lead,
        total=0 if page else len(terms.terms),
        jumps=paged.jumps(links, page),
        siblings=tuple(
            LinkView(terms.terms[one.positions.start].label, links.to(one.address), one.address == here)
            for one in paged.siblings(page)
        ),
        letters=tuple(
            TermsView(
                paging.label(letter),
                paging.fragment(letter),
                tuple(
                    TermView(term.label, links.to(term.address), term.entries)
                    for term in map(terms.terms.__getitem__, positions)
                ),
            )
            for letter, positions in paged.sections(page)
        ),
        previous=_neighbour(paged, page - 1, links),
        next=_neighbour(paged, page + 1, links),
    )


def _title(heading: str, paged: Paging, page: int) -> str:
    """Return the title of a document; pages of one letter after its first have that of the first."""
    return f"{heading}: {paging.label(paged.pages[page].letter)}" if page else heading


def _neighbour(paged: Paging, page: int, links: Links) -> str:
    address = paged.address(page)
    return links.to(address) if address else ""
