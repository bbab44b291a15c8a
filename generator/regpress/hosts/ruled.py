"""A request to a host with rules to its answer: the facts of `regpress.hosts.routing`, followed.

What hosts of this kind do alike is here once; in what they differ is their `Manners`. A test asks the real server and
this module the same questions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Final
from urllib.parse import unquote_plus

from regpress import paths
from regpress.hosts import routing, serving
from regpress.hosts.base import Reply, SiteAddress
from regpress.hosts.layouts import INDEX
from regpress.names import KINDS, Kind
from regpress.pages import PUBLIC_LISTS, is_stored_cursor
from regpress.record import record

_METHODS: Final = "GET, HEAD, OPTIONS"
_NOSNIFF: Final = {"x-content-type-options": "nosniff"}
_FULL_NAME: Final = re.compile(rf"({routing.NAMESPACE})(?:/|%2[Ff])({routing.NAME})")
_TWICE_ENCODED: Final = re.compile(r"(?i)([^%]*)%2f([^%]*)")


@record(kw_only=True)
class Manners:
    """In what hosts with rules differ.

    Attributes:
        pages: whether queries lead to the pages of lists; else a list is always the complete one.
        refuses: the status for a cursor or search that cannot be one.
        misses: the status for a cursor or search that could be one but leads nowhere.
        folds_parameters: whether the names of parameters may have capitals.
        decodes_query: whether the values of parameters are decoded before they are looked at.
        understands_twice: whether ``%252F`` in a name is a slash.
        cuts_slash: whether a slash at the end of an address of the API is overlooked.
        aliases: whether ``/v0`` and ``/registry/<default>`` are the default registry.
        preflight: whether OPTIONS is answered; else it is a method like any other that is not allowed.
        problems: whether misses below the API are problem documents; else they are the page for people.
        open_misses: whether misses below the API may be read from any web page.
        serves_files: whether a file below the API is also served by its own name, before any rule.
        page_mark: what the names of files with pages begin with; where there is one, empty parameters count.
        caching: the field that the host sends with everything; empty where the site can say.
        hides: folders of the output that are not served.
        headers: fields of every answer.
    """

    pages: bool = True
    refuses: int = 400
    misses: int = 400
    folds_parameters: bool = False
    decodes_query: bool = True
    understands_twice: bool = True
    cuts_slash: bool = True
    aliases: bool = True
    preflight: bool = True
    problems: bool = True
    open_misses: bool = True
    serves_files: bool = False
    page_mark: str = ""
    caching: str = ""
    hides: tuple[str, ...] = routing.HIDDEN
    headers: Mapping[str, str] = field(default_factory=dict)


def answer(method: str, target: str, site: SiteAddress, exists: serving.Exists, manners: Manners) -> Reply:
    """Return what a host with rules answers; whether a list is complete shows in the tree.

    Args:
        method: in capitals.
        target: path and query as sent.
        site: where the site is served.
        exists: whether the output has a file.
        manners: of the host.
    """
    return _Ruled(site, exists, manners).answer(method, target)


@record
class _Ruled:
    site: SiteAddress
    exists: serving.Exists
    manners: Manners

    def answer(self, method: str, target: str) -> Reply:
        reply = self._answer(method, target)
        fixed = {"cache-control": self.manners.caching} if self.manners.caching else {}
        return Reply(status=reply.status, file=reply.file, headers={**self.manners.headers, **reply.headers, **fixed})

    def _answer(self, method: str, target: str) -> Reply:
        where = serving.locate(target, self.site.base_path)
        if isinstance(where, Reply):
            return where
        if not serving.is_api(where.path):
            return self._plain(method, where)
        if method == "OPTIONS" and self.manners.preflight:
            return Reply(status=204, headers=_fields(routing.FRESH))
        if method not in {"GET", "HEAD"}:
            return Reply(status=405, headers={"allow": _METHODS, **_fields(routing.FRESH)})
        if self.manners.serves_files and self.exists(where.path):
            return _found(where.path, routing.FRESH)
        return self._document(self._stored(where.path), where.query)

    def _stored(self, path: str) -> str:
        """Return the address under which the document that a path means is stored."""
        if self.manners.cuts_slash:
            path = path.rstrip("/")
        twice = _TWICE_ENCODED.fullmatch(path) if self.manners.understands_twice else None
        if twice:
            path = "/".join(twice.groups())
        for alias in routing.aliases(self.site) if self.manners.aliases else ():
            if path.startswith(f"{alias}/"):
                return f"{paths.API}{path.removeprefix(alias)}"
        return path

    def _document(self, address: str, query: str) -> Reply:
        prefix, _, rest = address.rpartition(f"{paths.API}/")
        for kind in KINDS if self.manners.pages else ():
            if address == paths.collection(prefix, kind):
                return self._list(prefix, kind, query)
        hidden = f"{paths.API}/{rest}".startswith((f"{paths.PAGES}/", f"{paths.DELETED}/"))
        if hidden or address.endswith("/") or not self.exists(f"{address}.json"):
            return self._refusal(404)
        return _found(f"{address}.json", routing.EXACT if routing.EXACT_VERSION.fullmatch(rest) else routing.FRESH)

    def _list(self, prefix: str, kind: Kind, query: str) -> Reply:
        """Return the answer to a request for a list, static hosting specification 8.3."""

        def page(cursor: str) -> Reply:
            file = f"{paths.stored_page(prefix, kind, self.manners.page_mark + cursor)}.json"
            return _found(file, routing.FRESH) if self.exists(file) else self._refusal(self.manners.misses)

        first = routing.FIRST_PAGE[kind]
        if not self.exists(f"{paths.stored_page(prefix, kind, self.manners.page_mark + first)}.json"):
            return self._refusal(404)  # there is no such registry
        given = self._arguments(query)
        if self.manners.page_mark and not given.get("cursor", "none"):
            return page("")
        if self.manners.page_mark and "cursor" not in given and "search" in given:
            return self._search(paths.collection(prefix, kind), given["search"])
        if cursor := given.get("cursor"):
            return page(cursor) if is_stored_cursor(cursor) else self._refusal(self.manners.refuses)
        if search := given.get("search"):
            return self._search(paths.collection(prefix, kind), search)
        version = given.get("version")
        return page(next((name for name in PUBLIC_LISTS if name == version), first))

    def _search(self, collection: str, search: str) -> Reply:
        """Return the complete list or, where it is too large to be written, the versions of the entry of that name."""
        if self.exists(f"{collection}.json"):
            return _found(f"{collection}.json", routing.FRESH)
        name = _FULL_NAME.fullmatch(search)
        if not name or {".", ".."} & set(name.groups()):
            return self._refusal(self.manners.refuses)
        file = f"{collection}/{'/'.join(name.groups())}/versions.json"
        return _found(file, routing.FRESH) if self.exists(file) else self._refusal(self.manners.misses)

    def _arguments(self, query: str) -> dict[str, str]:
        """Return the first value of each parameter."""
        found: dict[str, str] = {}
        for pair in query.removeprefix("?").split("&"):
            name, equals, value = pair.partition("=")
            if equals:
                name = name.lower() if self.manners.folds_parameters else name
                found.setdefault(name, unquote_plus(value) if self.manners.decodes_query else value)
        return found

    def _plain(self, method: str, where: serving.Target) -> Reply:
        path = where.path
        if method not in {"GET", "HEAD"}:
            return Reply(status=405, headers={"allow": "GET, HEAD"})
        if path.startswith(tuple(f"{folder}/" for folder in self.manners.hides)):
            return self._missing()
        if path.startswith("assets/"):
            return _file(path, routing.HASHED) if self.exists(path) else self._missing()
        file = f"{path}{INDEX}" if not path or path.endswith("/") else path
        if self.exists(file):
            return _file(file, routing.PAGE)
        if not path.endswith("/") and self.exists(f"{path}/{INDEX}"):
            return Reply(status=301, headers={"location": serving.to_folder(where, self.site.base_path)})
        return self._missing()

    def _missing(self) -> Reply:
        if not self.exists(paths.NOT_FOUND_PAGE):
            return Reply(status=404)
        found = _file(paths.NOT_FOUND_PAGE, routing.PAGE)
        return Reply(status=404, file=found.file, headers=found.headers)

    def _refusal(self, status: int) -> Reply:
        if not self.manners.problems:
            page = self._missing()
            fields = {name: value for name, value in page.headers.items() if name != "access-control-allow-origin"}
            return Reply(status=status, file=page.file, headers={**fields, **self._cross_origin()})
        file = serving.BAD_REQUEST_PROBLEM if status == 400 else serving.NOT_FOUND_PROBLEM
        headers = _fields(routing.ERROR)
        if not self.exists(file):
            return Reply(status=status, headers=headers)
        return Reply(status=status, file=file, headers={**headers, "content-type": serving.PROBLEM_TYPE})

    def _cross_origin(self) -> Mapping[str, str]:
        return serving.CORS if self.manners.open_misses else {}


def _file(file: str, caching: str) -> Reply:
    headers = {"access-control-allow-origin": "*", **_NOSNIFF, "cache-control": caching}
    return Reply(status=200, file=file, headers={**headers, "content-type": serving.media_type(file)})


def _found(file: str, caching: str) -> Reply:
    return Reply(status=200, file=file, headers={**_fields(caching), "content-type": "application/json"})


def _fields(caching: str) -> Mapping[str, str]:
    return {**serving.CORS, **_NOSNIFF, "cache-control": caching}
