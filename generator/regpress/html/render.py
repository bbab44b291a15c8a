"""Catalogs and Markdown pages to the HTML of the site, as groups of artifacts. Reads and writes no file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain

import jinja2

from regpress import paths
from regpress.catalog import Catalog
from regpress.digest import recipe
from regpress.fingerprints import fold
from regpress.html.assets import asset_group, picture_assets, published_assets
from regpress.html.badge import SVG, badge_text
from regpress.html.browse import PageSection, PageSpec, browse_pages
from regpress.html.chrome import KIND_LABELS, Chrome, shown_kinds
from regpress.html.entries import FILE_NAMES, EntryPages
from regpress.html.feed import ATOM, entry_feed, feed_parts, last_changes, newest, registry_feed
from regpress.html.fingerprints import deleted_part, text_part
from regpress.html.guide import guide_parts, guide_text
from regpress.html.icons import Icons
from regpress.html.links import Links
from regpress.html.listing import Items
from regpress.html.markdown import MarkdownRenderer
from regpress.html.namespaces import Namespaces
from regpress.html.search_index import search_groups
from regpress.html.site import ContentPage, SiteView
from regpress.html.sitemap import XML, robots_text, sitemap, sitemap_text
from regpress.html.templates import Templates, View
from regpress.html.text import clean
from regpress.html.twin import MARKDOWN, twin_text
from regpress.html.use import use_view
from regpress.html.views import ContentView, LinkView, NotFoundView
from regpress.model.artifact import HTML, Artifact, ArtifactGroup, Section, Stage
from regpress.model.manifest import SITE


class HtmlRenderer:
    """The HTML catalog of one site.

    Args:
        environment: as `regpress.html.environment.make_environment` makes it; its loader gives the templates.
        site: what pages say about the site.
        fingerprint: digest of the templates, the generator's version and the settings.
        assets: files of ``templates/assets`` by name, ``style.css`` among them.
        pictures: icons of entries that become files of the site, by the address that they come from.
        own: names of the templates that the site has itself; None where any may be its own.

    Raises:
        ConfigError: a template or the stylesheet is missing or cannot be used.
    """

    def __init__(
        self,
        environment: jinja2.Environment,
        site: SiteView,
        *,
        fingerprint: bytes,
        assets: Mapping[str, bytes],
        pictures: Mapping[str, bytes] | None = None,
        own: Collection[str] | None = None,
    ) -> None:
        self._templates = Templates(environment, own)
        self._site = site
        self._fingerprint = fingerprint
        self._assets = published_assets(assets, accent=site.accent)
        self._pictures = picture_assets(pictures or {})

    def parts(self, catalogs: Sequence[Catalog], pages: Sequence[ContentPage]) -> Iterator[ArtifactGroup | Section]:
        """Return every page and asset of the site.

        Args:
            catalogs: the public registries, the default one among them.
            pages: the Markdown pages, in any order.

        Raises:
            ConfigError: when a group is rendered, if a template asks for what its view does not have.
        """
        ordered = sorted(pages, key=lambda page: (page.order, page.slug))
        chrome = Chrome(
            self._site,
            catalogs,
            ordered,
            assets={name: asset.address for name, asset in self._assets.items()},
            fill=self._templates.fill,
        )
        stored = {url: picture.address for url, picture in self._pictures.items()}
        icons = Icons(hosts=frozenset(self._site.icon_hosts), stored=stored)
        fingerprint = recipe((self._fingerprint, chrome.fingerprint, repr(stored).encode()))
        maker = _Pages(
            self._site, catalogs, templates=self._templates, chrome=chrome, icons=icons, fingerprint=fingerprint
        )
        # Two addresses may have one picture.
        pictures = {picture.name: picture for picture in self._pictures.values()}
        yield from map(asset_group, (*self._assets.values(), *pictures.values()))
        own = {paths.content_page(page.slug) for page in ordered}
        for catalog in catalogs:
            # Parts of the index take longest: begun first, no process waits for them at the end.
            yield from search_groups(catalog)
            yield from maker.of_catalog(catalog)
            # A page that the site wrote itself takes the place of ours.
            if paths.use_page(catalog.prefix) not in own:
                yield maker.use_page(catalog)
        yield from maker.of_content(ordered)
        yield from maker.followed(catalogs, ordered)
        yield maker.not_found(next((catalog for catalog in catalogs if catalog.is_default), None))


class _Pages:
    """The pages of one build."""

    def __init__(
        self,
        site: SiteView,
        catalogs: Sequence[Catalog],
        *,
        templates: Templates,
        chrome: Chrome,
        icons: Icons,
        fingerprint: bytes,
    ) -> None:
        self._site = site
        self._catalogs = catalogs
        self._templates = templates
        self._chrome = chrome
        self._icons = icons
        self._fingerprint = fingerprint
        #: Addresses of pages that are neither entries nor texts of the site, as they are made; for the sitemap, so
        #: that nobody spells them where there is none.
        self._others: list[Iterable[str]] = []

    def of_catalog(self, catalog: Catalog) -> Iterator[ArtifactGroup | Section]:
        """Return the pages of one registry."""
        key = f"{catalog.registry}/html"
        items = Items(catalog)
        namespaces = Namespaces(items.namespaces, self._site.namespace_pages_from)
        yield from self._entries(items, namespaces)
        for spec in browse_pages(items, namespaces, self._catalogs, self._site, self._chrome):
            if isinstance(spec, PageSection):
                self._others.append(spec.addresses)
                groups = partial(self._browse_groups, key, spec.pages)
                yield Section(f"{key}/{spec.key}", recipe((self._fingerprint, *spec.parts)), SITE, groups)
                continue
            if not paths.is_list_page(spec.address):
                self._others.append((spec.address,))
            yield self._browse_group(key, spec)

    def _browse_groups(self, key: str, pages: Callable[[], Iterable[PageSpec]]) -> Iterator[ArtifactGroup]:
        return (self._browse_group(key, spec) for spec in pages())

    def _browse_group(self, key: str, spec: PageSpec) -> ArtifactGroup:
        return self._group(f"{key}/{spec.key}", spec.address, spec.template, spec.view, parts=spec.parts)

    def _entries(self, items: Items, namespaces: Namespaces) -> Iterator[Section]:
        """Return the pages of the entries; the longest part of a site, so that recipes are cheap here."""
        catalog, kinds = items.catalog, items.kinds
        # A byte for each entry: whether its namespace has a page.
        listed = bytes(map(namespaces.listed.__contains__, namespaces.of))
        made_of = _made_of(catalog)
        salt = recipe((self._fingerprint, b"entry.html", catalog.prefix.encode()))

        def recipe_of(at: int) -> bytes:
            return fold(b"%b%c%b" % (salt, listed[at], made_of[at]))

        views = EntryPages(catalog.prefix, self._chrome, self._site, self._icons, namespaces.listed)
        for shard, members in catalog.shards.items():
            # Which entries they are is clear: their names are in the documents.
            facts = bytes([kinds[at] for at in members]), bytes([listed[at] for at in members])
            yield Section(
                f"{catalog.registry}/html/{shard}",
                recipe((salt, *facts, b"".join([made_of[at] for at in members]))),
                shard,
                partial(self._entry_groups, items, views, members, recipe_of),
            )

    def _entry_groups(
        self, items: Items, views: EntryPages, members: Sequence[int], recipe_of: Callable[[int], bytes]
    ) -> Iterator[ArtifactGroup]:
        catalog = items.catalog
        for at in members:
            key = f"{catalog.registry}/html/{items.kind(at)}/{items.names[at]}"
            yield ArtifactGroup(key, recipe_of(at), "page", partial(self._render_entry, catalog, views, at))

    def use_page(self, catalog: Catalog) -> ArtifactGroup:
        """Return the page that says how programs use a registry."""
        address = paths.use_page(catalog.prefix)
        self._others.append((address,))
        return self._group(
            f"{catalog.registry}/html/use",
            address,
            "use.html",
            partial(use_view, catalog, self._site, self._chrome),
        )

    def of_content(self, pages: Sequence[ContentPage]) -> Iterator[ArtifactGroup]:
        """Return the Markdown pages."""
        slugs = frozenset(page.slug for page in pages)
        for page in pages:
            yield self._group(
                f"html/pages/{page.slug}",
                paths.content_page(page.slug),
                "page.html",
                partial(_content_view, page, slugs, self._chrome),
                parts=(text_part(page.title), text_part(page.markdown), *map(str.encode, sorted(slugs))),
            )

    def not_found(self, default: Catalog | None) -> ArtifactGroup:
        """Return the page that hosts answer misses with."""
        return self._group(
            "html/404", paths.NOT_FOUND_PAGE, "404.html", partial(_not_found_view, self._site, default, self._chrome)
        )

    def _render_entry(self, catalog: Catalog, views: EntryPages, position: int) -> list[Artifact]:
        site, entry, prefix = self._site, catalog.entry_at(position), catalog.prefix
        address = paths.entry_page(prefix, entry.kind, entry.name)
        view = views.view(entry)
        made = [Artifact(address, "page", HTML, self._templates.page("entry.html", view))]
        for file in site.entry_files:
            beside = address + FILE_NAMES[file]
            if file == "markdown":
                made.append(Artifact(beside, "file", MARKDOWN, twin_text(view, entry)))
            elif file == "badge":
                made.append(Artifact(beside, "file", SVG, badge_text(entry)))
            elif site.base_url:
                made.append(Artifact(beside, "file", ATOM, entry_feed(site, prefix, entry, address=beside)))
        return made

    def followed(self, catalogs: Sequence[Catalog], pages: Sequence[ContentPage]) -> Iterator[ArtifactGroup]:
        """Return what is not read by people on the site: feeds, sitemap, and the guide for language models."""
        site = self._site
        yield self._file(
            "html/llms",
            paths.GUIDE_FOR_MODELS,
            "text/plain; charset=utf-8",
            partial(guide_text, site, catalogs, pages),
            parts=guide_parts(catalogs, pages),
        )
        if not site.base_url:
            return  # feeds and sitemaps have absolute links only
        changes = [(catalog, last_changes(catalog)) for catalog in catalogs]
        for catalog, changed in changes:
            items = newest(catalog, changed)
            address = paths.feed_file(catalog.prefix)
            body = partial(registry_feed, site, catalog, items)
            yield self._file(f"{catalog.registry}/html/feed", address, ATOM, body, parts=feed_parts(items))
        others = (*chain.from_iterable(self._others), *(paths.content_page(page.slug) for page in pages))
        for part in sitemap(changes, others):
            yield self._file(
                f"html/{part.address}", part.address, XML, partial(sitemap_text, site, part), parts=(part.content,)
            )
        if not site.base_path.strip("/"):
            yield self._file("html/robots", paths.ROBOTS, "text/plain; charset=utf-8", partial(robots_text, site))

    def _file(
        self, key: str, address: str, media_type: str, body: Callable[[], bytes], *, parts: Iterable[bytes] = ()
    ) -> ArtifactGroup:
        return ArtifactGroup(
            key=key,
            recipe=recipe((self._fingerprint, b"file", address.encode(), *parts)),
            stage="list",
            render=lambda: (Artifact(address, "file", media_type, body()),),
        )

    def _group(
        self,
        key: str,
        address: str,
        template: str,
        view: Callable[[], View],
        *,
        parts: Iterable[bytes] = (),
        stage: Stage = "list",
    ) -> ArtifactGroup:
        return ArtifactGroup(
            key=key,
            recipe=recipe((self._fingerprint, template.encode(), address.encode(), *parts)),
            stage=stage,
            render=partial(self._render, address, template, view),
        )

    def _render(self, address: str, template: str, view: Callable[[], View]) -> tuple[Artifact, ...]:
        body = self._templates.page(template, view())
        return (Artifact(address, "file" if address == paths.NOT_FOUND_PAGE else "page", HTML, body),)


def _made_of(catalog: Catalog) -> list[bytes]:
    """Return what stands for everything that the page of each entry shows of it, all of one length."""
    served = list(catalog.columns.whole)
    for position, entry in catalog.extended.items():
        served[position] = recipe((served[position], text_part(entry.readme), deleted_part(entry)))
    return served


def _content_view(page: ContentPage, slugs: frozenset[str], chrome: Chrome) -> ContentView:
    address = paths.content_page(page.slug)
    links = Links.of(address)
    title = clean(page.title)
    markdown = MarkdownRenderer(top=2, prefix="", resolve=partial(_page_reference, links, slugs))
    return ContentView(
        layout=chrome.layout(links, title=title, address=address, section=address),
        title=title,
        body=markdown.render(page.markdown),
    )


def _page_reference(links: Links, slugs: frozenset[str], reference: str) -> str:
    """Return where a relative reference leads: ``guide.md#part`` to that page of the site, others as they are."""
    path, mark, fragment = reference.partition("#")
    slug = path.removeprefix("./").removesuffix(".md")
    if path.endswith(".md"):
        return links.to(paths.content_page(slug)) + mark + fragment if slug in slugs else ""
    return reference


def _not_found_view(site: SiteView, default: Catalog | None, chrome: Chrome) -> NotFoundView:
    links = Links.absolute(site.base_path)
    kinds = shown_kinds(default) if default else ()
    return NotFoundView(
        layout=chrome.layout(links, title="Page not found"),
        lists=tuple(LinkView(KIND_LABELS[kind], links.to(paths.index_page("", kind))) for kind in kinds),
    )
