"""Firebase Hosting: ``P.html`` for each address, served without its extension and called JSON by ``firebase.json``.

A rewrite has one fixed target, so that nothing can be added to an address; the setting ``cleanUrls`` takes the
extension of pages away instead. Further prefixes are copies.

The server that Firebase publishes does not decode ``%2F``, nor ``%2B`` and its like; whether the service does is not
known. So a document is written under its plain name and under each spelling that clients send, and found either way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from regpress import paths
from regpress.hosts import layouts, routing, serving
from regpress.hosts.base import Limits, Reply, SiteAddress
from regpress.hosts.layouts import INDEX
from regpress.model.artifact import Artifact, Form
from regpress.record import record

_GUIDE: Final = """\
Proven by the contract suite against the server that Firebase publishes (`superstatic` 9.2.0), with the
generated settings. Not proven against the service.

## Deploying

1. Deploy from the output folder, which holds `firebase.json`: `firebase deploy --only hosting`.
2. With a base path, deploy from the folder around the output, and move `firebase.json` into that.

## Mind

- The limit of bytes is that of the free plan, for all sites of a project together with the earlier releases that are
  kept. No limit of files is published.
- Queries are not seen: no pages of lists, and searches get the complete list.
- Documents of servers are written twice, under the plain name and under the encoded one: the published server
  does not decode `%2F`, and whether the service does is not known.
- A miss below the API is the page for people, called JSON: header fields go by the address.
- `/v0` and `/registry/<default>` need copies (`site.aliases`): a rewrite has one fixed target.
"""
_LIMITS: Final = Limits(file_bytes=2 * 10**9, total_bytes=10 * 10**9)
_TYPE: Final = "application/json"
#: The address of a server's document; skills and plugins are asked for by two plain segments.
_ENTRY: Final = re.compile(r"(.*?/servers)/([^/]+)/([^/]+)(/versions(?:/.+)?)")
#: What the published server leaves encoded, of what a version may hold.
_RESERVED: Final = re.compile(r"[;:@&=+$,]")


@record
class Firebase:
    """One page for each document, and ``firebase.json``."""

    name: str = "firebase"
    title: str = "Firebase Hosting"
    limits: Limits = _LIMITS
    guide: str = _GUIDE
    follows_cursors: bool = False
    stores_pages: bool = False
    rewrites_aliases: bool = False
    runs_code: bool = False
    serves_precompressed: bool = False

    def files(self, address: str, form: Form) -> tuple[str, ...]:
        """Return the paths of an address: ``P.html`` for a document, for each spelling of ``P``."""
        if form != "document":
            return layouts.bare_page(address, form)
        return tuple(file for spelled in _spellings(address) for file in layouts.bare_page(spelled, form))

    def configuration(self, site: SiteAddress) -> Iterable[Artifact]:
        """Return the settings."""
        everywhere = {"access-control-allow-origin": "*", "x-content-type-options": "nosniff"}
        headers = [
            {"source": "**", "headers": _pairs(everywhere)},
            {"source": f"{site.base_path}/assets/**", "headers": _pairs({"cache-control": routing.HASHED})},
        ]
        for prefix, _ in routing.served(site, by_rule=False):
            headers.append({"source": f"{site.base_path}/{prefix}/**", "headers": _pairs(_fields())})
        hosting = {"public": ".", "ignore": ["firebase.json", "**/.*"], "cleanUrls": True, "headers": headers}
        yield serving.settings_file("firebase.json", {"hosting": hosting})
        yield serving.problem_document()

    def answer(self, method: str, target: str, site: SiteAddress, exists: serving.Exists) -> Reply:
        """Return what Firebase answers: pages without their extension, which otherwise is taken away by a redirect."""
        where = serving.locate(target, site.base_path)
        if isinstance(where, Reply):
            return where
        path, api = where.path, serving.is_api(where.path)
        if method not in {"GET", "HEAD"}:
            return Reply(status=405, headers={"allow": "GET, HEAD"})
        if not path or path.endswith("/"):
            return _found(f"{path}{INDEX}", api) if exists(f"{path}{INDEX}") else _missing(api, exists)
        if path.endswith(".html") and exists(path) and path != paths.NOT_FOUND_PAGE:
            bare = path.removesuffix(INDEX).removesuffix(".html")
            location = f"{site.base_path}/{bare}{where.query}"
            return Reply(status=301, headers={"location": location, **(_fields() if api else {})})
        for file in (path, f"{path}.html"):
            if exists(file):
                return _found(file, api)
        if exists(f"{path}/{INDEX}"):
            return Reply(status=301, headers={"location": serving.to_folder(where, site.base_path)})
        return _missing(api, exists)


def _spellings(address: str) -> tuple[str, ...]:
    """Return an address and how clients spell it: the name as one segment, the version with and without escapes."""
    entry = _ENTRY.fullmatch(address)
    if not entry:
        return (address,)
    collection, namespace, name, rest = entry.groups()
    rests = dict.fromkeys((rest, _RESERVED.sub(lambda found: f"%{ord(found[0]):02X}", rest)))
    return tuple(
        f"{collection}/{spelled}{end}" for spelled in (f"{namespace}/{name}", f"{namespace}%2F{name}") for end in rests
    )


def _found(file: str, api: bool) -> Reply:
    own = {"access-control-allow-origin": "*", "cache-control": "max-age=3600"}
    kind = _TYPE if api else serving.media_type(file)
    return Reply(status=200, file=file, headers={**own, **(_fields() if api else {}), "content-type": kind})


def _missing(api: bool, exists: serving.Exists) -> Reply:
    # The fields go by the address, and so does the type: a page of HTML that is called JSON.
    kind = _TYPE if api else serving.media_type(paths.NOT_FOUND_PAGE)
    headers = {"access-control-allow-origin": "*", **(_fields() if api else {}), "content-type": kind}
    return Reply(status=404, file=paths.NOT_FOUND_PAGE if exists(paths.NOT_FOUND_PAGE) else None, headers=headers)


def _fields() -> Mapping[str, str]:
    return {"content-type": _TYPE, **serving.CORS, "cache-control": routing.FRESH}


def _pairs(fields: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": name.title(), "value": value} for name, value in fields.items()]


PROFILE: Final = Firebase()
