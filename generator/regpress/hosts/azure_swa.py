"""Azure Static Web Apps: a folder with an index for each address, and ``staticwebapp.config.json``.

A route can set fields, the type included, but not rewrite a whole prefix; so each document is the index of a folder,
and further prefixes are copies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from regpress import paths
from regpress.hosts import layouts, routing, serving
from regpress.hosts.base import Limits, Reply, SiteAddress
from regpress.hosts.layouts import INDEX
from regpress.model.artifact import HTML, Artifact, Form
from regpress.names import KINDS
from regpress.record import record

_GUIDE: Final = """\
Proven by the contract suite against the emulator that Azure publishes (`@azure/static-web-apps-cli` 2.0.10), which adds
a slash to folders by a redirect. Not proven against the service, which is reported to do without.

## Deploying

1. Deploy the output folder with the action of Static Web Apps, `skip_app_build: true`, or with its CLI.

## Mind

- The limits are those of the paid plan; the free one takes half the bytes, 250 MB. What is deployed as a preview of a
  change counts too.
- Queries are not seen: no pages of lists, and searches get the complete list.
- A version with `+` was reported as not found in the cloud. Run `regpress probe` after the first deployment.
- Where it redirects to the folder before the answer, two of the tested clients do not follow.
- `/v0` and `/registry/<default>` need copies (`site.aliases`): a route cannot rewrite a prefix.
"""
#: Of the paid plan; how many bytes the free one takes is half of it, and the number of files is the same.
_LIMITS: Final = Limits(files=15_000, total_bytes=500 * 1024 * 1024)
_TYPE: Final = "application/json"


@record
class AzureStaticWebApps:
    """An ``index.html`` for each document, called JSON by a route."""

    name: str = "azure-swa"
    title: str = "Azure Static Web Apps"
    limits: Limits = _LIMITS
    guide: str = _GUIDE
    follows_cursors: bool = False
    stores_pages: bool = False
    rewrites_aliases: bool = False
    runs_code: bool = False
    serves_precompressed: bool = False

    def files(self, address: str, form: Form) -> tuple[str, ...]:
        """Return the one path of an address: ``P/index.html`` for a document."""
        return layouts.folder(address, form)

    def configuration(self, site: SiteAddress) -> Iterable[Artifact]:
        """Return the settings."""
        routes: list[dict[str, object]] = [
            {"route": f"{site.base_path}/assets/*", "headers": {"Cache-Control": routing.HASHED}}
        ]
        for prefix, _ in routing.served(site, by_rule=False):
            routes.append({"route": f"{site.base_path}/{prefix}/*", "headers": _titled(_fields())})
        # Names have dots, and what looks like the name of a file gets no type.
        page = {"Content-Type": HTML}
        folders = [paths.index_page(prefix, kind) for prefix in routing.prefixes(site) for kind in KINDS]
        routes += [{"route": f"{site.base_path}/{folder}*", "headers": page} for folder in folders]
        missing = {"rewrite": f"{site.base_path}/{paths.NOT_FOUND_PAGE}", "statusCode": 404}
        settings: dict[str, object] = {
            "globalHeaders": {"Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff"},
            "responseOverrides": {"404": missing},
            "routes": routes,
        }
        yield serving.settings_file("staticwebapp.config.json", settings)
        yield serving.problem_document()

    def answer(self, method: str, target: str, site: SiteAddress, exists: serving.Exists) -> Reply:
        """Return what the service is reported to answer: the index of a folder at once, without a redirect."""
        where = serving.locate(target, site.base_path)
        if isinstance(where, Reply):
            return where
        api = serving.is_api(where.path)
        if method not in {"GET", "HEAD"}:
            return Reply(status=405, headers={"allow": "GET, HEAD, OPTIONS", **(_fields() if api else {})})
        path = where.path.rstrip("/")
        for file in (f"{path}/{INDEX}" if path else INDEX, where.path):
            if exists(file):
                fields = _fields() if api else {"access-control-allow-origin": "*", "cache-control": _caching(file)}
                kind = _TYPE if api else serving.media_type(file)
                return Reply(status=200, file=file, headers={**fields, "content-type": kind})
        found = paths.NOT_FOUND_PAGE if exists(paths.NOT_FOUND_PAGE) else None
        kind = serving.media_type(paths.NOT_FOUND_PAGE)
        return Reply(status=404, file=found, headers={"access-control-allow-origin": "*", "content-type": kind})


def _caching(file: str) -> str:
    return routing.HASHED if file.startswith("assets/") else "public, must-revalidate, max-age=30"


def _fields() -> Mapping[str, str]:
    return {"content-type": _TYPE, **serving.CORS, "cache-control": routing.FRESH}


def _titled(fields: Mapping[str, str]) -> dict[str, str]:
    return {name.title(): value for name, value in fields.items()}


PROFILE: Final = AzureStaticWebApps()
