"""A catalog to the pages of its lists, as files that a host's rules or an adapter send requests with a cursor to.

There are two lists of each kind: the latest version of every entry, and all visible versions (DESIGN section 5; static
hosting specification 8). Deleted versions make a third, for adapters only, which lies with our own documents.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Any, Final

import orjson

from regpress import __version__, api, paths
from regpress.catalog import Catalog
from regpress.digest import recipe
from regpress.fingerprints import version_part
from regpress.model.artifact import JSON, Artifact, ArtifactGroup
from regpress.model.document import escape_html_in_json
from regpress.model.entry import EntryVersion
from regpress.names import KINDS, Kind
from regpress.pages import PAGE_SIZE, ListName, Page, list_key, split_key, stored_pages, version_key

_SALT: Final = f"stored page {__version__}".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class _StoredList:
    """One list, cut into pages.

    Attributes:
        kind, name: which one.
        versions: what it holds, in the order of their keys.
        fingerprints: what stands for the served bytes of each of *versions*, or of each entry where *starts* is given;
            their borders show when they are put together.
        pages: how it is cut.
        starts: for each entry, the position of its first version in *versions*.
    """

    kind: Kind
    name: ListName
    versions: Sequence[EntryVersion]
    fingerprints: Sequence[bytes]
    pages: Sequence[Page]
    starts: Sequence[int] = ()

    def parts(self, page: Page) -> tuple[bytes, ...]:
        """Return what the bytes of a page depend on, its link to the next one left out."""
        first, end = page.positions.start, page.positions.stop
        if not self.starts:
            return (b"".join(self.fingerprints[first:end]),)
        covered = self.fingerprints[bisect_right(self.starts, first) - 1 : bisect_right(self.starts, end - 1)]
        return page.after.encode(), self.last_key(page).encode(), b"".join(covered)

    def last_key(self, page: Page) -> str:
        """Return the key of the last version of a page, empty where it has none."""
        return _key(self.versions[page.positions[-1]]) if page.positions else ""


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
                recipe=recipe((_SALT, where.encode(), page.next.encode(), *stored.parts(page))),
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
    inside = stored.versions[page.positions.start : page.positions.stop]
    body = api.list_body(stored.kind, list(map(api.response, inside)), cursor=page.next)
    yield Artifact(address, "document", JSON, body)


def _latest(catalog: Catalog, kind: Kind, size: int) -> _StoredList:
    return _StoredList(
        kind=kind,
        name="latest",
        versions=tuple(catalog.latest(kind)),
        fingerprints=[prints.latest for prints in catalog.prints[kind]],
        pages=stored_pages("latest", catalog.names[kind], size=size),
    )


def _all(catalog: Catalog, kind: Kind, size: int) -> _StoredList:
    entries = catalog.of(kind)
    versions: list[EntryVersion] = []
    keys: list[str] = []
    for entry, name in zip(entries, catalog.names[kind], strict=True):
        some = _by_text(entry.versions)
        versions += some
        keys += [version_key(name, version.version) for version in some]
    return _StoredList(
        kind=kind,
        name="all",
        versions=versions,
        # Those of whole entries: a page that holds some of an entry's versions is rendered once too often at most.
        fingerprints=[prints.all for prints in catalog.prints[kind]],
        starts=[0, *accumulate(len(entry.versions) for entry in entries)][:-1],
        pages=stored_pages("all", keys, size=size),
    )


def _deleted(catalog: Catalog, size: int) -> Iterator[tuple[Kind, _StoredList]]:
    """Return the list of deleted versions of each kind that has any."""
    gone: dict[Kind, list[EntryVersion]] = {}
    for version in catalog.deleted():
        gone.setdefault(version.kind, []).append(version)
    for kind, versions in gone.items():
        versions.sort(key=_key)
        yield (
            kind,
            _StoredList(
                kind=kind,
                name="deleted",
                versions=versions,
                fingerprints=list(map(version_part, versions)),
                pages=stored_pages("deleted", list(map(_key, versions)), size=size),
            ),
        )


def _by_text(versions: tuple[EntryVersion, ...]) -> Sequence[EntryVersion]:
    return sorted(versions, key=lambda version: version.version) if len(versions) > 1 else versions


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
