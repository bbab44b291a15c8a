"""A site to the text that makes Caddy serve it: directives to be imported into a site's block.

Follows static hosting specification 8.3 and 9.2. Only expressions match paths here: the plain matcher for paths ignores
case. Everything stands in one ``route``, whose order is the order of the text, and what answers a request stands in a
``route`` of its own that ends with the file server: what follows a rewrite would see the new path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Final

from regpress import paths
from regpress.hosts import routing, serving
from regpress.hosts.base import SiteAddress
from regpress.hosts.routing import ERROR, EXACT, FRESH, HASHED, HIDDEN, PAGE, ListRoutes
from regpress.names import KINDS
from regpress.pages import CURSOR_PATTERN
from regpress.record import record

_SERVE: Final = ["file_server {", "    precompressed br gzip", "    disable_canonical_uris", "}"]
#: Names and versions hold none of these, and the matcher for files takes them for patterns.
_PATTERNS: Final = r"[*?\[\]\\{}]"
#: One step of a path without them.
_STEP: Final = r"[^/*?\[\]\\{}]+"


def caddy_rules(site: SiteAddress) -> str:
    """Return the text of ``caddy.conf`` for a site."""
    return "\n".join([*_introduction(site), *_Rules(site).site()]) + "\n"


def _introduction(site: SiteAddress) -> list[str]:
    folder = f"the folder that holds the built one as {site.base_path[1:]}" if site.base_path else "the built folder"
    inside = f"/srv/registry{site.base_path}/{paths.CONFIGURATION}"
    return [
        "# How Caddy serves this registry. Written by regpress: change config.yaml, not this file. Use it so:",
        "#",
        "#     registry.example.org {",
        f"#         # {folder}",
        "#         root * /srv/registry",
        f"#         import {inside}/caddy.conf",
        "#     }",
        "",
    ]


@record
class _Rules:
    address: SiteAddress

    @property
    def base(self) -> str:
        return self.address.base_path

    @property
    def api(self) -> str:
        """Return the pattern of what all addresses of the API begin with."""
        versions = f"(?:{re.escape(paths.API)}|{paths.LEGACY_API})"
        return f"^{re.escape(self.base)}/(?:registry/[^/]+/)?{versions}/"

    def site(self) -> Iterator[str]:
        """Yield all directives."""
        name = f"@regpress{self.base}"
        yield f"{name} path_regexp ^{re.escape(self.base)}(?:/|$)"
        yield from _block(f"route {name}", [*self._common(), *self._api(), *self._plain()])

    def _common(self) -> Iterator[str]:
        yield "encode gzip"
        yield "header X-Content-Type-Options nosniff"
        yield "header Access-Control-Allow-Origin *"
        folders = "|".join(map(re.escape, HIDDEN))
        yield ""
        yield "# Not for readers."
        yield f"@hidden path_regexp ^{re.escape(self.base)}/(?:{folders})(?:/|$)"
        yield from _block("route @hidden", self._missing())
        yield ""

    def _api(self) -> Iterator[str]:
        yield f"@api path_regexp {self.api}."
        yield from _block("route @api", self._documents())
        yield ""

    def _documents(self) -> Iterator[str]:
        for name, value in serving.CORS.items():
            yield f'header {name.title()} "{value}"'
        yield f'header Cache-Control "{FRESH}"'
        yield "@options method OPTIONS"
        yield "respond @options 204"
        yield "@written not method GET HEAD"
        yield from _block("route @written", ['header Allow "GET, HEAD, OPTIONS"', "respond 405"])
        yield f"@pattern path_regexp {_PATTERNS}"
        yield from _block("route @pattern", self._refused(404))
        yield ""
        yield "# A slash at the end, a name whose slash was encoded twice, other prefixes of the default registry."
        yield "uri strip_suffix /"
        yield f"@twice path_regexp twice (?i)({self.api}[^%]*)%2f([^%]*)$"
        yield "rewrite @twice {re.twice.1}/{re.twice.2}"
        for number, alias in enumerate(routing.aliases(self.address)):
            prefix = f"{self.base}/{alias}"
            yield f"@alias{number} path_regexp ^{re.escape(prefix)}/"
            moved = [f"uri strip_prefix {prefix}", f"rewrite * {self.base}/{paths.API}{{uri}}"]
            yield from _block(f"route @alias{number}", moved)
        for number, routes in enumerate(routing.list_routes(self.address)):
            yield ""
            yield f"@list{number} path_regexp ^{re.escape(f'{self.base}/{routes.address}')}$"
            yield from _block(f"route @list{number}", self._list(routes))
        yield ""
        yield from self._document()

    def _list(self, routes: ListRoutes) -> Iterator[str]:
        """Yield the rules of a list: by cursor, then search, then version."""
        names = (f"@q{number}" for number in count())

        def when(*conditions: str, then: Iterable[str]) -> Iterator[str]:
            name = next(names)
            yield from _block(name, conditions)
            yield from _block(f"route {name}", then)

        def given(parameter: str, pattern: str) -> str:
            return _matches(f"{{query.{parameter}}}", pattern)

        def any_of(parameter: str) -> str:
            return f'expression `{{query.{parameter}}} != ""`'

        def answer(document: str) -> list[str]:
            return [f"rewrite * {self.base}/{document}.json", *self._found()]

        def file(document: str) -> str:
            return f"file {self.base}/{document}.json"

        page = routes.page("{query.cursor}")
        yield from when(given("cursor", f"^(?:{CURSOR_PATTERN})$"), file(page), then=answer(page))
        yield from when(any_of("cursor"), then=self._refused(400))
        if routes.whole:
            yield from when(any_of("search"), then=answer(routes.address))
        else:
            # No step out of a folder: something besides dots on both sides.
            full = r"^(\.*[A-Za-z0-9-][A-Za-z0-9.-]*)/(\.*[A-Za-z0-9_-][A-Za-z0-9._-]*)$"
            versions = f"{routes.address}/{{query.search}}/versions"
            yield from when(given("search", full), file(versions), then=answer(versions))
            yield from when(any_of("search"), then=self._refused(400))
        for name in routes.by_version:
            yield from when(given("version", f"^{name}$"), then=answer(routes.page(name)))
        yield from answer(routes.page(routes.first))

    def _document(self) -> Iterator[str]:
        """Yield the rules of all other documents: the address with ``.json`` behind it, never the address itself."""
        prefixes = routing.prefixes(self.address)
        folders = "|".join(
            re.escape(f"{prefix}{folder}") for prefix in prefixes for folder in (paths.PAGES, paths.DELETED)
        )
        collections = "|".join(re.escape(paths.collection("", kind).removeprefix(f"{paths.API}/")) for kind in KINDS)
        yield "# Pages are reached by cursors alone, deleted versions by programs that answer include_deleted."
        yield f"@unlisted path_regexp ^{re.escape(self.base)}/(?:{folders})(?:/|$)"
        yield from _block("route @unlisted", self._refused(404))
        yield "# An exact version: its document is fixed, its status is not."
        exact = f"{self.api}(?:{collections})/[^/]+/[^/]+/versions/[^/]+$"
        yield from _block("@exact", [f"path_regexp {exact}", "not path_regexp /versions/latest$"])
        yield f'header @exact Cache-Control "{EXACT}"'
        yield "@document file {path}.json"
        yield from _block("route @document", ["rewrite * {file_match.relative}", *self._found()])
        yield from self._refused(404)

    def _plain(self) -> Iterator[str]:
        """Yield the rules for pages and files."""
        base = re.escape(self.base)
        yield f'header Cache-Control "{PAGE}"'
        yield "@other not method GET HEAD"
        yield from _block("route @other", ['header Allow "GET, HEAD"', "respond 405"])
        for extension, kind in sorted(serving.TYPES.items()):
            yield f"@{extension} path_regexp (?i)\\.{extension}$"
            yield f'header @{extension} Content-Type "{kind}"'
        yield ""
        yield "# Pages are folders. A redirect keeps the query, and never leads to another host."
        if self.base:
            yield f"@root path_regexp ^{base}$"
            yield from _block("route @root", self._to_folder())
        inside = _matches("{path}", f"^{base}(?:/{_STEP})+$")
        yield from _block("@folder", [inside, "file {path}/index.html"])
        yield from _block("route @folder", self._to_folder())
        index = [_matches("{path}", f"^{base}/(?:{_STEP}/)*$"), "file {path}index.html"]
        yield from _block("@index", index)
        served = ["rewrite * {file_match.relative}", 'header Content-Type "text/html; charset=utf-8"', *_SERVE]
        yield from _block("route @index", served)
        yield from _block("@file", [inside, "file {path}"])
        yield f"@assets path_regexp ^{base}/assets/"
        cached = _block("route @file", [f'header @assets Cache-Control "{HASHED}"', *_SERVE])
        yield from cached
        yield from self._missing()

    @staticmethod
    def _to_folder() -> Iterator[str]:
        yield '@query expression `{query} != ""`'
        yield "redir @query {path}/?{query} 301"
        yield "redir * {path}/ 301"

    @staticmethod
    def _found() -> list[str]:
        return ["header Content-Type application/json", *_SERVE]

    def _refused(self, status: int) -> list[str]:
        file = serving.BAD_REQUEST_PROBLEM if status == 400 else serving.NOT_FOUND_PROBLEM
        return [
            f"header Content-Type {serving.PROBLEM_TYPE}",
            f'header Cache-Control "{ERROR}"',
            *_answered(f"{self.base}/{file}", status),
        ]

    def _missing(self) -> list[str]:
        return [
            'header Content-Type "text/html; charset=utf-8"',
            f'header Cache-Control "{PAGE}"',
            *_answered(f"{self.base}/{paths.NOT_FOUND_PAGE}", 404),
        ]


def _matches(value: str, pattern: str) -> str:
    """Return the matcher of a placeholder against a pattern; in Caddy 2.6 ``vars_regexp`` sees no placeholders."""
    return f'expression `{value}.matches(r"{pattern}")`'


def _answered(file: str, status: int) -> list[str]:
    return [f"rewrite * {file}", "file_server {", f"    status {status}", "    disable_canonical_uris", "}"]


def _block(head: str, lines: Iterable[str]) -> list[str]:
    return [f"{head} {{", *(f"    {line}" if line else "" for line in lines), "}"]
