"""Netlify: the flat layout, with rewrites in ``_redirects`` that see queries, and fields in ``_headers``.

A rule's target is a file, and the first rule that fits counts, so that each prefix has rules of its own. An empty
cursor, which some clients send at first, fits ``cursor=:cursor`` as well. Hence pages are called ``c-<cursor>``, and
the first page of the latest versions also ``c-``: a name that begins with a dot would not be uploaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from regpress import paths
from regpress.hosts import layouts, routing, ruled, serving
from regpress.hosts.base import Limits, SiteAddress
from regpress.hosts.ruled_host import RuledHost
from regpress.model.artifact import Artifact, Form

#: What the names of files with pages begin with.
_MARK: Final = "c-"
_GUIDE: Final = """\
Rules proven against the matcher that Netlify publishes (`netlify-redirector` 0.5.0): each request leads to the
file that the emulation serves. Not proven against the service.

## Deploying

1. Publish the output folder: `netlify deploy --prod --dir dist`.
2. With a base path, publish the folder around the output, and move `_redirects` and `_headers` into that.

## Mind

- An unknown cursor is a 404, not a 400: a rule cannot tell what no file has.
- An empty `search` gets the complete list.
- Not verified: how the service finds the file for a name with `%2F`. Run `regpress probe` after the first
  deployment.
- At most 54,000 files in one folder; the number of all has no limit.
"""


def _files(address: str, form: Form) -> tuple[str, ...]:
    """Return the path of an address: ``P.json``, but for pages of lists."""
    folder, _, page = address.rpartition("/")
    if form != "document" or not f"/{folder}".rpartition("/")[0].endswith(f"/{paths.PAGES}"):
        return layouts.flat(address, form)
    cursors = (page, "") if page == "latest" else (page,)
    return tuple(f"{folder}/{_MARK}{cursor}.json" for cursor in cursors)


def _configuration(site: SiteAddress) -> Iterable[Artifact]:
    """Return the rules and the fields."""
    yield serving.text_file("_redirects", _rules(site))
    yield serving.text_file("_headers", _fields(site))
    yield serving.problem_document()


def _rules(site: SiteAddress) -> Iterator[str]:
    base = site.base_path
    yield from _introduction(site, "rewrites")
    for here, routes in routing.served_lists(site):
        yield f"{here} cursor=:cursor {base}/{routes.page(f'{_MARK}:cursor')}.json 200"
        found = routes.address if routes.whole else f"{routes.address}/:search/versions"
        yield f"{here} search=:search {base}/{found}.json 200"
        for name in routes.by_version:
            yield f"{here} version={name} {base}/{routes.page(_MARK + name)}.json 200"
        yield f"{here} {base}/{routes.page(_MARK + routes.first)}.json 200"
    for folder in routing.hidden(site, by_rule=True):
        yield f"{base}/{folder}/* {base}/{paths.NOT_FOUND_PAGE} 404"
    for prefix, stored in routing.served(site, by_rule=True):
        yield f"{base}/{prefix}/* {base}/{stored}/:splat.json 200"


def _fields(site: SiteAddress) -> Iterator[str]:
    yield from _introduction(site, "header fields")
    yield f"{site.base_path}/assets/*"
    yield f"  Cache-Control: {routing.HASHED}"
    for prefix, _ in routing.served(site, by_rule=True):
        yield f"{site.base_path}/{prefix}/*"
        for name, value in serving.CORS.items():
            yield f"  {name.title()}: {value}"
        yield "  X-Content-Type-Options: nosniff"
        yield f"  Cache-Control: {routing.FRESH}"


def _introduction(site: SiteAddress, what: str) -> Iterator[str]:
    yield f"# The {what} of this registry. Written by regpress: change config.yaml, not this file."
    if site.base_path:
        yield f"# Belongs into the root of what is published, beside the folder {site.base_path[1:]}."


PROFILE: Final = RuledHost(
    name="netlify",
    title="Netlify",
    guide=_GUIDE,
    limits=Limits(folder_files=54_000),
    configure=_configuration,
    manners=ruled.Manners(
        refuses=404,
        misses=404,
        understands_twice=False,
        cuts_slash=False,
        preflight=False,
        problems=False,
        open_misses=False,
        serves_files=True,
        page_mark=_MARK,
        headers={"server": "Netlify"},
    ),
    layout=_files,
)
