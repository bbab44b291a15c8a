"""A request and a tree to the answer that the edge module gives: what previews of code hosts show.

The rules of queries are those of `regpress.query`; bodies come from the same shards. What this leaves out is what the
module does to read little: here whole documents are parsed, and every page is as long as its limit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol, runtime_checkable

import orjson

from regpress import api, pages, paths
from regpress.hosts import serving
from regpress.hosts.base import Reply, SiteAddress
from regpress.indexes.entries import find_versions, split_list
from regpress.indexes.queries import STATES, read_time
from regpress.model.document import escape_html_in_json
from regpress.model.entry import OFFICIAL_META
from regpress.names import KINDS, Kind
from regpress.query import Dialect, Key, QueryError, Row, parse_query, problem, select
from regpress.times import time_key

FRESH: Final = "public, max-age=60, stale-while-revalidate=300"
EXACT: Final = "public, max-age=300"
ERROR: Final = "public, max-age=60"
NO_DOCUMENT: Final = "There is no document at this address"

_NOSNIFF: Final = {"x-content-type-options": "nosniff"}
_STATES: Final = {number: state for state, number in STATES.items()}
_ADDRESS: Final = re.compile(r"(?:registry/(?P<registry>[^/]+)/)?(?P<version>v0\.1|v0)/(?P<rest>.*[^/])/*", re.DOTALL)
_ENTRY: Final = re.compile(r"/(?P<name>[^/]+/[^/]+?)(?P<versions>/versions(?:/(?P<version>[^/]+))?)?")
_HIDDEN: Final = re.compile(r"(_pages|x/dev\.regpress/(deleted|entries|query))(/|$)")


@runtime_checkable
class ReadableTree(Protocol):
    """A tree that can be read: what `HostProfile.answer` may be given as its test for files."""

    def __call__(self, file: str, /) -> bool:
        """Return whether there is a file of that path."""

    def read(self, file: str, /) -> bytes | None:
        """Return the bytes of a file, or None where there is none."""


def edge_answer(method: str, path: str, query: str, site: SiteAddress, exists: serving.Exists) -> Reply:
    """Return the answer to a request for an address of the API.

    Args:
        method: of the request.
        path: decoded, below the base.
        query: with its question mark, or empty.
        site: where the site is served.
        exists: the tree; only a `ReadableTree` has answers that are no files.
    """
    found = _ADDRESS.fullmatch(path)
    if method == "OPTIONS":
        return Reply(status=204, headers={**serving.CORS, **_NOSNIFF})
    if method not in {"GET", "HEAD"}:
        return problem_reply(405, "This registry is read only")
    if found is None:
        return problem_reply(404, NO_DOCUMENT)
    registry = found["registry"]
    known = site.registries or (site.default_registry,)
    if registry and (found["version"] == paths.LEGACY_API or not _is_known(registry, known, site, exists)):
        return problem_reply(404, "Registry not found")
    prefix = "" if not registry else paths.registry_prefix(registry, default=registry == site.default_registry)
    rest = re.sub("%2f", "/", found["rest"], count=1, flags=re.IGNORECASE)
    try:
        return _document(prefix, rest, query.removeprefix("?"), "toolhive" if registry else "official", exists)
    except QueryError as error:
        return problem_reply(error.status, error.detail, errors=error.errors)


def _is_known(registry: str, known: tuple[str, ...], site: SiteAddress, exists: serving.Exists) -> bool:
    """Return whether there is such a registry; a preview knows only the default one by its name."""
    if registry in known:
        return True
    prefix = paths.registry_prefix(registry, default=registry == site.default_registry)
    return exists(f"{paths.collection(prefix, 'server')}.json") or exists(
        f"{paths.stored_pages(prefix, 'server')}.json"
    )


def _document(prefix: str, rest: str, query: str, dialect: Dialect, exists: serving.Exists) -> Reply:
    tree = exists if isinstance(exists, ReadableTree) else None
    for kind in KINDS:
        collection = paths.collection("", kind).removeprefix(f"{paths.API}/")
        if tree is None or not f"{rest}/".startswith(f"{collection}/"):
            continue
        index = _Index.of(tree, prefix, kind)
        if index is None:
            return problem_reply(404, NO_DOCUMENT)
        if rest == collection:
            asked = parse_query(kind, query, dialect=dialect, stored=index.stored_cursor)
            chosen = select(asked, index.rows)
            bodies = [index.body(row) for row in chosen.rows]
            return _found(api.list_body(kind, bodies, cursor=chosen.cursor), FRESH)
        entry = _ENTRY.fullmatch(rest.removeprefix(collection))
        if entry is None or (kind == "server" and not entry["versions"]):
            return problem_reply(404, NO_DOCUMENT)
        wanted = entry["version"] if entry["versions"] else "latest"
        return _entry(index, entry["name"], wanted, query, official=dialect == "official")
    file = f"{prefix}{paths.API}/{rest}.json"
    if _HIDDEN.match(rest) or not exists(file):
        return problem_reply(404, NO_DOCUMENT)
    return Reply(status=200, file=file, headers=_fields(FRESH))


def _entry(index: _Index, name: str, version: str | None, query: str, *, official: bool) -> Reply:
    deleted = False
    if index.kind == "server" and official:
        # Only this parameter counts here, and its rules are those of lists.
        deleted = parse_query("server", query, dialect="official", stored=lambda _: ("all", ("", ""))).deleted
    stored = index.versions(name)
    if version is None and stored is not None and not deleted:
        return _found(stored, FRESH)
    bodies = split_list(stored) if stored else []
    if deleted:
        bodies += [index.body(row) for row in index.rows if row.name == name and row.deleted]
    if version is None:
        if not bodies:
            return problem_reply(404, "Server not found")
        bodies.sort(key=lambda body: time_key(_block(body)["publishedAt"]), reverse=True)
        return _found(api.list_body(index.kind, bodies), FRESH)
    for body in bodies:
        value = orjson.loads(body)
        number = value["server"]["version"] if index.kind == "server" else value["version"]
        if _block(body)["isLatest"] if version == "latest" else number == version:
            return _found(body, FRESH if version == "latest" else EXACT)
    return problem_reply(404, "Server not found" if index.kind == "server" else "not found")


def _block(body: bytes) -> dict[str, Any]:
    block: dict[str, Any] = orjson.loads(body)["_meta"][OFFICIAL_META]
    return block


class _Place(NamedTuple):
    """Where the body of a version lies: the shard, where its entry begins in it, and how many lines further."""

    shard: int
    start: int
    line: int


class _Index:
    """The query index of a kind, read whole.

    Attributes:
        kind: whose.
        rows: every version in the order of lists.
    """

    def __init__(self, tree: ReadableTree, prefix: str, kind: Kind, value: dict[str, Any]) -> None:
        self.kind = kind
        self._tree, self._prefix = tree, prefix
        self._shards: list[str] = value["all"]
        lines = iter(value["entries"])
        placed = [pair for text, row in zip(lines, lines, strict=True) for pair in _rows(text, row)]
        self.rows = [row for row, _ in placed]
        self._places = {(row.name, row.version): place for row, place in placed}

    @classmethod
    def of(cls, tree: ReadableTree, prefix: str, kind: Kind) -> _Index | None:
        """Return the index, or None where there is none."""
        body = tree.read(f"{paths.query_index(prefix, kind)}.json")
        return None if body is None else cls(tree, prefix, kind, orjson.loads(body))

    def body(self, row: Row) -> bytes:
        """Return the body of a version as it lies in its shard."""
        place = self._places[row.name, row.version]
        address = paths.query_shard(self._prefix, self.kind, "all", self._shards[place.shard])
        lines = (self._tree.read(f"{address}.json") or b"")[place.start :].split(b"\n", place.line + 1)
        return lines[place.line].removesuffix(b",")

    def versions(self, name: str) -> bytes | None:
        """Return the list of the versions of an entry, or None where nothing of it is visible."""
        return find_versions(lambda address: self._tree.read(f"{address}.json"), self._prefix, self.kind, name)

    def stored_cursor(self, cursor: str) -> tuple[pages.ListName, Key] | None:
        """Return the list and the place that a stored cursor stands for."""
        body = self._tree.read(f"{paths.stored_pages(self._prefix, self.kind)}.json")
        index = orjson.loads(body) if body else {}
        for name in pages.PUBLIC_LISTS:
            for row in index.get(name, ()):
                if row["cursor"] == cursor:
                    # In the list of the latest a name has one version, whichever it is.
                    return name, (row.get("name", ""), row.get("version", "\U0010ffff" if "name" in row else ""))
        return None


def _rows(text: str, row: list[Any]) -> Iterator[tuple[Row, _Place]]:
    changed, name, _, _, shard, start, latest, versions = row
    own, _, texts = text.partition("\t")
    fields = texts.split("\n")
    for line, one in enumerate(versions):
        version, time, state, number = (*one, *("", 0, 0)[len(one) - 1 :]) if isinstance(one, list) else (one, "", 0, 0)
        made = Row(
            name=name or own,
            version=version,
            texts=(own, *fields[number].split("\t")),
            updated=read_time(time or changed),
            latest=line == latest,
            deleted=_STATES[state] == "deleted",
            status=_STATES[state],
        )
        yield made, _Place(shard, start, line)


def _found(body: bytes, caching: str) -> Reply:
    return Reply(status=200, body=body, headers=_fields(caching))


def problem_reply(status: int, detail: str, errors: Sequence[Mapping[str, Any]] = ()) -> Reply:
    """Return a refusal as the module words it."""
    body = escape_html_in_json(orjson.dumps(problem(status, detail, errors))) + b"\n"
    made = {**_fields(ERROR), "allow": "GET, HEAD, OPTIONS", "content-type": serving.PROBLEM_TYPE}
    return Reply(status=status, body=body, headers=made)


def _fields(caching: str) -> Mapping[str, str]:
    return {**serving.CORS, **_NOSNIFF, "cache-control": caching, "content-type": "application/json"}
