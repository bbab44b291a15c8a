"""A site to the text that makes nginx serve it: one file of locations, to be included in a ``server`` block.

Follows static hosting specification 8.3 and 9.1. Only what is safe inside ``if`` is used there: ``return`` and
``rewrite … last``. A nested location inherits everything but the answer to ``OPTIONS``, and headers only while it has
none of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from regpress import paths
from regpress.hosts import routing, serving
from regpress.hosts.base import SiteAddress
from regpress.hosts.routing import ERROR, EXACT, FRESH, HASHED, HIDDEN, PAGE, ListRoutes
from regpress.names import KINDS
from regpress.pages import CURSOR_PATTERN

#: ``namespace/name`` in a query, its slash bare or encoded.
NAME_IN_QUERY: Final = (
    rf"(?!\.\.?(?:/|%))(?P<regpress_namespace>{routing.NAMESPACE})(?:/|%2[Ff])"
    rf"(?!\.\.?$)(?P<regpress_name>{routing.NAME})"
)

_OPTIONS: Final = "if ($request_method = OPTIONS) { return 204; }"
_QUERY: Final = "_query"
_COMPRESSED: Final = (
    "application/json application/problem+json application/xml image/svg+xml text/css text/javascript text/markdown "
    "text/plain"
)


def nginx_rules(site: SiteAddress) -> str:
    """Return the text of ``nginx.conf`` for a site."""
    return "\n".join("\n".join(block) + "\n" for block in _blocks(site))


def _blocks(site: SiteAddress) -> Iterator[list[str]]:
    yield _introduction(site)
    yield _block(f"location {site.base_path}/", _files(site))
    if site.base_path:
        there = f"return 301 {site.base_path}/$is_args$args;"
        yield _block(f"location = {site.base_path}", ["absolute_redirect off;", there])
    yield _block(f"location ^~ {site.base_path}/assets/", _assets(site))
    for folder in HIDDEN:
        lines = [f"error_page 404 {site.base_path}/{paths.NOT_FOUND_PAGE};", "return 404;"]
        yield _block(f"location ^~ {site.base_path}/{folder}/", lines)
    for alias in routing.aliases(site):
        rewrite = f'rewrite "^{re.escape(f"{site.base_path}/{alias}/")}(.*)$" {site.base_path}/{paths.API}/$1 last;'
        yield _block(f"location ^~ {site.base_path}/{alias}/", [rewrite])
    for prefix in routing.prefixes(site):
        yield _api(site, prefix)
    yield _answered_query(site)
    yield _unknown_registry(site)
    yield _error(site, 400, serving.BAD_REQUEST_PROBLEM)
    yield _error(site, 404, serving.NOT_FOUND_PROBLEM)


def _introduction(site: SiteAddress) -> list[str]:
    folder = f"the folder that holds the built one as {site.base_path[1:]}" if site.base_path else "the built folder"
    inside = f"/srv/registry{site.base_path}/{paths.CONFIGURATION}"
    return [
        "# How nginx serves this registry. Written by regpress: change config.yaml, not this file. Use it so:",
        "#",
        "#     server {",
        "#         listen 80;",
        "#         server_name registry.example.org;",
        f"#         root /srv/registry;  # {folder}",
        f"#         include {inside}/nginx.conf;",
        "#     }",
    ]


def _files(site: SiteAddress) -> Iterator[str]:
    """Yield the lines for pages and files; folders get their slash and their index from nginx itself."""
    yield from _types()
    yield "index index.html;"
    yield "absolute_redirect off;"
    # A folder without index is forbidden, says nginx; for readers there is nothing.
    yield f"error_page 403 404 =404 {site.base_path}/{paths.NOT_FOUND_PAGE};"
    yield from _compression(site)
    yield "add_header Access-Control-Allow-Origin * always;"
    yield "add_header X-Content-Type-Options nosniff always;"
    yield f'add_header Cache-Control "{PAGE}" always;'


def _assets(site: SiteAddress) -> Iterator[str]:
    yield from _types()
    yield f"error_page 403 404 =404 {site.base_path}/{paths.NOT_FOUND_PAGE};"
    yield from _compression(site)
    yield "add_header Access-Control-Allow-Origin *;"
    yield "add_header X-Content-Type-Options nosniff;"
    yield f'add_header Cache-Control "{HASHED}";'
    yield "try_files $uri =404;"


def _types() -> Iterator[str]:
    """Yield the types of files by extension: what the server has elsewhere does not count."""
    ordered = sorted((kind.partition(";")[0], extension) for extension, kind in serving.TYPES.items())
    yield "types {"
    for kind, group in groupby(ordered, key=lambda pair: pair[0]):
        yield f"    {kind} {' '.join(extension for _, extension in group)};"
    yield "}"
    yield "default_type application/octet-stream;"
    yield "charset utf-8;"
    yield "charset_types text/css text/javascript text/markdown text/plain;"


def _api(site: SiteAddress, prefix: str) -> list[str]:
    """Return the location of the documents of the registry below *prefix*."""
    base = f"{site.base_path}/{prefix}{paths.API}"
    collections = "|".join(re.escape(f"{site.base_path}/{paths.collection(prefix, kind)}") for kind in KINDS)
    plain = re.escape(f"{base}/")
    lines = [
        *_answers(site, FRESH),
        _OPTIONS,
        f'rewrite "^({plain}.+)/$" $1 last;',
        "try_files $uri.json =404;",
        "",
        "# A name whose slash was encoded twice.",
        *_block(
            'location ~* "^[^%]*%2f[^%]*$"',
            [f'rewrite "^(?i)({plain}[^%]*)%2f([^%]*)$" $1/$2 last;', "return 404;"],
        ),
        "",
        "# An exact version: its document is fixed, its status is not.",
        *_block(
            rf'location ~ "^(?:{collections})/[^/]+/[^/]+/versions/(?!latest$)[^/]+$"',
            [*_fields(EXACT), _OPTIONS, "try_files $uri.json =404;"],
        ),
        "",
        "# Pages are reached by cursors alone, deleted versions by programs that answer include_deleted.",
        *(
            line
            for hidden in (paths.PAGES, paths.DELETED)
            for line in _block(f"location ^~ {site.base_path}/{prefix}{hidden}/", [_OPTIONS, "return 404;"])
        ),
    ]
    for routes in routing.list_routes(site):
        if routes.prefix == prefix:
            lines += _list(site, routes)
    return _block(f"location ^~ {base}/", lines)


def _list(site: SiteAddress, routes: ListRoutes) -> Iterator[str]:
    """Yield the location of a list: by cursor, then search, then version."""
    yield ""
    yield from _block(f"location = {site.base_path}/{routes.address}", [_OPTIONS, *_routes(site, routes)])


def _routes(site: SiteAddress, routes: ListRoutes) -> Iterator[str]:
    def answer(document: str) -> str:
        return f"rewrite ^ {site.base_path}/{_QUERY}/{document} last;"

    yield f'if ($arg_cursor ~ "^(?:{CURSOR_PATTERN})$") {{ {answer(routes.page("$arg_cursor"))} }}'
    yield 'if ($arg_cursor != "") { return 400; }'
    if routes.whole:
        yield f'if ($arg_search != "") {{ {answer(routes.address)} }}'
    else:
        versions = f"{routes.address}/$regpress_namespace/$regpress_name/versions"
        yield f'if ($arg_search ~ "^{NAME_IN_QUERY}$") {{ {answer(versions)} }}'
        yield 'if ($arg_search != "") { return 400; }'
    for name in routes.by_version:
        yield f"if ($arg_version = {name}) {{ {answer(routes.page(name))} }}"
    yield answer(routes.page(routes.first))


def _answered_query(site: SiteAddress) -> list[str]:
    """Return where the rules of lists send a request: no address of the outside leads there."""
    base = f"{site.base_path}/{_QUERY}/"
    found = f'location ~ "^{re.escape(base)}(?P<regpress_document>.+)$"'
    tried = f"try_files {site.base_path}/$regpress_document.json =400;"
    return _block(f"location ^~ {base}", ["internal;", *_answers(site, FRESH), *_block(found, ["internal;", tried])])


def _answers(site: SiteAddress, caching: str) -> Iterator[str]:
    """Yield what every answer of the API has."""
    yield "types { }"
    yield "default_type application/json;"
    yield f"error_page 400 {_named(site, 400)};"
    yield f"error_page 403 404 =404 {_named(site, 404)};"
    yield from _compression(site)
    yield from _fields(caching)


def _fields(caching: str) -> Iterator[str]:
    for name, value in serving.CORS.items():
        yield f'add_header {name.title()} "{value}" always;'
    yield "add_header X-Content-Type-Options nosniff always;"
    yield f'add_header Cache-Control "{caching}" always;'


def _compression(site: SiteAddress) -> Iterator[str]:
    # A sibling "x.json.gz" is served where there is one.
    yield "gzip_static on;"
    if "br" in site.precompress:
        # Needs nginx's module for it, unlike the rest.
        yield "brotli_static on;"
    yield "gzip on;"
    yield "gzip_vary on;"
    yield "gzip_min_length 1024;"
    yield f"gzip_types {_COMPRESSED};"


def _unknown_registry(site: SiteAddress) -> list[str]:
    where = rf'location ~ "^{re.escape(site.base_path)}/registry/[^/]+/v0(?:\.1)?/."'
    return _block(where, [*_answers(site, ERROR), _OPTIONS, "return 404;"])


def _error(site: SiteAddress, status: int, file: str) -> list[str]:
    lines = ["types { }", f"default_type {serving.PROBLEM_TYPE};", *_fields(ERROR)]
    return _block(f"location {_named(site, status)}", [*lines, f"try_files {site.base_path}/{file} ={status};"])


def _named(site: SiteAddress, status: int) -> str:
    """Return the name of the location for an error; two sites may share a server."""
    return f"@regpress{site.base_path}/{status}"


def _block(head: str, lines: Iterable[str]) -> list[str]:
    return [f"{head} {{", *(f"    {line}" if line else "" for line in lines), "}"]
