"""nginx: the flat layout and a file of rules, which follow cursors and answer under every prefix.

The rules are `regpress.hosts.nginx_rules`, written to ``_config/nginx.conf`` and never served. `Nginx.answer` does what
they make nginx do; a test asks both the same questions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from regpress import paths
from regpress.hosts import layouts, nginx_rules, serving
from regpress.hosts.base import Limits, Reply, SiteAddress
from regpress.hosts.layouts import INDEX
from regpress.model.artifact import Artifact, Form
from regpress.names import KINDS, Kind
from regpress.pages import PUBLIC_LISTS, is_stored_cursor

_LIMITS: Final = Limits()
_METHODS: Final = "GET, HEAD, OPTIONS"
_NOSNIFF: Final = {"x-content-type-options": "nosniff"}
_NAME: Final = re.compile(nginx_rules.NAME_IN_QUERY)
_TWICE_ENCODED: Final = re.compile(r"(?i)([^%]*)%2f([^%]*)")
_EXACT_VERSION: Final = re.compile(
    r"(?:servers|x/dev\.toolhive/(?:skills|plugins))/[^/]+/[^/]+/versions/(?!latest$)[^/]+"
)


@dataclass(frozen=True, slots=True)
class Nginx:
    """The flat layout, pages of lists, and ``_config/nginx.conf`` to include in a ``server`` block."""

    name: str = "nginx"
    title: str = "nginx"
    limits: Limits = _LIMITS
    follows_cursors: bool = True
    stores_pages: bool = True
    rewrites_aliases: bool = True
    runs_code: bool = False
    serves_precompressed: bool = True

    def files(self, address: str, form: Form) -> tuple[str, ...]:
        """Return the one path of an address: ``P.json`` for a document."""
        return layouts.flat(address, form)

    def configuration(self, site: SiteAddress) -> Iterable[Artifact]:
        """Return the rules, and the bodies of the API's errors."""
        rules = nginx_rules.nginx_rules(site).encode()
        yield Artifact(f"{paths.CONFIGURATION}/nginx.conf", "file", "text/plain; charset=utf-8", rules)
        yield serving.bad_request_document()
        yield serving.problem_document()

    def answer(self, method: str, target: str, site: SiteAddress, exists: serving.Exists) -> Reply:
        """Return what nginx answers by those rules; whether a list is complete shows in the tree."""
        where = serving.locate(target, site.base_path)
        if isinstance(where, Reply):
            return where
        if not serving.is_api(where.path):
            return _plain(method, where, site, exists)
        if method == "OPTIONS":
            return Reply(status=204, headers=_fields(nginx_rules.FRESH))
        if method not in {"GET", "HEAD"}:
            return Reply(status=405, headers={"allow": _METHODS, **_fields(nginx_rules.FRESH)})
        return _document(_stored(where.path, site), where.query, exists)


def _stored(path: str, site: SiteAddress) -> str:
    """Return the address under which the document that a path means is stored."""
    path = path.rstrip("/")
    if twice := _TWICE_ENCODED.fullmatch(path):
        path = "/".join(twice.groups())
    for alias in nginx_rules.aliases(site):
        if path.startswith(f"{alias}/"):
            return f"{paths.API}{path.removeprefix(alias)}"
    return path


def _document(address: str, query: str, exists: serving.Exists) -> Reply:
    prefix, _, rest = address.rpartition(f"{paths.API}/")
    for kind in KINDS:
        if address == paths.collection(prefix, kind):
            return _list(prefix, kind, query, exists)
    hidden = f"{paths.API}/{rest}".startswith((f"{paths.PAGES}/", f"{paths.DELETED}/"))
    if hidden or not exists(f"{address}.json"):
        return _problem(404, exists)
    return _found(f"{address}.json", nginx_rules.EXACT if _EXACT_VERSION.fullmatch(rest) else nginx_rules.FRESH)


def _list(prefix: str, kind: Kind, query: str, exists: serving.Exists) -> Reply:
    """Return the answer to a request for a list, static hosting specification 8.3."""

    def page(cursor: str) -> Reply:
        file = f"{paths.stored_page(prefix, kind, cursor)}.json"
        return _found(file, nginx_rules.FRESH) if exists(file) else _problem(400, exists)

    first = nginx_rules.FIRST_PAGE[kind]
    if not exists(f"{paths.stored_page(prefix, kind, first)}.json"):
        return _problem(404, exists)  # there is no such registry
    given = _arguments(query)
    if cursor := given.get("cursor"):
        return page(cursor) if is_stored_cursor(cursor) else _problem(400, exists)
    if search := given.get("search"):
        return _search(paths.collection(prefix, kind), search, exists)
    version = given.get("version")
    return page(next((name for name in PUBLIC_LISTS if name == version), first))


def _search(collection: str, search: str, exists: serving.Exists) -> Reply:
    """Return the complete list or, where it is too large to be written, the versions of the entry of that name."""
    if exists(f"{collection}.json"):
        return _found(f"{collection}.json", nginx_rules.FRESH)
    name = _NAME.fullmatch(search)
    file = f"{collection}/{'/'.join(name.groups())}/versions.json" if name else ""
    return _found(file, nginx_rules.FRESH) if file and exists(file) else _problem(400, exists)


def _arguments(query: str) -> dict[str, str]:
    """Return the first value of each parameter as it was sent; nginx takes names in any case."""
    found: dict[str, str] = {}
    for pair in query.removeprefix("?").split("&"):
        name, equals, value = pair.partition("=")
        if equals:
            found.setdefault(name.lower(), value)
    return found


def _plain(method: str, where: serving.Target, site: SiteAddress, exists: serving.Exists) -> Reply:
    path = where.path
    if method not in {"GET", "HEAD"}:
        return Reply(status=405, headers={"allow": "GET, HEAD"})
    if path.startswith(tuple(f"{folder}/" for folder in nginx_rules.HIDDEN)):
        return _missing(exists)
    if path.startswith("assets/"):
        return _file(path, nginx_rules.HASHED) if exists(path) else _missing(exists)
    file = f"{path}{INDEX}" if not path or path.endswith("/") else path
    if exists(file):
        return _file(file, nginx_rules.PAGE)
    if not path.endswith("/") and exists(f"{path}/{INDEX}"):
        return Reply(status=301, headers={"location": serving.to_folder(where, site.base_path)})
    return _missing(exists)


def _missing(exists: serving.Exists) -> Reply:
    if not exists(paths.NOT_FOUND_PAGE):
        return Reply(status=404)
    found = _file(paths.NOT_FOUND_PAGE, nginx_rules.PAGE)
    return Reply(status=404, file=found.file, headers=found.headers)


def _file(file: str, caching: str) -> Reply:
    headers = {"access-control-allow-origin": "*", **_NOSNIFF, "cache-control": caching}
    return Reply(status=200, file=file, headers={**headers, "content-type": serving.media_type(file)})


def _found(file: str, caching: str) -> Reply:
    return Reply(status=200, file=file, headers={**_fields(caching), "content-type": "application/json"})


def _problem(status: int, exists: serving.Exists) -> Reply:
    file = serving.BAD_REQUEST_PROBLEM if status == 400 else serving.NOT_FOUND_PROBLEM
    headers = _fields(nginx_rules.ERROR)
    if not exists(file):
        return Reply(status=status, headers=headers)
    return Reply(status=status, file=file, headers={**headers, "content-type": serving.PROBLEM_TYPE})


def _fields(caching: str) -> Mapping[str, str]:
    return {**serving.CORS, **_NOSNIFF, "cache-control": caching}


PROFILE: Final = Nginx()
