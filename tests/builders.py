"""Small documents and records for tests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from regpress.model.entry import OFFICIAL_META, Candidate, RawFile, Snapshot, Times
from regpress.model.reading import Reading, Unreadable
from regpress.names import Kind, SourceName
from regpress.read import read_candidates
from regpress.resolve import (
    FileReadings,
    Filter,
    OnInvalid,
    PreviousVersion,
    Resolved,
    Resolver,
    SourceRules,
    VersionKey,
)

SCHEMA = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
JANUARY = Times(added="2026-01-01T00:00:00Z", changed="2026-01-02T00:00:00Z")
NOW = "2026-11-01T00:00:00Z"


def server(name: str = "com.example/weather", version: str = "1.0.0", **members: Any) -> dict[str, Any]:
    """Return a valid server.json."""
    return {
        "$schema": SCHEMA,
        "name": name,
        "description": "Weather for a place",
        "version": version,
        "remotes": [{"type": "streamable-http", "url": f"https://{name.split('/', maxsplit=1)[0]}/mcp"}],
        **members,
    }


def skill(name: str = "com.example/review", version: str = "1.0.0", **members: Any) -> dict[str, Any]:
    """Return a valid skill."""
    namespace, _, plain = name.partition("/")
    package = {"registryType": "git", "url": "https://github.com/example/skills", "subfolder": plain}
    return {
        "namespace": namespace,
        "name": plain,
        "description": "Reviews a change",
        "version": version,
        "packages": [package],
        **members,
    }


def official(**members: Any) -> dict[str, Any]:
    """Return an outer ``_meta`` with an official block."""
    return {OFFICIAL_META: members}


def candidate(value: Any, *, kind: Kind = "server", meta: Any = None, claims: Any = None) -> Candidate:
    """Return *value* as found in a file of its own."""
    raw = RawFile(path="file.json", data=b"", times=JANUARY)
    return Candidate(kind=kind, value=value, meta=meta, claims=claims, raw=raw, pointer="")


def read(*candidates: Candidate, check: Any = None) -> list[Reading | Unreadable]:
    """Return the readings of candidates, unchecked unless *check* is given."""
    return read_candidates(candidates, check or (lambda documents: [() for _ in documents]))


def resolve(
    readings: Iterable[Reading | Unreadable],
    *,
    source: str = "team",
    times: Times | None = JANUARY,
    last_updated: str = "",
    modified: str = "",
    filter: Filter | None = None,  # noqa: A002
    on_invalid: OnInvalid = "fail",
    claims: Mapping[str, Any] | None = None,
    statuses: Mapping[Any, Any] | None = None,
    previous: Mapping[VersionKey, PreviousVersion] | None = None,
    harmless: bool = False,
) -> Resolved:
    """Return what a source with these readings publishes."""
    raw = RawFile(path="file.json", data=b"", times=times, modified=modified)
    rules = SourceRules(name=source, filter=filter or Filter(), on_invalid=on_invalid, claims=claims or {})
    resolver = Resolver(
        rules, statuses=statuses or {}, previous=previous or {}, is_harmless=lambda issue, value: harmless, now=NOW
    )
    snapshot = Snapshot(source=SourceName(source), files=(raw,), revision="r1")
    found = tuple(readings)
    file = FileReadings(raw=raw, readings=found, pointers=[""] * len(found), last_updated=last_updated)
    return resolver.resolve(snapshot, [file])


def source_of(name: str, *documents: dict[str, Any], **options: Any) -> Resolved:
    """Return a source with these servers."""
    return resolve(read(*(candidate(document) for document in documents)), source=name, **options)


def dumps(value: Any) -> bytes:
    """Return JSON text."""
    return json.dumps(value).encode()
