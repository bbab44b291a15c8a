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
from regpress.pages import ListName
from regpress.query import Dialect, Key, parse_deleted, parse_query, select
from regpress.times import time_key
from regpress.versions import newest_first

#: Most answers that are kept, and most bytes of them.
_MOST_KEPT: Final = 4096
_MOST_BYTES: Final = 64 * 1024 * 1024
_FIRST_PAGES: Final[dict[str, tuple[ListName, Key]]] = {"latest": ("latest", ("", "")), "all": ("all", ("", ""))}


class Reader:
    """Answers GET requests below the API of one registry."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        """Take the most bytes of answers that are kept."""
        self._most_bytes = most_bytes
        self._kept: OrderedDict[tuple[str, bytes, bytes], tuple[int, Answer]] = OrderedDict()
        self._size = 0

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
        listing = registry.listings[where.kind]

        def stored(cursor: str) -> tuple[ListName, Key] | None:
            # The first page of a list is called after it.
            return _FIRST_PAGES.get(cursor) or listing.cursor(cursor)

        query = parse_query(where.kind, text, dialect=dialect, stored=stored)
        found = select(query, listing.candidates(query))
        return tagged(api.list_body(where.kind, list(map(listing.body, found.rows)), cursor=found.cursor))


def _version(registry: LiveRegistry, where: routes.EntryPath, dialect: Dialect, *, deleted: bool) -> Answer:
    body = registry.listings[where.kind].version(where.name, where.version or "latest", deleted=deleted)
    return tagged(body) if body is not None else _missing(where, dialect)


def _versions(registry: LiveRegistry, where: routes.EntryPath, dialect: Dialect, *, deleted: bool) -> Answer:
    listing = registry.listings[where.kind]
    if deleted:
        versions = listing.standing(where.name).versions
        ordered = newest_first(versions, version=attrgetter("version"), time=_published) if versions else ()
        bodies = list(map(api.response, ordered))
    else:
        bodies = listing.versions(where.name)
    return tagged(api.list_body(where.kind, bodies)) if bodies else _missing(where, dialect)


def _published(version: EntryVersion) -> str:
    return time_key(version.official.published_at)


def _missing(where: routes.EntryPath, dialect: Dialect) -> Answer:
    if where.kind == "server" and dialect == "official":
        return problem(404, "Server not found")
    if where.kind == "server":
        routes.check_server_name(where.name)
    return problem(404, "not found")
