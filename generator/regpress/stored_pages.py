"""A catalog to the pages of its lists, as files that a host's rules or an adapter send requests with a cursor to.

There are two lists of each kind: the latest version of every entry, and all visible versions (DESIGN section 5; static
hosting specification 8). Deleted versions make a third, for adapters only, which lies with our own documents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Final

import orjson

from regpress import __version__, api, paths
from regpress.catalog import Catalog
from regpress.digest import recipe
from regpress.fingerprints import fold, version_part
from regpress.model.artifact import JSON, Artifact, ArtifactGroup
from regpress.model.document import escape_html_in_json
from regpress.model.entry import EntryVersion
from regpress.model.prints import Prints
from regpress.names import KINDS, Kind
from regpress.pages import PAGE_SIZE, ListName, Page, Windows, list_key, split_key, stored_pages
from regpress.record import record

_SALT: Final = f"stored page {__version__}".encode()


@record(kw_only=True)
class _StoredList:
    """One list, cut into pages.

    Attributes:
        kind, name: which one.
        prints: what stands for the served bytes of each, which have its key.
        pages: how it is cut.
        versions: returns what some positions of it hold.
    """

    kind: Kind
    name: ListName
    prints: Prints
    pages: Sequence[Page]
    versions: Callable[[range], Sequence[EntryVersion]]

    def part(self, page: Page) -> bytes:
        """Return what the bytes of a page depend on, its link to the next one left out."""
        return self.prints.between(page.positions.start, page.positions.stop)


def page_groups(catalog: Catalog, *, size: int = PAGE_SIZE) -> Iterator[ArtifactGroup]:
    """Return the pages of the public lists and of the deleted versions, and the indexes from cursor to key.

    Pages come last first, so that each is in place before the one that links to it.

    Args:
        catalog: the registry.
        size: most entries of a page.
    """
    for kind in KINDS:
        lists = (_latest(catalog, kind, size), _all(catalog, kind, size))
        yield from _groups(catalog, lists, f"{catalog.registry}/pages", paths.stored_pages(catalog.prefix, kind))
    for kind, deleted in _deleted(catalog, size):
        yield from _groups(catalog, [deleted], f"{catalog.registry}/deleted", paths.deleted_pages(catalog.prefix, kind))


def _groups(catalog: Catalog, lists: Sequence[_StoredList], key: str, address: str) -> Iterator[ArtifactGroup]:
    for stored in lists:
        for page in reversed(stored.pages):
            where = f"{address}/{page.cursor}"
            yield ArtifactGroup(
                key=f"{key}/{stored.kind}/{page.cursor}",
                recipe=recipe((_SALT, where.encode(), page.next.encode(), stored.part(page))),
                stage="page",
                render=partial(_render_page, where, stored, page),
            )
    index = _index(lists)
    yield ArtifactGroup(
        key=f"{key}/{lists[0].kind}",
        recipe=recipe((_SALT, catalog.prefix.encode(), index)),
        stage="list",
        render=lambda: [Artifact(address, "document", JSON, index)],
    )


def _render_page(address: str, stored: _StoredList, page: Page) -> Iterator[Artifact]:
    body = api.list_body(stored.kind, list(map(api.response, stored.versions(page.positions))), cursor=page.next)
    yield Artifact(address, "document", JSON, body)


def _latest(catalog: Catalog, kind: Kind, size: int) -> _StoredList:
    own, columns = catalog.ranges[kind], catalog.columns
    names, prints = columns.names[own.start : own.stop], columns.latest[own.start : own.stop]

    def versions(positions: range) -> list[EntryVersion]:
        return catalog.latest_at(own[positions.start : positions.stop])

    return _StoredList(
        kind=kind,
        name="latest",
        prints=prints,
        pages=stored_pages("latest", names, size=size, windows=_windows(catalog, f"latest/{kind}/{size}", prints)),
        versions=versions,
    )


def _all(catalog: Catalog, kind: Kind, size: int) -> _StoredList:
    own = catalog.version_range(kind)
    keys, prints = catalog.version_keys[own.start : own.stop], catalog.columns.prints[own.start : own.stop]

    def versions(positions: range) -> list[EntryVersion]:
        return catalog.versions_at(own[positions.start : positions.stop])

    return _StoredList(
        kind=kind,
        name="all",
        prints=prints,
        pages=stored_pages("all", keys, size=size, windows=_windows(catalog, f"all/{kind}/{size}", prints)),
        versions=versions,
    )


def _windows(catalog: Catalog, name: str, prints: Prints) -> Windows:
    salt = name.encode()

    def window(first: int, end: int) -> bytes:
        return fold(salt + prints.between(first, end))

    return Windows(catalog.cuts, window)


def _deleted(catalog: Catalog, size: int) -> Iterator[tuple[Kind, _StoredList]]:
    """Return the list of deleted versions of each kind that has any."""
    gone: dict[Kind, list[EntryVersion]] = {}
    for version in catalog.deleted():
        gone.setdefault(version.kind, []).append(version)
    for kind, versions in gone.items():
        versions.sort(key=_key)
        keys = list(map(_key, versions))
        yield (
            kind,
            _StoredList(
                kind=kind,
                name="deleted",
                prints=Prints.of(map(fold, map(version_part, versions))),
                pages=stored_pages("deleted", keys, size=size),
                versions=partial(_cut, versions),
            ),
        )


def _cut(versions: Sequence[EntryVersion], positions: range) -> Sequence[EntryVersion]:
    return versions[positions.start : positions.stop]


def _key(version: EntryVersion) -> str:
    return list_key(version.name, version.version)


def _index(lists: Sequence[_StoredList]) -> bytes:
    """Return the document that says after which key each page begins; it changes with the borders only."""
    parts = [b'"kind":"%s"' % lists[0].kind.encode()]
    parts += [b'"%s":[\n%s\n]' % (stored.name.encode(), b",\n".join(map(_row, stored.pages))) for stored in lists]
    return b"{%s}" % b",\n".join(parts)


def _row(page: Page) -> bytes:
    row: dict[str, Any] = {"cursor": page.cursor}
    name, version = split_key(page.after)
    if name:
        row["name"] = name
    if version:
        row["version"] = version
    return escape_html_in_json(orjson.dumps(row))
