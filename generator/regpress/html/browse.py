"""A registry to everything that leads to its entries without a script: home page, lists by kind, tag and namespace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from operator import attrgetter
from typing import Final, NamedTuple
from zlib import crc32

from regpress import paths
from regpress.catalog import Catalog
from regpress.html import paging
from regpress.html.chrome import KIND_LABELS, Chrome, shown_kinds
from regpress.html.fingerprints import text_part
from regpress.html.home import Home, home_view
from regpress.html.links import Links
from regpress.html.listing import Items, Listing
from regpress.html.namespaces import Namespaces, namespaces_of
from regpress.html.paging import Paging
from regpress.html.site import SiteView
from regpress.html.tags import Tag, tags_of
from regpress.html.templates import View
from regpress.html.views import IndexView, LinkView, ListView, TermsView, TermView
from regpress.record import record

#: Most tags or namespaces of one page; their rows are short.
_INDEX_SIZE: Final = 600
#: Sections of the pages of namespaces, of which there are thousands, and of those of tags.
_NAMESPACE_SECTIONS: Final = 64
_TAG_SECTIONS: Final = 16
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
        addresses: of the pages, to be gone through once; those that only continue a list may be left out.
        parts: everything that the pages depend on, besides the site.
        pages: returns them.
    """

    key: str
    addresses: Iterable[str]
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
    items: Items, namespaces: Namespaces, catalogs: Sequence[Catalog], site: SiteView, chrome: Chrome
) -> Iterator[PageSpec | PageSection]:
    """Return the pages that lead to the entries of a registry.

    Args:
        items: the entries of the registry.
        namespaces: their namespaces.
        catalogs: all registries of the site.
        site: the site.
        chrome: what is around pages.
    """
    catalog, prefix = items.catalog, items.catalog.prefix
    listings = {
        kind: Listing(paths.index_page(prefix, kind), items, items.ordered(catalog.ranges[kind]), prefix=prefix)
        for kind in shown_kinds(catalog)
    }
    for kind, listing in listings.items():
        heading = KIND_LABELS[kind]
        subject = _Subject(heading=heading, section=listing.paging.base)
        yield from _list_pages(kind, listing, subject, prefix, chrome)
    tags = tags_of(items)
    yield from _tag_pages(tags, items, prefix, chrome)
    yield from _namespace_pages(items, namespaces, prefix, chrome)
    home = Home.of(catalog, catalogs, site, listings=listings, tags=tags, namespace_count=len(namespaces.counts))
    yield PageSpec("home", prefix, "home.html", partial(home_view, home, chrome), home.parts())


def _tag_pages(tags: Sequence[Tag], items: Items, prefix: str, chrome: Chrome) -> Iterator[PageSection]:
    """Yield the pages of tags, and the list of all."""
    if not tags:
        return
    sections: dict[int, list[Tag]] = {}
    for tag in tags:
        number = crc32(tag.key.encode("utf-8", "surrogatepass")) % _TAG_SECTIONS
        sections.setdefault(number, []).append(tag)
    for number, own in sections.items():
        # Which tag has which of them is clear: how many each has comes first.
        every = [at for tag in own for at in tag.positions]
        yield PageSection(
            f"tags/{number}",
            map(partial(paths.tag_page, prefix), map(attrgetter("slug"), own)),
            (prefix.encode(), _terms_part(own), items.part(every)),
            partial(_pages_of_tags, own, items, prefix, chrome),
        )
    index = partial(_list_of_tags, tags, prefix, chrome)
    yield PageSection("tags", [paths.tag_index(prefix)], (prefix.encode(), _terms_part(tags)), index)


def _terms_part(tags: Iterable[Tag]) -> bytes:
    facts = [(tag.key, tag.label, len(tag.positions)) for tag in tags]
    return text_part(repr(facts))


def _pages_of_tags(tags: Iterable[Tag], items: Items, prefix: str, chrome: Chrome) -> Iterator[PageSpec]:
    index = paths.tag_index(prefix)
    for tag in tags:
        listing = Listing(paths.tag_page(prefix, tag.slug), items, tag.positions, prefix=prefix, mixed=True)
        subject = _Subject(heading=tag.label, what="Tag", parent=(_TAGS, index))
        yield from _list_pages(f"tag/{tag.slug}", listing, subject, prefix, chrome)


def _list_of_tags(tags: Iterable[Tag], prefix: str, chrome: Chrome) -> Iterator[PageSpec]:
    terms = sorted(
        _Term(paging.sort_key(tag.label, tag.key), tag.label, paths.tag_page(prefix, tag.slug), len(tag.positions))
        for tag in tags
    )
    return _index_pages("tags", _Terms(_TAGS, paths.tag_index(prefix), terms), prefix, chrome)


def _namespace_pages(items: Items, namespaces: Namespaces, prefix: str, chrome: Chrome) -> Iterator[PageSection]:
    """Yield the pages of namespaces, and the list of all."""
    if not items.keys:
        return
    numbers: dict[str, int] = {}
    names: dict[int, list[str]] = {}
    # In the order of their entries: that of a set is another one in each process.
    for name in filter(namespaces.listed.__contains__, namespaces.counts):
        number = numbers[name] = crc32(name.encode()) % _NAMESPACE_SECTIONS
        names.setdefault(number, []).append(name)
    sections: dict[int, list[int]] = {number: [] for number in names}
    for at, found in enumerate(map(numbers.get, namespaces.of)):
        if found is not None:
            sections[found].append(at)
    for number, own in sections.items():
        yield PageSection(
            f"namespaces/{number}",
            map(partial(paths.namespace_page, prefix), names[number]),
            (prefix.encode(), items.part(own)),
            partial(_pages_of_namespaces, own, items, namespaces, prefix, chrome),
        )
    # The list shows names and numbers, and titles say whose spelling: nobody puts it together where those are the same.
    parts = (prefix.encode(), "\n".join(items.names).encode(), _texts_part(items.titles), items.kinds)
    index = partial(_list_of_namespaces, items, namespaces, prefix, chrome)
    yield PageSection("namespaces", [paths.namespace_index(prefix)], parts, index)


def _texts_part(titles: Iterable[str]) -> bytes:
    # No cleaned text has the character.
    return text_part(paging.SEPARATOR.join(titles))


def _list_of_namespaces(items: Items, namespaces: Namespaces, prefix: str, chrome: Chrome) -> Iterator[PageSpec]:
    terms = []
    for key, label, own in namespaces_of(range(len(items.keys)), items, namespaces):
        if label.lower() in namespaces.listed:
            address = paths.namespace_page(prefix, label)
        else:
            (address,) = paths.entry_pages(prefix, items.kind(own[0]), (items.names[own[0]],))
        terms.append(_Term(key, label, address, len(own)))
    listed = _Terms(_NAMESPACES, paths.namespace_index(prefix), terms, lead=_NAMESPACE_LEAD)
    return _index_pages("namespaces", listed, prefix, chrome)


def _pages_of_namespaces(
    positions: Iterable[int], items: Items, namespaces: Namespaces, prefix: str, chrome: Chrome
) -> Iterator[PageSpec]:
    index = paths.namespace_index(prefix)
    for _, label, own in namespaces_of(positions, items, namespaces):
        listing = Listing(paths.namespace_page(prefix, label), items, own, prefix=prefix, mixed=True)
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
        total=0 if page else len(listing.positions),
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
