"""One entry of a catalog to the view of its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from regpress import paths
from regpress.html.chrome import KIND_LABELS, Chrome
from regpress.html.extension import NO_EXTENSION, extension_of
from regpress.html.icons import Icons
from regpress.html.install import SCRIPT as INSTALL
from regpress.html.install import install_view
from regpress.html.links import Links
from regpress.html.listing import display_title
from regpress.html.markdown import MarkdownRenderer
from regpress.html.options import packages_of, remotes_of
from regpress.html.site import SiteView
from regpress.html.tags import MOST_TAGS, slug, tag_key
from regpress.html.text import clean, day, exact, hue, initial, mapping, short_address, texts, web_address, words
from regpress.html.views import EntryView, ExtensionView, FactView, LinkView, OptionsView, VersionsView, VersionView
from regpress.model.config_site import EntryFile
from regpress.model.document import read_plain
from regpress.model.entry import Entry, EntryVersion
from regpress.names import Kind
from regpress.times import time_key

#: Versions that are shown at once; the others fold away.
_VERSIONS: Final = 10

#: What the page runs: versions and their differences.
SCRIPTS: Final = ("entry.js",)
_WITH_INSTALL: Final = (*SCRIPTS, INSTALL)
#: Files beside the page, by what the configuration calls them.
FILE_NAMES: Final[Mapping[EntryFile, str]] = {"markdown": "index.md", "feed": "feed.xml", "badge": "badge.svg"}
_EXTRAS: Final[tuple[tuple[EntryFile, str], ...]] = (
    ("markdown", "This page as Markdown"),
    ("feed", "Feed of versions"),
)

_README: Final = MarkdownRenderer(top=2, prefix="readme-")
_OVERVIEW: Final = MarkdownRenderer(top=2, prefix="overview-")


def entry_view(
    entry: Entry, *, prefix: str, chrome: Chrome, site: SiteView, icons: Icons, namespace: str = ""
) -> EntryView:
    """Return the view of an entry's page.

    Args:
        entry: the entry.
        prefix: of the registry's addresses.
        chrome: what is around the page.
        site: what the site wants of its pages.
        icons: the pictures that may be shown.
        namespace: address of the page of its namespace, empty where that has none.
    """
    kind, name, latest = entry.kind, entry.name, entry.latest
    official, value = latest.official, latest.value
    address = paths.entry_page(prefix, kind, name)
    links = Links.of(address)
    index = _index_link(links.root, prefix, kind)
    extension = _extension(latest, value)
    title, description = display_title(entry), clean(latest.description)
    documents = links.to(paths.versions(prefix, kind, name))
    versions = _versions(entry, documents, site.document_suffix)
    icon = icons.of(value["icons"]) if "icons" in value else ""
    install = install_view(value, kind, name)
    number, encoded = _spelt(latest.version)
    return EntryView(
        layout=chrome.layout(
            links,
            title=title,
            description=description,
            address=address,
            prefix=prefix,
            section=paths.index_page(prefix, kind),
            scripts=_WITH_INSTALL if install.options else SCRIPTS,
        ),
        kind=kind,
        index=index,
        title=title,
        publisher=LinkView(name.namespace, links.to(namespace) if namespace else ""),
        name=name.name,
        description=description,
        icon=icon if "://" in icon or not icon else links.to(icon),
        initial=initial(title),
        hue=hue(str(name)),
        status="" if official.status == "active" else official.status,
        message=clean(official.status_message) if official.status_message else "",
        withdrawn=_withdrawn(versions) if entry.deleted else None,
        version=number,
        published=day(official.published_at),
        updated=day(official.updated_at),
        document=f"{documents}/{encoded}{site.document_suffix}",
        documents=documents + site.document_suffix,
        extras=_extras(entry, links, prefix, site) if site.entry_files else (),
        facts=_facts(value),
        tags=_tags(latest.tags, links, prefix) if latest.tags else (),
        install=install,
        options=_options(value, extension),
        extension=extension,
        readme=_README.render(entry.readme),
        versions=_folded(versions),
    )


@lru_cache(maxsize=64)
def _index_link(root: str, prefix: str, kind: Kind) -> LinkView:
    return LinkView(KIND_LABELS[kind], Links(root).to(paths.index_page(prefix, kind)))


@lru_cache(maxsize=10_000)
def _spelt(number: str) -> tuple[str, str]:
    """Return a version for readers and for addresses; many entries have the same ones."""
    return exact(number), paths.encoded(number)


def _extras(entry: Entry, links: Links, prefix: str, site: SiteView) -> tuple[LinkView, ...]:
    return tuple(
        LinkView(label, links.to(paths.entry_file(prefix, entry.kind, entry.name, FILE_NAMES[file])))
        for file, label in _EXTRAS
        if file in site.entry_files and (file != "feed" or site.base_url)
    )


def _options(value: dict[str, Any], extension: ExtensionView) -> tuple[OptionsView, ...]:
    sections = []
    if packages := packages_of(value.get("packages")):
        sections.append(OptionsView("Packages", "packages", packages))
    if remotes := remotes_of(value.get("remotes")):
        sections.append(OptionsView("Remotes", "remotes", remotes))
    if extension.settings:
        sections.append(OptionsView("Settings", "settings", extension.settings))
    return tuple(sections)


def _folded(versions: tuple[VersionView, ...]) -> tuple[VersionsView, ...]:
    older = versions[_VERSIONS:]
    if not older:
        return (VersionsView("", versions),)
    title = f"{len(older)} older version{'s' if len(older) > 1 else ''}"
    return (VersionsView("", versions[:_VERSIONS]), VersionsView(title, older))


def _versions(entry: Entry, documents: str, suffix: str) -> tuple[VersionView, ...]:
    versions: Sequence[EntryVersion] = entry.versions
    if entry.deleted:
        both = (*versions, *entry.deleted)
        versions = sorted(both, key=lambda version: time_key(version.official.published_at), reverse=True)
    latest = entry.latest.version
    return tuple([_version(version, documents, suffix, latest) for version in versions])


def _version(version: EntryVersion, documents: str, suffix: str, latest: str) -> VersionView:
    official = version.official
    status, published = official.status, official.published_at
    number, encoded = _spelt(version.version)
    return VersionView(
        number,
        "" if status == "deleted" else f"{documents}/{encoded}{suffix}",
        day(published),
        published,
        "" if status == "active" else status,
        clean(official.status_message) if official.status_message else "",
        version.version == latest,
    )


def _withdrawn(versions: Sequence[VersionView]) -> VersionView | None:
    """Return the newest version if it was deleted."""
    return versions[0] if versions[0].status == "deleted" else None


def _facts(value: dict[str, Any]) -> tuple[FactView, ...]:
    facts = []
    repository = mapping(value.get("repository"))
    if url := repository.get("url"):
        facts.append(_address("Repository", url))
    if folder := repository.get("subfolder"):
        facts.append(FactView("Folder", (exact(folder),)))
    if url := value.get("websiteUrl"):
        facts.append(_address("Website", url))
    for member, label in (("license", "Licence"), ("compatibility", "Works with")):
        if given := value.get(member):
            facts.append(FactView(label, (words(given),)))
    if tools := texts(value.get("allowedTools")):
        facts.append(FactView("Allowed tools", tools))
    return tuple(facts)


def _address(label: str, url: Any) -> FactView:
    href = web_address(url)
    return FactView(label, (short_address(href) if href else exact(url),), href)


def _tags(tags: Sequence[str], links: Links, prefix: str) -> tuple[LinkView, ...]:
    keys = [tag_key(tag) if number < MOST_TAGS else "" for number, tag in enumerate(tags)]
    return tuple(
        LinkView(exact(tag), links.to(paths.tag_page(prefix, slug(key))) if key else "")
        for tag, key in zip(tags, keys, strict=True)
    )


def _extension(version: EntryVersion, value: dict[str, Any]) -> ExtensionView:
    if version.kind == "server":
        meta = value.get("_meta")
        return extension_of(meta, _OVERVIEW) if meta else NO_EXTENSION
    if not version.other_meta:
        return NO_EXTENSION
    # What a skill or plugin has there is served beside the registry's block, and kept apart for that.
    return extension_of(read_plain(b"{%s}" % version.other_meta), _OVERVIEW)
