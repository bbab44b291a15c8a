"""A site to ``llms.txt``: what language models and their tools need in order to read the registry, on one small page.

It names lists and patterns of addresses, never single entries, so that it changes with their numbers only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from regpress import paths
from regpress.catalog import Catalog
from regpress.html.chrome import KIND_LABELS, shown_kinds
from regpress.html.fingerprints import text_part
from regpress.html.site import ContentPage, SiteView
from regpress.html.text import clean

#: What stands for the parts of a name in patterns of addresses.
_NAME = "{namespace}/{name}"
_ABOUT = (
    "A registry of Model Context Protocol servers, as files that can be read without a key. What entries say about "
    "themselves comes from their publishers and is not verified."
)


def guide_text(site: SiteView, catalogs: Sequence[Catalog], pages: Sequence[ContentPage]) -> bytes:
    """Return ``llms.txt``; its links are relative where the site's address is not known."""
    lines = [f"# {_line(site.title)}", ""]
    if site.description:
        lines += [f"> {_line(site.description)}", ""]
    lines += [
        _ABOUT,
        "",
    ]
    for catalog in catalogs:
        lines += _registry(site, catalog)
    if pages:
        lines += ["## Guides", ""]
        lines += [f"- [{_line(page.title)}]({_link(site, paths.content_page(page.slug))})" for page in pages]
        lines.append("")
    return "\n".join(lines).encode("utf-8", "replace")


def guide_parts(catalogs: Sequence[Catalog], pages: Sequence[ContentPage]) -> Iterator[bytes]:
    """Yield everything that the guide depends on besides the site."""
    for catalog in catalogs:
        counts = [(kind, len(catalog.of(kind))) for kind in shown_kinds(catalog)]
        yield f"{catalog.registry} {catalog.prefix} {counts}".encode()
    for page in pages:
        yield text_part(f"{page.slug} {page.title}")


def _registry(site: SiteView, catalog: Catalog) -> Iterator[str]:
    prefix = catalog.prefix
    yield f"## Registry {catalog.registry}"
    yield ""
    for kind in shown_kinds(catalog):
        page, count = _link(site, paths.index_page(prefix, kind)), len(catalog.of(kind))
        yield f"- [{KIND_LABELS[kind]}]({page}): {count}, as pages for people"
    whole, names = _link(site, prefix + paths.REGISTRY_FILE), _link(site, paths.name_index(prefix, "server"))
    yield f"- [registry.json]({whole}): the latest version of every entry in one file"
    yield f"- [Names of the servers]({names}): with the latest version of each"
    for kind in shown_kinds(catalog):
        yield f"- One {kind}: `{_pattern(site, paths.collection(prefix, kind))}/{_NAME}/versions`"
        yield f"- Its page: `{_pattern(site, paths.index_page(prefix, kind))}{_NAME}/{_twin(site)}`"
    yield ""


def _twin(site: SiteView) -> str:
    return "index.md" if "markdown" in site.entry_files else ""


def _pattern(site: SiteView, address: str) -> str:
    return f"{site.base_url}/{address}"


def _link(site: SiteView, address: str) -> str:
    return site.absolute(address) or paths.link("", address)


def _line(text: str) -> str:
    return " ".join(clean(text).replace("[", "(").replace("]", ")").split())
