"""A site to the text that makes Apache serve it: directives to be included in a virtual host.

Follows static hosting specification 8.3 and 9.2. Patterns see the decoded path. A document is named by its file below
``%{DOCUMENT_ROOT}``, which leaves the address itself as it was: sections by address, which give the header fields, hold
for what was asked, not for the file that answers it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from regpress import paths
from regpress.hosts import routing, serving
from regpress.hosts.base import SiteAddress
from regpress.hosts.routing import ERROR, EXACT, FRESH, HASHED, HIDDEN, PAGE, ListRoutes
from regpress.names import KINDS
from regpress.pages import CURSOR_PATTERN

#: Below it lie the bodies of errors, for Apache's own look-ups only.
_ERRORS: Final = "_errors"
_COMPRESSED: Final = (
    "application/json application/problem+json application/xml image/svg+xml text/css text/html text/javascript "
    "text/markdown text/plain"
)
#: What servers take for a compression by the extension; a version may well be called ``1.0.gz``.
_ENCODINGS: Final = ".br .bz2 .gz .tgz .xz .z .zst"


def apache_rules(site: SiteAddress) -> str:
    """Return the text of ``apache.conf`` for a site."""
    return "\n".join("\n".join(block) + "\n" for block in _blocks(site))


def _blocks(site: SiteAddress) -> Iterator[list[str]]:
    yield _introduction(site)
    yield ["AllowEncodedSlashes On", "RewriteEngine On"]
    yield from _errors(site)
    yield _hidden(site)
    yield _methods(site)
    yield _addresses(site)
    for routes in routing.list_routes(site):
        yield list(_list(site, routes))
    yield _documents(site)
    yield _folders(site)
    yield from _sections(site)


def _introduction(site: SiteAddress) -> list[str]:
    folder = f"the folder that holds the built one as {site.base_path[1:]}" if site.base_path else "the built folder"
    inside = f"/srv/registry{site.base_path}/{paths.CONFIGURATION}"
    return [
        "# How Apache serves this registry. Written by regpress: change config.yaml, not this file. Use it so:",
        "#",
        "#     <VirtualHost *:80>",
        "#         ServerName registry.example.org",
        f"#         # {folder}",
        "#         DocumentRoot /srv/registry",
        f"#         Include {inside}/apache.conf",
        "#     </VirtualHost>",
        "#",
        "# Needs the modules rewrite and headers; compresses answers where the modules filter and deflate are loaded.",
    ]


def _errors(site: SiteAddress) -> Iterator[list[str]]:
    """Yield the rules for what Apache looks up itself: the bodies of errors, which nobody else may ask for."""
    folder = f"{site.base_path}/{_ERRORS}"
    yield [
        "# The bodies of errors.",
        "RewriteCond %{ENV:REDIRECT_STATUS} ^[45]",
        _rule(rf"^{re.escape(folder)}/(4[0-9]+\.[a-z]+)$", f"%{{DOCUMENT_ROOT}}{site.base_path}/$1", "END"),
    ]


def _hidden(site: SiteAddress) -> list[str]:
    folders = "|".join(re.escape(folder) for folder in (*HIDDEN, _ERRORS))
    return [
        "# Not for readers.",
        _rule(f"^{re.escape(site.base_path)}/(?:{folders})(?:/|$)", "-", "R=404,L"),
    ]


def _methods(site: SiteAddress) -> list[str]:
    return [
        "# What browsers ask ahead of a request with credentials.",
        'RewriteCond %{REQUEST_METHOD} "=OPTIONS"',
        _rule(f"^{_api(site)}.", "-", "R=204,L"),
        "# Apache would answer a POST to a file with the file.",
        'RewriteCond %{REQUEST_METHOD} "!^(?:GET|HEAD|OPTIONS)$"',
        _rule(f"^{re.escape(site.base_path)}/", "-", "R=405,L"),
    ]


def _addresses(site: SiteAddress) -> list[str]:
    """Return the rules that bring an address into the form in which the document is stored."""
    lines = [
        "# No name has a question mark, and newer versions refuse to rewrite one.",
        _rule(rf"^{_api(site)}.*\?", "-", "R=404,L"),
        "# A slash at the end, a name whose slash was encoded twice, other prefixes of the default registry.",
        _rule(f"^({_api(site)}.*[^/])/+$", "$1"),
        _rule(f"^({_api(site)}[^%]*)%2[Ff]([^%]*)$", "$1/$2"),
    ]
    for alias in routing.aliases(site):
        pattern = re.escape(f"{site.base_path}/{alias}")
        lines.append(_rule(f"^{pattern}/(.*)$", f"{site.base_path}/{paths.API}/$1"))
    return lines


def _list(site: SiteAddress, routes: ListRoutes) -> Iterator[str]:
    """Yield the rules of a list: by cursor, then search, then version."""
    here = re.escape(f"{site.base_path}/{routes.address}")
    root = f"%{{DOCUMENT_ROOT}}{site.base_path}/"

    def answer(document: str) -> str:
        return _rule(f"^{here}$", f"{root}{document}.json", "END")

    def given(name: str, value: str) -> str:
        return f'RewriteCond %{{QUERY_STRING}} "^(?:(?!{name}=)[^&]*&)*{name}={value}(?:&|$)"'

    refused = _rule(f"^{here}$", "-", "R=400,L")
    yield f"# {routes.address}"
    yield given("cursor", f"({CURSOR_PATTERN})")
    yield f'RewriteCond "{root}{routes.page("%1")}.json" -f'
    yield answer(routes.page("%1"))
    yield given("cursor", "[^&]+")
    yield refused
    if routes.whole:
        yield given("search", "[^&]+")
        yield answer(routes.address)
    else:
        # The second condition tests what the first found, and so keeps its parts.
        yield given("search", rf"(?!\.\.?(?:/|%))({routing.NAMESPACE})(?:/|%2[Ff])(?!\.\.?(?:&|$))({routing.NAME})")
        yield f'RewriteCond "{root}{routes.address}/%1/%2/versions.json" -f'
        yield answer(f"{routes.address}/%1/%2/versions")
        yield given("search", "[^&]+")
        yield refused
    for name in routes.by_version:
        yield given("version", name)
        yield answer(routes.page(name))
    yield answer(routes.page(routes.first))


def _documents(site: SiteAddress) -> list[str]:
    """Return the rules for all other documents: the address with ``.json`` behind it, and never the address itself."""
    folders = "|".join(
        re.escape(f"{prefix}{folder}") for prefix in routing.prefixes(site) for folder in (paths.PAGES, paths.DELETED)
    )
    base = re.escape(site.base_path)
    return [
        "# Pages are reached by cursors alone, deleted versions by programs that answer include_deleted.",
        _rule(f"^{base}/(?:{folders})(?:/|$)", "-", "R=404,L"),
        'RewriteCond "%{DOCUMENT_ROOT}$1.json" -f',
        _rule(f"^({_api(site)}.+)$", "%{DOCUMENT_ROOT}$1.json", "END"),
        _rule(f"^{_api(site)}.", "-", "R=404,L"),
    ]


def _folders(site: SiteAddress) -> list[str]:
    base = re.escape(site.base_path)
    lines = [
        "# Pages for people are folders.",
        'RewriteCond "%{DOCUMENT_ROOT}$1/index.html" -f',
        _rule(f"^({base}/.*[^/])$", "$1/", "R=301,L"),
    ]
    if site.base_path:
        lines.append(_rule(f"^{base}$", f"{site.base_path}/", "R=301,L"))
    return lines


def _sections(site: SiteAddress) -> Iterator[list[str]]:
    base, escaped = site.base_path, re.escape(site.base_path)
    yield _section(f'<LocationMatch "^{escaped}/">', _files(site))
    yield _section(f'<LocationMatch "^{escaped}/assets/">', [_caching(HASHED)])
    yield _section(f'<LocationMatch "^{_api(site)}.">', _answers(site))
    collections = "|".join(re.escape(paths.collection("", kind).removeprefix(f"{paths.API}/")) for kind in KINDS)
    exact = rf"^{_api(site)}(?:{collections})/[^/]+(?:/|%2[Ff])[^/]+/versions/(?!latest/?$)[^/]+/?$"
    yield _section(f'<LocationMatch "{exact}">', [_caching(EXACT)])
    for file, kind, caching in (
        (f"{_ERRORS}/{serving.BAD_REQUEST_PROBLEM}", serving.PROBLEM_TYPE, ERROR),
        (f"{_ERRORS}/{serving.NOT_FOUND_PROBLEM}", serving.PROBLEM_TYPE, ERROR),
        (f"{_ERRORS}/{paths.NOT_FOUND_PAGE}", "text/html; charset=utf-8", PAGE),
    ):
        api = kind == serving.PROBLEM_TYPE
        lines = [f'ForceType "{kind}"', _caching(caching), *(_cross_origin() if api else ())]
        yield _section(f'<Location "{base}/{file}">', lines)
    yield _section("<IfModule deflate_module>", _section("<IfModule filter_module>", _compression(site)))


def _files(site: SiteAddress) -> Iterator[str]:
    yield "Require all granted"
    yield "Options -Indexes -MultiViews"
    yield "DirectorySlash Off"
    yield "DirectoryIndex index.html"
    yield f"ErrorDocument 403 {site.base_path}/{_ERRORS}/{paths.NOT_FOUND_PAGE}"
    yield f"ErrorDocument 404 {site.base_path}/{_ERRORS}/{paths.NOT_FOUND_PAGE}"
    for extension, kind in sorted(serving.TYPES.items()):
        yield f'AddType "{kind}" .{extension}'
    yield "AddDefaultCharset Off"
    yield "Header always set X-Content-Type-Options nosniff"
    yield "Header always set Access-Control-Allow-Origin *"
    yield _caching(PAGE)


def _answers(site: SiteAddress) -> Iterator[str]:
    """Yield what every answer of the API has."""
    yield "ForceType application/json"
    # No handler, language or compression by what is inside a name: a version may be called 1.0.php or 1.0.gz.
    yield "SetHandler default-handler"
    yield f"RemoveEncoding {_ENCODINGS}"
    yield f"ErrorDocument 400 {site.base_path}/{_ERRORS}/{serving.BAD_REQUEST_PROBLEM}"
    for status in (403, 404):
        yield f"ErrorDocument {status} {site.base_path}/{_ERRORS}/{serving.NOT_FOUND_PROBLEM}"
    yield from _cross_origin()
    yield _caching(FRESH)


def _cross_origin() -> Iterator[str]:
    for name, value in serving.CORS.items():
        yield f'Header always set {name.title()} "{value}"'


def _compression(site: SiteAddress) -> list[str]:
    lines = [f"AddOutputFilterByType DEFLATE {_COMPRESSED}"]
    return _section(f'<LocationMatch "^{re.escape(site.base_path)}/">', lines)


def _caching(value: str) -> str:
    return f'Header always set Cache-Control "{value}"'


def _api(site: SiteAddress) -> str:
    """Return the pattern of what all addresses of the API begin with."""
    versions = f"(?:{re.escape(paths.API)}|{paths.LEGACY_API})"
    return f"{re.escape(site.base_path)}/(?:registry/[^/]+/)?{versions}/"


def _rule(pattern: str, to: str, flags: str = "") -> str:
    return f'RewriteRule "{pattern}" "{to}"' + (f" [{flags}]" if flags else "")


def _section(head: str, lines: Iterable[str]) -> list[str]:
    return [head, *(f"    {line}" for line in lines), f"</{head[1:].split(maxsplit=1)[0]}>"]
