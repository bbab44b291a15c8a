"""Requests for lists and versions to bodies put together from stored bytes.

Official registry specification 5 and 6, ToolHive registry specification 3 and 4. Answers are kept as long as their
registry does not change.
"""

from __future__ import annotations

from collections import OrderedDict
from operator import attrgetter
from typing import Final

from regpress import api
from regpress.asgi import routes
from regpress.asgi.answers import PRIVATE, Answer, problem, tagged
from regpress.asgi.requests import Request
from regpress.live import LiveRegistry
from regpress.model.entry import EntryVersion
from regpress.names import Kind
from regpress.pages import ListName, list_key, token
from regpress.query import Dialect, Key, parse_deleted, parse_query, select
from regpress.times import time_key
from regpress.versions import newest_first

#: Most answers that are kept, and most bytes of them.
_MOST_KEPT: Final = 4096
_MOST_BYTES: Final = 64 * 1024 * 1024
#: Above every version.
_END: Final = "\U0010ffff"


class Reader:
    """Answers GET requests below the API of one registry."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        """Take the most bytes of answers that are kept."""
        self._most_bytes = most_bytes
        self._kept: OrderedDict[tuple[str, bytes, bytes], tuple[int, Answer]] = OrderedDict()
        self._size = 0
        self._cursors: dict[tuple[str, Kind], tuple[int, dict[str, tuple[ListName, Key]]]] = {}

    def answer(
        self, request: Request, registry: LiveRegistry, path: routes.ApiPath, *, public: bool = True
    ) -> Answer | None:
        """Return the answer to a request, None where there is nothing at its path.

        Args:
            request: a GET or HEAD.
            registry: the one whose address it is.
            path: its path, taken apart.
            public: whether everybody may keep the answer.

        Raises:
            InputError: a part of the path is no name or version.
            QueryError: the query cannot be answered.
        """
        key = (registry.plan.name, request.path, request.query)
        kept = self._kept.get(key)
        if kept is not None and kept[0] == registry.changes:
            self._kept.move_to_end(key)
            return kept[1]
        answer = self._make(request, registry, path)
        if answer is None:
            return None
        if not public:
            answer.cache = PRIVATE
        elif answer.status == 200:
            self._keep(key, registry.changes, answer)
        return answer

    def _keep(self, key: tuple[str, bytes, bytes], changes: int, answer: Answer) -> None:
        if earlier := self._kept.pop(key, None):
            self._size -= len(earlier[1].body)
        self._kept[key] = (changes, answer)
        self._size += len(answer.body)
        while len(self._kept) > _MOST_KEPT or self._size > self._most_bytes:
            _, (_, dropped) = self._kept.popitem(last=False)
            self._size -= len(dropped.body)

    def _make(self, request: Request, registry: LiveRegistry, path: routes.ApiPath) -> Answer | None:
        where = routes.entry_path(path.parts, path.dialect)
        if where is None or where.tail:
            return None
        query = request.query.decode("latin-1")
        if not where.name:
            return self._list(registry, where, query, path.dialect)
        deleted = where.kind == "server" and parse_deleted(query, dialect=path.dialect)
        if where.version or where.is_entry:
            return _version(registry, where, path.dialect, deleted=deleted)
        return _versions(registry, where, path.dialect, deleted=deleted)

    def _list(self, registry: LiveRegistry, where: routes.EntryPath, text: str, dialect: Dialect) -> Answer:
        def stored(cursor: str) -> tuple[ListName, Key] | None:
            return self._stored_cursors(registry, where.kind).get(cursor)

        query = parse_query(where.kind, text, dialect=dialect, stored=stored)
        found = select(query, registry.listings[where.kind].candidates(query))
        bodies = [api.response(_at(registry, where.kind, row.name, row.version)) for row in found.rows]
        return tagged(api.list_body(where.kind, bodies, cursor=found.cursor))

    def _stored_cursors(self, registry: LiveRegistry, kind: Kind) -> dict[str, tuple[ListName, Key]]:
        """Return every cursor that a tree of this registry may have handed out, and what it continues."""
        changes, found = self._cursors.get((registry.plan.name, kind), (-1, {}))
        if changes != registry.changes:
            found = {"latest": ("latest", ("", "")), "all": ("all", ("", ""))}
            for (one, name), standing in registry.standings.items():
                if one == kind and standing.entry:
                    entry = standing.entry
                    found[f"l{token(list_key(entry.name))}"] = ("latest", (name, _END))
                    for version in entry.versions:
                        key = list_key(entry.name, version.version)
                        found[f"a{token(key)}"] = ("all", (name, version.version))
            self._cursors[registry.plan.name, kind] = (registry.changes, found)
        return found


def _at(registry: LiveRegistry, kind: Kind, name: str, version: str) -> EntryVersion:
    found = registry.standing(kind, name).find(version)
    assert found is not None
    return found


def _version(registry: LiveRegistry, where: routes.EntryPath, dialect: Dialect, *, deleted: bool) -> Answer:
    found = registry.standing(where.kind, where.name).find(where.version or "latest", deleted=deleted)
    if found is None:
        return _missing(where, dialect)
    return tagged(api.response(found))


def _versions(registry: LiveRegistry, where: routes.EntryPath, dialect: Dialect, *, deleted: bool) -> Answer:
    standing = registry.standing(where.kind, where.name)
    versions = standing.entry.versions if standing.entry else ()
    if deleted:
        versions = tuple(newest_first(standing.versions, version=attrgetter("version"), time=_published))
    if not versions:
        return _missing(where, dialect)
    return tagged(api.list_body(where.kind, [api.response(version) for version in versions]))


def _published(version: EntryVersion) -> str:
    return time_key(version.official.published_at)


def _missing(where: routes.EntryPath, dialect: Dialect) -> Answer:
    if where.kind == "server" and dialect == "official":
        return problem(404, "Server not found")
    if where.kind == "server":
        routes.check_server_name(where.name)
    return problem(404, "not found")
