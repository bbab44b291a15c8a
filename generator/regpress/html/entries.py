"""One entry of a catalog to the view of its page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from regpress import paths
from regpress.html.chrome import KIND_LABELS, Chrome
from regpress.html.extension import NO_EXTENSION, extension_of
from regpress.html.links import Links
from regpress.html.listing import display_title
from regpress.html.markdown import MarkdownRenderer
from regpress.html.options import packages_of, remotes_of
from regpress.html.text import clean, day, exact, hue, initial, mapping, short_address, texts, web_address, words
from regpress.html.views import EntryView, ExtensionView, FactView, LinkView, OptionsView, VersionsView, VersionView
from regpress.model.document import read_plain
from regpress.model.entry import Entry, EntryVersion

#: Versions that are shown at once; the others fold away.
_VERSIONS: Final = 10

_README: Final = MarkdownRenderer(top=2, prefix="readme-")
_OVERVIEW: Final = MarkdownRenderer(top=2, prefix="overview-")


def entry_view(entry: Entry, *, prefix: str, chrome: Chrome, document_suffix: str) -> EntryView:
    """Return the view of an entry's page.

    Args:
        entry: the entry.
        prefix: of the registry's addresses.
        chrome: what is around the page.
        document_suffix: as in `regpress.html.site.SiteView`.
    """
    latest, name = entry.latest, entry.name
    official, value = latest.official, latest.value
    index = paths.index_page(prefix, entry.kind)
    links = Links.of(paths.entry_page(prefix, entry.kind, name))
    extension = _extension(latest, value)
    title, description = display_title(entry), clean(latest.description)
    versions = tuple(
        _version(version, links, prefix, document_suffix, latest=version.version == latest.version)
        for version in entry.versions
    )
    return EntryView(
        layout=chrome.layout(links, title=title, description=description, prefix=prefix, section=index),
        kind=entry.kind,
        index=LinkView(KIND_LABELS[entry.kind], links.to(index)),
        title=title,
        namespace=name.namespace,
        name=name.name,
        description=description,
        initial=initial(title),
        hue=hue(str(name)),
        status=_shown_status(latest),
        message=clean(official.status_message),
        version=exact(latest.version),
        published=day(official.published_at),
        updated=day(official.updated_at),
        document=next(view.href for view in versions if view.latest),
        documents=links.to(paths.versions(prefix, entry.kind, name) + document_suffix),
        facts=tuple(_facts(value)),
        tags=tuple(map(exact, latest.tags)),
        options=tuple(_options(value, extension)),
        extension=extension,
        readme=_README.render(entry.readme),
        versions=tuple(_folded(versions)),
    )


def _options(value: dict[str, Any], extension: ExtensionView) -> Iterator[OptionsView]:
    if packages := packages_of(value.get("packages")):
        yield OptionsView("Packages", "packages", packages)
    if remotes := remotes_of(value.get("remotes")):
        yield OptionsView("Remotes", "remotes", remotes)
    if extension.settings:
        yield OptionsView("Settings", "settings", extension.settings)


def _folded(versions: tuple[VersionView, ...]) -> Iterator[VersionsView]:
    yield VersionsView("", versions[:_VERSIONS])
    if older := versions[_VERSIONS:]:
        yield VersionsView(f"{len(older)} older version{'s' if len(older) > 1 else ''}", older)


def _shown_status(version: EntryVersion) -> str:
    return "" if version.official.status == "active" else version.official.status


def _version(version: EntryVersion, links: Links, prefix: str, document_suffix: str, *, latest: bool) -> VersionView:
    official = version.official
    address = paths.version(prefix, version.kind, version.name, version.version)
    return VersionView(
        version=exact(version.version),
        href=links.to(address + document_suffix),
        published=day(official.published_at),
        time=official.published_at,
        status=_shown_status(version),
        message=clean(official.status_message),
        latest=latest,
    )


def _facts(value: dict[str, Any]) -> Iterator[FactView]:
    repository = mapping(value.get("repository"))
    if url := repository.get("url"):
        yield _address("Repository", url)
    if folder := repository.get("subfolder"):
        yield FactView("Folder", (exact(folder),))
    if url := value.get("websiteUrl"):
        yield _address("Website", url)
    for member, label in (("license", "Licence"), ("compatibility", "Works with")):
        if given := value.get(member):
            yield FactView(label, (words(given),))
    if tools := texts(value.get("allowedTools")):
        yield FactView("Allowed tools", tools)


def _address(label: str, url: Any) -> FactView:
    href = web_address(url)
    return FactView(label, (short_address(href) if href else exact(url),), href)


def _extension(version: EntryVersion, value: dict[str, Any]) -> ExtensionView:
    if version.kind == "server":
        meta = value.get("_meta")
        return extension_of(meta, _OVERVIEW) if meta else NO_EXTENSION
    if not version.other_meta:
        return NO_EXTENSION
    # What a skill or plugin has there is served beside the registry's block, and kept apart for that.
    return extension_of(read_plain(b"{%s}" % version.other_meta), _OVERVIEW)
