"""Vercel: the flat layout, with rewrites in ``vercel.json`` that see queries.

Files are looked for before the rewrites; of these the first that fits counts. A rewrite cannot say 400: what leads
nowhere is a 404.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from regpress.hosts import routing, ruled, serving
from regpress.hosts.base import SiteAddress
from regpress.hosts.routing import ListRoutes
from regpress.hosts.ruled_host import RuledHost
from regpress.model.artifact import Artifact
from regpress.pages import CURSOR_PATTERN

_GUIDE: Final = """\
Settings proven against the compiler that Vercel publishes (`@vercel/routing-utils` 6.6.0): each request leads
by the compiled routes to the file that the emulation serves. Not proven against the service.

## Deploying

1. Deploy the output folder: `vercel deploy --prod dist`.
2. With a base path, deploy the folder around the output, and move `vercel.json` into that.

## Mind

- An unknown cursor is a 404, not a 400: a rewrite has no status.
- Leave `cleanUrls` off: it would take the extension off every file.
- Not verified: preflight requests. Run `regpress probe` after the first deployment.
"""
#: An address that no file has.
_NOWHERE: Final = "/_nowhere"


def _configuration(site: SiteAddress) -> Iterable[Artifact]:
    """Return the settings."""
    settings = {
        "$schema": "https://openapi.vercel.sh/vercel.json",
        "cleanUrls": False,
        "headers": list(_headers(site)),
        "rewrites": list(_rewrites(site)),
    }
    yield serving.settings_file("vercel.json", settings)
    yield serving.problem_document()


def _headers(site: SiteAddress) -> Iterator[dict[str, Any]]:
    api = {**serving.CORS, "x-content-type-options": "nosniff", "cache-control": routing.FRESH}
    for prefix, _ in routing.served(site, by_rule=True):
        yield {"source": _path(f"{site.base_path}/{prefix}/(.*)"), "headers": _pairs(api)}
    assets = f"{site.base_path}/assets/(.*)"
    yield {"source": _path(assets), "headers": _pairs({"cache-control": routing.HASHED})}


def _pairs(fields: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": name.title(), "value": value} for name, value in fields.items()]


def _rewrites(site: SiteAddress) -> Iterator[dict[str, Any]]:
    base = site.base_path
    for here, routes in routing.served_lists(site):
        yield from _list(here, base, routes)
    for folder in routing.hidden(site, by_rule=True):
        yield {"source": _path(f"{base}/{folder}/:path*"), "destination": _NOWHERE}
    for prefix, stored in routing.served(site, by_rule=True):
        yield {"source": _path(f"{base}/{prefix}/:path+"), "destination": f"{base}/{stored}/:path+.json"}


def _list(here: str, base: str, routes: ListRoutes) -> Iterator[dict[str, Any]]:
    """Yield the rewrites of a list: by cursor, then search, then version."""

    def when(parameter: str, value: str, to: str) -> dict[str, Any]:
        condition = {"type": "query", "key": parameter, "value": value}
        return {"source": _path(here), "has": [condition], "destination": to}

    yield when("cursor", f"(?<cursor>{CURSOR_PATTERN})", f"{base}/{routes.page(':cursor')}.json")
    yield when("cursor", ".+", _NOWHERE)
    if routes.whole:
        yield when("search", ".+", f"{base}/{routes.address}.json")
    else:
        # No step out of a folder: something besides dots on both sides.
        name = r"(?<namespace>\.*[A-Za-z0-9-][A-Za-z0-9.-]*)/(?<name>\.*[A-Za-z0-9_-][A-Za-z0-9._-]*)"
        yield when("search", name, f"{base}/{routes.address}/:namespace/:name/versions.json")
        yield when("search", ".+", _NOWHERE)
    for name in routes.by_version:
        yield when("version", name, f"{base}/{routes.page(name)}.json")
    yield {"source": _path(here), "destination": f"{base}/{routes.page(routes.first)}.json"}


def _path(text: str) -> str:
    """Return an address as a pattern of paths: what means something there and may stand in a prefix is escaped."""
    return re.sub(r"(?<![(])\.(?![*])", r"\\.", text)


PROFILE: Final = RuledHost(
    name="vercel",
    title="Vercel",
    guide=_GUIDE,
    configure=_configuration,
    manners=ruled.Manners(
        refuses=404,
        misses=404,
        understands_twice=False,
        cuts_slash=False,
        preflight=False,
        problems=False,
        serves_files=True,
        headers={"server": "Vercel"},
    ),
)
