"""Any host with one rule, ``P`` to ``P.json``: a web server, an object store behind a rewrite, a CDN."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from regpress import paths
from regpress.hosts import layouts, serving
from regpress.hosts.base import Limits, Reply, SiteAddress
from regpress.hosts.layouts import INDEX
from regpress.model.artifact import Artifact, Form
from regpress.record import record

_GUIDE: Final = """\
Proven by the contract suite against `regpress preview --host generic`, which follows the rule below.

## Deploying

1. Upload the output folder.
2. Give the host one rule: below `/v0.1/` (and `/registry/…/v0.1/`), look for the address with `.json` behind
    it.
3. Let every answer below these prefixes carry `Access-Control-Allow-Origin: *`, errors included, and answer
    misses there with status 404 and `404.json`, elsewhere with `404.html`.

## Mind

- Do not let the host try the bare address first: a version that nobody published, `1.0.json`, would be answered
  with version `1.0`.
- Names with an encoded slash (`com.example%2Fweather`) must be treated like those with a plain one.
- The pages under `_pages/` are for an adapter in front of the host; without one nobody reads them.
"""
_LIMITS: Final = Limits()
_METHODS: Final = "GET, HEAD, OPTIONS"
#: Allow lists should act within minutes, and one client keeps a list as long as it is told to.
_FRESH: Final = "public, max-age=60, stale-while-revalidate=300"


@record
class Generic:
    """The flat layout, answered as static hosting section 6 asks of a host with a rewrite."""

    name: str = "generic"
    title: str = "any host with a rewrite rule"
    limits: Limits = _LIMITS
    guide: str = _GUIDE
    follows_cursors: bool = False
    stores_pages: bool = True
    rewrites_aliases: bool = False
    runs_code: bool = False
    serves_precompressed: bool = False

    def files(self, address: str, form: Form) -> tuple[str, ...]:
        """Return the one path of an address: ``P.json`` for a document."""
        return layouts.flat(address, form)

    def configuration(self, site: SiteAddress) -> Iterable[Artifact]:  # noqa: ARG002 (the same for every site)
        """Return ``404.json``, to be the answer to misses below the API where the host can tell them apart."""
        yield serving.problem_document()

    def answer(self, method: str, target: str, site: SiteAddress, exists: serving.Exists) -> Reply:
        """Return what such a host answers: API addresses get ``.json``, folders a slash, the query nothing."""
        where = serving.locate(target, site.base_path)
        if isinstance(where, Reply):
            return where
        api = serving.is_api(where.path)
        if method == "OPTIONS":
            return Reply(status=204, headers={"allow": _METHODS, **(serving.CORS if api else {})})
        if method not in {"GET", "HEAD"}:
            return Reply(status=405, headers={"allow": _METHODS})
        return _document(where.path, exists) if api else _plain(where, site, exists)


def _document(path: str, exists: serving.Exists) -> Reply:
    # Never the path itself: an unknown version called "1.0.json" would be answered with the file of version 1.0.
    file = f"{path}.json"
    if not path.endswith("/") and exists(file):
        return _found(file, {**serving.CORS, "cache-control": _FRESH})
    headers = {**serving.CORS, "cache-control": "public, max-age=60"}
    if exists(serving.NOT_FOUND_PROBLEM):
        return Reply(
            status=404,
            file=serving.NOT_FOUND_PROBLEM,
            headers={**headers, "content-type": serving.PROBLEM_TYPE},
        )
    return _missing(exists, headers)


def _plain(where: serving.Target, site: SiteAddress, exists: serving.Exists) -> Reply:
    path = where.path
    file = f"{path}{INDEX}" if not path or path.endswith("/") else path
    if exists(file):
        return _found(file, {"access-control-allow-origin": "*", "cache-control": "no-cache"})
    if not path.endswith("/") and exists(f"{path}/{INDEX}"):
        return Reply(status=301, headers={"location": serving.to_folder(where, site.base_path)})
    return _missing(exists, {})


def _found(file: str, headers: Mapping[str, str]) -> Reply:
    return Reply(status=200, file=file, headers={**headers, "content-type": serving.media_type(file)})


def _missing(exists: serving.Exists, headers: Mapping[str, str]) -> Reply:
    if not exists(paths.NOT_FOUND_PAGE):
        return Reply(status=404, headers=headers)
    return Reply(
        status=404,
        file=paths.NOT_FOUND_PAGE,
        headers={**headers, "content-type": serving.media_type(paths.NOT_FOUND_PAGE)},
    )


PROFILE: Final = Generic()
