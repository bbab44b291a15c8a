"""What is around every page: head, navigation, footer. Made once for all pages of one depth and section."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from markupsafe import Markup

from regpress import paths
from regpress.catalog import Catalog
from regpress.digest import recipe
from regpress.html.assets import ICON, PICTURE, STYLESHEET
from regpress.html.links import Links
from regpress.html.site import ContentPage, SiteView, Theme
from regpress.html.text import clean, reveal
from regpress.html.views import ChromeView, HeadView, LayoutView, LinkView
from regpress.names import KINDS, Kind
from regpress.record import record

KIND_LABELS: Final[Mapping[Kind, str]] = {"server": "Servers", "skill": "Skills", "plugin": "Plugins"}

#: A template's name and its view to HTML.
Fill = Callable[[str, ChromeView | HeadView], str]


def shown_kinds(catalog: Catalog) -> tuple[Kind, ...]:
    """Return the kinds that have a list: those with entries, and servers in any case."""
    return tuple(kind for kind in KINDS if kind == "server" or catalog.of(kind))


def content_policy(site: SiteView) -> str:
    """Return the Content-Security-Policy of every page: what the site has itself, and icons from hosts it trusts."""
    pictures = " ".join(("'self'", *(f"https://{host}" for host in site.icon_hosts)))
    return (
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; "
        f"img-src {pictures}; base-uri 'none'; form-action 'self'"
    )


@record
class Frame:
    """What pages of one depth, section and script have in common; members as those of a `LayoutView`.

    Attributes:
        site_title: the site's name.
    """

    site_title: str
    language: str
    theme: Theme
    home: LinkView
    head: Markup
    header: Markup
    footer: Markup

    def layout(self, title: str, description: str, address: str) -> LayoutView:
        """Return what is around one page.

        Args:
            title: of the document; the site's name is added. Empty for the home page.
            description: of the document, empty where there is none.
            address: of the page, absolute; empty where it is not known.
        """
        # A window's title has no markup that could end a change of direction.
        heading = (title if title.isprintable() else reveal(title)) or self.site_title
        # By position: every page has one.
        return LayoutView(
            self.language,
            self.theme,
            f"{heading} · {self.site_title}" if title else heading,
            heading,
            description,
            address,
            self.home,
            self.head,
            self.header,
            self.footer,
        )


class Chrome:
    """The surroundings of the pages of one site.

    Args:
        site: the site.
        catalogs: its registries.
        pages: its Markdown pages, in the order of the navigation.
        assets: addresses of the assets by the names of their files.
        fill: renders ``head.html``, ``header.html`` and ``footer.html``.
    """

    def __init__(
        self,
        site: SiteView,
        catalogs: Sequence[Catalog],
        pages: Sequence[ContentPage],
        *,
        assets: Mapping[str, str],
        fill: Fill,
    ) -> None:
        self._site = site
        self._assets = dict(assets)
        self._fill = fill
        self._pages = tuple((clean(page.title), paths.content_page(page.slug)) for page in pages)
        self._kinds = {catalog.prefix: shown_kinds(catalog) for catalog in catalogs}
        self._registries = tuple((catalog.registry, catalog.prefix) for catalog in catalogs)
        self._home_labels = {catalog.prefix: catalog.registry for catalog in catalogs if not catalog.is_default}
        self._policy = content_policy(site)
        self._title = clean(site.title)
        self._frames: dict[tuple[str, str, str, tuple[str, ...], bool], Frame] = {}

    @property
    def fingerprint(self) -> bytes:
        """Return what stands for everything here that pages depend on."""
        facts = (self._assets, self._pages, self._registries, tuple(self._kinds.items()), self._site)
        return recipe((repr(facts).encode("utf-8", "surrogatepass"),))

    def layout(
        self,
        links: Links,
        *,
        title: str = "",
        description: str = "",
        address: str | None = None,
        prefix: str = "",
        section: str = "",
        scripts: Iterable[str] = (),
        search: bool = True,
    ) -> LayoutView:
        """Return what is around one page.

        Args:
            links: of the page.
            title: of the document; the site's name is added. Empty for the home page.
            description: of the document.
            address: of the page, where it has one of its own.
            prefix: of the registry that the page belongs to.
            section: address of the page that the navigation marks as current.
            scripts: names of the assets that the page runs, in their order.
            search: whether the header has a search box, which the page of the search has no need of.
        """
        frame = self.frame(links, prefix=prefix, section=section, scripts=tuple(scripts), search=search)
        return frame.layout(title, description, "" if address is None else self._site.absolute(address))

    def frame(
        self, links: Links, *, prefix: str, section: str, scripts: tuple[str, ...] = (), search: bool = True
    ) -> Frame:
        """Return what several pages have in common; arguments as of `layout`."""
        key = (links.root, prefix, section, scripts, search)
        made = self._frames.get(key)
        if made is None:
            around = self._view(links, prefix, section, search=search)
            made = self._frames[key] = Frame(
                self._title,
                self._site.language,
                self._site.theme,
                LinkView(self._home_labels.get(prefix, "Home"), links.to(prefix)),
                self._filled("head.html", self._head_view(links, prefix, scripts)),
                self._filled("header.html", around),
                self._filled("footer.html", around),
            )
        return made

    def _filled(self, template: str, view: ChromeView | HeadView) -> Markup:
        return Markup(self._fill(template, view))  # noqa: S704 - what a template escaped

    def _head_view(self, links: Links, prefix: str, scripts: Iterable[str]) -> HeadView:
        assets, site = self._assets, self._site
        registries = [(name, address) for name, address in self._registries if site.base_url and address == prefix]
        return HeadView(
            policy=self._policy,
            site_title=self._title,
            stylesheet=links.to(assets[STYLESHEET]),
            icon=links.to(assets[ICON]) if ICON in assets else "",
            picture=site.absolute(assets[PICTURE]) if PICTURE in assets else "",
            scripts=tuple(links.to(assets[name]) for name in scripts if name in assets),
            feeds=tuple(LinkView(f"New in {name}", links.to(paths.feed_file(address))) for name, address in registries),
        )

    def _view(self, links: Links, prefix: str, section: str, *, search: bool) -> ChromeView:
        kinds = ((KIND_LABELS[kind], paths.index_page(prefix, kind)) for kind in self._kinds.get(prefix, ()))
        own = tuple(address for _, address in self._pages)
        use = paths.use_page(prefix)
        uses = (("Use", use),) if prefix in self._kinds and use not in own else ()
        return ChromeView(
            site_title=self._title,
            home=links.to(""),
            links=_links(links, (*kinds, *uses, *self._pages), section),
            registries=_links(links, self._registries, prefix) if len(self._registries) > 1 else (),
            registry_file=links.to(prefix + paths.REGISTRY_FILE),
            feed=links.to(paths.feed_file(prefix)) if self._site.base_url else "",
            search=links.to(prefix) if search else None,
        )


def _links(links: Links, targets: Sequence[tuple[str, str]], current: str) -> tuple[LinkView, ...]:
    return tuple(LinkView(label, links.to(address), address == current) for label, address in targets)
