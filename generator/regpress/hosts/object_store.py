"""An object store alone: keys that equal addresses, with the type and the caching of each object stored beside it.

A key may be a document and the beginning of others at once, which no folder can: the output has the flat layout, and
`objects` says under which keys, with which type, each file is uploaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from regpress import paths
from regpress.hosts import layouts, routing, serving
from regpress.hosts.base import Limits, Reply, SiteAddress
from regpress.model.artifact import Artifact, Form, Written
from regpress.record import record

_GUIDE: Final = """\
Proven against an emulation of S3 (moto): every object under its key, with its type and caching, answered to
requests with plain and encoded names. Not proven against a service.

## Deploying

1. `regpress objects --out dist` lists, one JSON document a line, which file is stored under which key, with
   which type and caching. Upload in that order, for example with boto3:

   ```python
   for line in sys.stdin:
       one = json.loads(line)
       extra = {"ContentType": one["contentType"], "CacheControl": one["cacheControl"]}
       client.upload_file(f"dist/{one['file']}", BUCKET, one["key"], ExtraArgs=extra)
   ```
2. Let everybody read the objects, list included: a missing key must be a 404, not a 403.
3. Give the bucket a CORS rule: methods GET and HEAD, origin `*`, headers `Authorization` and `Content-Type`.
4. Delete keys that are no longer listed after the time of the caches.

## Mind

- Nothing sees queries or decides: no pages of lists, searches get the complete list, no preflight answer but
  the bucket's own.
- Website endpoints of S3 have no TLS and read `+` as a space: such versions are stored under both spellings.
- A page without the slash at the end of its address is not found.
- Not atomic: hence the order.
"""
#: What stores of this kind take as one upload.
_LIMITS: Final = Limits(file_bytes=5 * 1024**3)
_VERSIONS: Final = re.compile(r".+/[^/]+/[^/]+/versions(?:/latest)?")


class StoredObject(NamedTuple):
    """One object to upload.

    Attributes:
        file: path below the output folder.
        key: its key in the store.
        content_type, cache_control: what is stored with it.
        sha256: of its bytes, to tell what changed.
    """

    file: str
    key: str
    content_type: str
    cache_control: str
    sha256: str


@record
class ObjectStore:
    """The flat layout; the keys come from `objects`."""

    name: str = "object-store"
    title: str = "an object store"
    limits: Limits = _LIMITS
    guide: str = _GUIDE
    follows_cursors: bool = False
    stores_pages: bool = False
    rewrites_aliases: bool = False
    runs_code: bool = False
    serves_precompressed: bool = False

    def files(self, address: str, form: Form) -> tuple[str, ...]:
        """Return the one path of an address: ``P.json`` for a document."""
        return layouts.flat(address, form)

    def configuration(self, site: SiteAddress) -> Iterable[Artifact]:  # noqa: ARG002 (the same for every site)
        """Return the body for misses of stores that can be given one."""
        yield serving.problem_document()

    def answer(self, method: str, target: str, site: SiteAddress, exists: serving.Exists) -> Reply:
        """Return what a store answers that was filled by `objects`: keys, and nothing that is not one."""
        where = serving.locate(target, site.base_path)
        if isinstance(where, Reply):
            return where
        if method not in {"GET", "HEAD"}:
            return Reply(status=405, headers=_OPEN)
        file = _file_of(where.path)
        if exists(file):
            document = file != where.path and not file.endswith(layouts.INDEX)
            kind = "application/json" if document else serving.media_type(file)
            caching = _caching(where.path, document=document)
            return Reply(status=200, file=file, headers={**_OPEN, "content-type": kind, "cache-control": caching})
        found = paths.NOT_FOUND_PAGE if exists(paths.NOT_FOUND_PAGE) else None
        return Reply(status=404, file=found, headers={**_OPEN, "content-type": "text/html; charset=utf-8"})


_OPEN: Final = {"access-control-allow-origin": "*"}


def _file_of(path: str) -> str:
    if serving.is_api(path):
        return f"{path}.json"
    return f"{path}{layouts.INDEX}" if not path or path.endswith("/") else path


def objects(written: Iterable[Written], site: SiteAddress) -> Iterator[StoredObject]:
    """Return the objects of a built tree in the order in which they are uploaded: what links to others comes later.

    Args:
        written: the files, from the manifest of the output.
        site: where the site is served; its base path stands before every key.

    A page is stored under its address, which ends in a slash, and under the name of its index; a version with a plus
    sign also with a space, which is what some stores take the sign for.
    """
    for one in sorted(written, key=lambda one: (_order(one.address), one.address)):
        yield from _of(one, site)


def _of(written: Written, site: SiteAddress) -> Iterator[StoredObject]:
    document = serving.is_api(written.address)
    keys = [written.address or layouts.INDEX]
    if written.address.endswith("/"):
        keys.append(f"{written.address}{layouts.INDEX}")
    if "+" in written.address:
        keys.append(written.address.replace("+", " "))
    before = f"{site.base_path[1:]}/" if site.base_path else ""
    if not written.address and before:
        keys.append("")
    for key in keys:
        yield StoredObject(
            file=written.file,
            key=f"{before}{key}",
            content_type=written.media_type,
            cache_control=_caching(written.address, document=document),
            sha256=written.sha256,
        )


def _caching(address: str, *, document: bool) -> str:
    if document:
        return routing.EXACT if _is_exact(address) else routing.FRESH
    return routing.HASHED if address.startswith("assets/") else routing.PAGE


def _order(address: str) -> int:
    """Return 0 for what nothing but lists leads to, 1 for the lists of an entry, 2 for other lists, 3 for the rest."""
    if not serving.is_api(address):
        return 3
    if _is_exact(address):
        return 0
    return 1 if _VERSIONS.fullmatch(address) else 2


def _is_exact(address: str) -> bool:
    return routing.EXACT_VERSION.fullmatch(address.partition(f"{paths.API}/")[2]) is not None


PROFILE: Final = ObjectStore()
