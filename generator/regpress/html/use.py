"""A registry to the page that says how programs use it."""

from __future__ import annotations

from regpress import paths
from regpress.catalog import Catalog
from regpress.html.chrome import Chrome
from regpress.html.install import SCRIPT
from regpress.html.links import Links
from regpress.html.site import SiteView
from regpress.html.text import clean
from regpress.html.views import SettingView, SnippetView, UseView
from regpress.install.settings import CHECKED, UNKNOWN_ADDRESS, settings_of


def use_view(catalog: Catalog, site: SiteView, chrome: Chrome) -> UseView:
    """Return the view of the page of a registry."""
    page = paths.use_page(catalog.prefix)
    links = Links.of(page)
    base = site.base_url or UNKNOWN_ADDRESS
    address = f"{base}/{catalog.prefix}".rstrip("/")
    title = "Use this registry" if catalog.is_default else f"Use the registry {catalog.registry}"
    return UseView(
        layout=chrome.layout(links, title=title, prefix=catalog.prefix, section=page, scripts=(SCRIPT,)),
        title=title,
        site_title=clean(site.title),
        address=address,
        unknown="" if site.base_url else base,
        root=links.root or "./",
        checked=CHECKED,
        settings=tuple(
            SettingView(
                setting.id,
                setting.name,
                setting.about,
                tuple(SnippetView(title, code) for title, code in setting.snippets),
                setting.traps,
            )
            for setting in settings_of(address, legacy=site.legacy_api and catalog.is_default)
        ),
    )
