"""One entry of a catalog to the view of its page."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from regpress import paths
from regpress.html.chrome import KIND_LABELS, Chrome, Frame
from regpress.html.extension import NO_EXTENSION, extension_of
from regpress.html.icons import Icons
from regpress.html.install import SCRIPT as INSTALL
from regpress.html.install import install_view
from regpress.html.links import Links
from regpress.html.listing import shown_title
from regpress.html.markdown import NO_TEXT, MarkdownRenderer
from regpress.html.options import packages_of, remotes_of
from regpress.html.site import SiteView
from regpress.html.tags import MOST_TAGS, slug, tag_key
from regpress.html.text import clean, day, exact, hue, initial, mapping, short_address, texts, web_address, words
from regpress.html.views import EntryView, ExtensionView, FactView, LinkView, OptionsView, VersionsView, VersionView
from regpress.model.config_site import EntryFile
from regpress.model.document import read_plain
from regpress.model.entry import Entry, EntryVersion
from regpress.names import EntryName, Kind
from regpress.record import record
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


@record
class _Place:
    """What the pages of one kind in a registry have in common.

    Attributes:
        links: of a page.
        index: the list of the kind.
        address: absolute address of that list, empty where it is not known.
        collection: reference to where documents lie.
        frame: what is around a page.
        frame_with_install: the same where there is something to install.
    """

    links: Links
    index: LinkView
    address: str
    collection: str
    frame: Frame
    frame_with_install: Frame


class EntryPages:
    """The views of the pages of a registry's entries.

    Args:
        prefix: of the registry's addresses.
        chrome: what is around the pages.
        site: what the site wants of its pages.
        icons: the pictures that may be shown.
        listed: namespaces that have a page, in lower case.
    """

    def __init__(
        self, prefix: str, chrome: Chrome, site: SiteView, icons: Icons, listed: Collection[str] = frozenset()
    ) -> None:
        self._prefix = prefix
        self._chrome = chrome
        self._site = site
        self._icons = icons
        self._listed = listed
        self._places: dict[Kind, _Place] = {}
        self._publishers: dict[str, LinkView] = {}

    def view(self, entry: Entry) -> EntryView:
        """Return the view of an entry's page."""
        kind, name, latest = entry.kind, entry.name, entry.latest
        place = self._places.get(kind) or self._place(kind, name)
        site, links = self._site, place.links
        official, value = latest.official, read_plain(latest.text)
        full_name = f"{name.namespace}/{name.name}"
        spelt = paths.encoded(full_name)
        title, description = shown_title(latest.title, full_name), clean(latest.description)
        documents = paths.versions_below(place.collection, spelt)
        versions = _versions(entry, documents, site.document_suffix)
        install = install_view(value, kind, name)
        frame = place.frame_with_install if install.options else place.frame
        number, encoded = _spelt(latest.version)
        extension = _extension(latest, value)
        # By position, in the order of the template's record: every entry has one.
        return EntryView(
            frame.layout(title, description, paths.entry_page_below(place.address, spelt) if place.address else ""),
            kind,
            place.index,
            title,
            self._publishers.get(name.namespace) or self._publisher(name.namespace, links),
            name.name,
            description,
            self._icon(value["icons"], links) if "icons" in value else "",
            initial(title),
            hue(full_name),
            "" if official.status == "active" else official.status,
            clean(official.status_message) if official.status_message else "",
            _withdrawn(versions) if entry.deleted else None,
            number,
            day(official.published_at),
            day(official.updated_at),
            f"{documents}/{encoded}{site.document_suffix}",
            documents + site.document_suffix,
            _extras(entry, links, self._prefix, site) if site.entry_files else (),
            _facts(value),
            _tags(latest.tags, links, self._prefix) if latest.tags else (),
            install,
            _options(value, extension),
            extension,
            _README.render(entry.readme) if entry.readme else NO_TEXT,
            _folded(versions),
        )

    def _place(self, kind: Kind, name: EntryName) -> _Place:
        """Return what pages of a kind have in common, by the name of any of them."""
        prefix, chrome, site = self._prefix, self._chrome, self._site
        links = Links.of(paths.entry_page(prefix, kind, name))
        section = paths.index_page(prefix, kind)
        place = self._places[kind] = _Place(
            links,
            LinkView(KIND_LABELS[kind], links.to(section)),
            site.absolute(section),
            links.to(paths.collection(prefix, kind)),
            chrome.frame(links, prefix=prefix, section=section, scripts=SCRIPTS),
            chrome.frame(links, prefix=prefix, section=section, scripts=_WITH_INSTALL),
        )
        return place

    def _publisher(self, namespace: str, links: Links) -> LinkView:
        is_listed = namespace.lower() in self._listed
        href = links.to(paths.namespace_page(self._prefix, namespace)) if is_listed else ""
        # All pages are at one depth.
        made = self._publishers[namespace] = LinkView(namespace, href)
        return made

    def _icon(self, icons: Any, links: Links) -> str:
        icon = self._icons.of(icons)
        return icon if "://" in icon or not icon else links.to(icon)


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
    if len(versions) <= _VERSIONS:
        return (VersionsView("", versions),)
    older = versions[_VERSIONS:]
    title = f"{len(older)} older version{'s' if len(older) > 1 else ''}"
    return (VersionsView("", versions[:_VERSIONS]), VersionsView(title, older))


def _versions(entry: Entry, documents: str, suffix: str) -> tuple[VersionView, ...]:
    versions: Sequence[EntryVersion] = entry.versions
    if entry.deleted:
        both = (*versions, *entry.deleted)
        versions = sorted(both, key=lambda version: time_key(version.official.published_at), reverse=True)
    latest = entry.latest.version
    views = []
    for each in versions:
        version, official = each.version, each.official
        status, message, published = official.status, official.status_message, official.published_at
        number, encoded = _spelt(version)
        view = VersionView(
            number,
            "" if status == "deleted" else f"{documents}/{encoded}{suffix}",
            day(published),
            published,
            "" if status == "active" else status,
            clean(message) if message else "",
            version == latest,
        )
        views.append(view)
    return tuple(views)


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
    if (given := value.get("allowedTools")) and (tools := texts(given)):
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
