"""Cloudflare, Workers and Pages: files at the edge, and the edge module that answers the API from them.

Both store an entry once (its ``versions``), because they limit the number of files; the module finds the latest and
the exact versions in it, follows cursors and answers filters. What is no address of the API is served by Cloudflare
itself. See static hosting sections 5.2, 9.3 and 9.4.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from regpress import paths
from regpress.hosts import layouts, serving
from regpress.hosts.base import Limits, Reply, SiteAddress
from regpress.hosts.edge import answers, edge_module
from regpress.model.artifact import Artifact, Form
from regpress.record import record

_GUIDE: Final = """\
Proven by the contract suite in Cloudflare's own runtime, and the edge module besides in a browser's engine.

## Deploying

- Pages: `npx wrangler pages deploy dist`, or upload the folder in the dashboard.
- Workers: `npx wrangler deploy --config dist/_config/wrangler.toml`.

## Mind

- The edge module answers every query of the API; [hosts](../hosts.md#cloudflare-pages-and-cloudflare-workers) says how.
- Entries share files, so that large registries stay below the limit; where more is paid for, say `site.maxFiles`.
- With a base path the module gets every request, because the files lie at the root of the host.
"""
#: What the free plan takes, which the paid one takes five times of; a file may have 25 MiB on both.
_LIMITS: Final = Limits(
    files=20_000,
    file_bytes=25 * 1024 * 1024,
    larger_plan="paid plans accept 100,000: say so with site.maxFiles",
)
_TEXT: Final = "text/plain; charset=utf-8"
_HASHED: Final = "public, max-age=31536000, immutable"
_SCRIPT: Final = serving.TYPES["js"]
#: The runtime whose behaviour the Worker was tested with.
_COMPATIBLE: Final = "2025-04-01"


@record
class _Cloudflare:
    """What Workers and Pages have in common."""

    name: str
    title: str
    limits: Limits = _LIMITS
    guide: str = _GUIDE
    follows_cursors: bool = True
    stores_pages: bool = True
    rewrites_aliases: bool = True
    runs_code: bool = True
    serves_precompressed: bool = False
    redirect: int = 307

    def files(self, address: str, form: Form) -> tuple[str, ...]:
        """Return the one path of an address: ``P.json`` for a document."""
        return layouts.flat(address, form)

    def configuration(self, site: SiteAddress) -> Iterable[Artifact]:  # noqa: ARG002 (the same for every site)
        """Return the headers of what the module does not answer."""
        yield Artifact("_headers", "file", _TEXT, _headers())

    def answer(self, method: str, target: str, site: SiteAddress, exists: serving.Exists) -> Reply:
        """Return what the module answers for addresses of the API, and Cloudflare for all others."""
        raw = target.partition("#")[0].partition("?")[0].lower()
        if "%00" in raw or "%2500" in raw:
            return answers.problem_reply(400, "Invalid request: URL path contains null bytes")
        where = serving.locate(target, site.base_path)
        if isinstance(where, Reply):
            return where
        if serving.is_api(where.path):
            return answers.edge_answer(method, where.path, where.query, site, exists)
        return _plain(method, where, site, exists, redirect=self.redirect)


@record
class CloudflarePages(_Cloudflare):
    """``_worker.js`` and ``_routes.json`` beside the files: upload the folder."""

    name: str = "cloudflare-pages"
    title: str = "Cloudflare Pages"
    redirect: int = 308

    def configuration(self, site: SiteAddress) -> Iterable[Artifact]:
        """Return the module, and which requests it gets; the others cost nothing."""
        yield from _Cloudflare.configuration(self, site)
        yield Artifact("_worker.js", "file", _SCRIPT, edge_module(site))
        routes = {"version": 1, "include": [route + "*" for route in _routes(site)], "exclude": []}
        yield Artifact("_routes.json", "file", "application/json", json.dumps(routes, indent=2).encode() + b"\n")


@record
class CloudflareWorkers(_Cloudflare):
    """A Worker with the files as its assets, and the configuration that ``wrangler deploy`` takes."""

    name: str = "cloudflare-workers"
    title: str = "Cloudflare Workers"

    def configuration(self, site: SiteAddress) -> Iterable[Artifact]:
        """Return the module and ``wrangler.toml`` in a folder of their own, which is not uploaded."""
        yield from _Cloudflare.configuration(self, site)
        yield Artifact(".assetsignore", "file", _TEXT, f"{paths.CONFIGURATION}\n.regpress-staging\n".encode())
        yield Artifact(f"{paths.CONFIGURATION}/worker.js", "file", _SCRIPT, edge_module(site))
        yield Artifact(f"{paths.CONFIGURATION}/wrangler.toml", "file", _TEXT, _wrangler(site))


def _plain(method: str, where: serving.Target, site: SiteAddress, exists: serving.Exists, *, redirect: int) -> Reply:
    path = where.path
    if method not in {"GET", "HEAD"}:
        return Reply(status=405)
    if path.startswith((f"{paths.CONFIGURATION}/", ".", "_")):
        return _missing(exists)
    file = f"{path}{layouts.INDEX}" if not path or path.endswith("/") else path
    if exists(file):
        return Reply(status=200, file=file, headers=_static(file))
    if not path.endswith("/") and exists(f"{path}/{layouts.INDEX}"):
        return Reply(status=redirect, headers={"location": serving.to_folder(where, site.base_path)})
    return _missing(exists)


def _missing(exists: serving.Exists) -> Reply:
    page = paths.NOT_FOUND_PAGE
    return Reply(status=404, file=page, headers=_static(page)) if exists(page) else Reply(status=404)


def _static(file: str) -> Mapping[str, str]:
    caching = _HASHED if file.startswith("assets/") else "public, max-age=0, must-revalidate"
    return {
        "access-control-allow-origin": "*",
        "x-content-type-options": "nosniff",
        "cache-control": caching,
        "content-type": serving.media_type(file),
    }


def _routes(site: SiteAddress) -> Iterator[str]:
    """Yield what the addresses that the module answers begin with."""
    if site.base_path:
        # The files lie at the root of the host: every request has to lose the path before it finds one.
        yield "/"
        return
    yield from (f"/{paths.API}/", f"/{paths.LEGACY_API}/", "/registry/")


def _headers() -> bytes:
    lines = [
        "/*",
        "  Access-Control-Allow-Origin: *",
        "  X-Content-Type-Options: nosniff",
        "/assets/*",
        "  ! Cache-Control",
        f"  Cache-Control: {_HASHED}",
    ]
    return "\n".join(lines).encode() + b"\n"


def _wrangler(site: SiteAddress) -> bytes:
    name = site.default_registry if site.default_registry != "default" else "mcp-registry"
    first = ", ".join(json.dumps(f"{route}*") for route in _routes(site))
    lines = [
        "# How Cloudflare serves this registry. Written by regpress: change config.yaml, not this file. Use it so:",
        "#",
        f"#     npx wrangler deploy --config dist/{paths.CONFIGURATION}/wrangler.toml",
        "#",
        "# Another name:  --name NAME",
        f"name = {json.dumps(name)}",
        'main = "worker.js"',
        f'compatibility_date = "{_COMPATIBLE}"',
        "",
        "[assets]",
        'directory = ".."',
        'binding = "ASSETS"',
        'html_handling = "auto-trailing-slash"',
        'not_found_handling = "404-page"',
        f"run_worker_first = [{first}]",
    ]
    return "\n".join(lines).encode() + b"\n"


PAGES: Final = CloudflarePages()
WORKERS: Final = CloudflareWorkers()
