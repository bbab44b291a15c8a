"""Builders of versions, entries and catalogs for tests: everything has a default, a case says what it is about."""

from __future__ import annotations

from typing import Any

import orjson

from regpress.catalog import Catalog
from regpress.digest import recipe
from regpress.facets import facets_of
from regpress.model.document import compact_text
from regpress.model.entry import PUBLISHER_META, TOOLHIVE_META, Entry, EntryVersion, Official, StatusValue
from regpress.names import KINDS, EntryName, Kind

SCHEMA = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
PUBLISHED = "2026-05-01T06:00:00Z"


def make_server(
    name: str = "com.example/weather",
    *,
    version: str = "1.0.0",
    description: str = "Weather forecasts for harbours",
    **fields: Any,
) -> EntryVersion:
    """Return a published version of a server.

    Args:
        name, version, description: members of the document.
        fields: arguments of `make_version`; all others are further members of the document.
    """
    own, members = _split(fields)
    document = {"$schema": SCHEMA, "name": name, "description": description, "version": version, **members}
    return make_version("server", EntryName(*name.split("/")), document, **own)


def make_skill(
    name: str = "com.example/git-helper",
    *,
    version: str = "1.0.0",
    description: str = "Helps with commits",
    kind: Kind = "skill",
    **fields: Any,
) -> EntryVersion:
    """Return a published version of a skill, or of a plugin if *kind* says so; arguments as in `make_server`."""
    own, members = _split(fields)
    entry_name = EntryName(*name.split("/"))
    document = {**entry_name._asdict(), "description": description, "version": version, **members}
    return make_version(kind, entry_name, document, **own)


def make_version(
    kind: Kind,
    name: EntryName,
    document: dict[str, Any],
    *,
    status: StatusValue = "active",
    message: str = "",
    published: str = PUBLISHED,
    updated: str = "",
    latest: bool = True,
    other_meta: bytes = b"",
    tags: tuple[str, ...] = (),
) -> EntryVersion:
    """Return a published version of any document.

    Args:
        kind, name: its identity.
        document: as the publisher wrote it.
        status, message: its state.
        published, updated: RFC 3339 times; updated when published unless given.
        latest: whether it carries the flag.
        other_meta: further JSON members of the outer ``_meta``.
        tags: from the extension.
    """
    text = compact_text(document)
    return EntryVersion(
        kind=kind,
        name=name,
        version=document["version"],
        text=text,
        digest=recipe((text, other_meta)),
        official=Official(
            status=status,
            status_changed_at=updated or published,
            status_message=message,
            published_at=published,
            updated_at=updated or published,
            is_latest=latest,
        ),
        other_meta=other_meta,
        title=document.get("title", ""),
        description=document["description"],
        tags=tags,
        facets=facets_of(document, document.get("_meta") if kind == "server" else orjson.loads(b"{%s}" % other_meta)),
        source="team",
    )


def make_entry(*versions: EntryVersion, readme: str = "") -> Entry:
    """Return an entry of versions in the order given; the first of them that carries the flag is the latest."""
    latest = next((version for version in versions if version.official.is_latest), versions[0])
    return Entry(
        kind=latest.kind, name=latest.name, versions=versions, latest=latest, readme=readme, source=latest.source
    )


def make_catalog(*entries: Entry | EntryVersion, registry: str = "default", is_default: bool = True) -> Catalog:
    """Return a registry of entries in any order; a single version stands for an entry of its own."""
    whole = [entry if isinstance(entry, Entry) else make_entry(entry) for entry in entries]
    whole.sort(key=lambda entry: str(entry.name))
    times = [version.official.updated_at for entry in whole for version in entry.versions]
    return Catalog(
        registry=registry,
        is_default=is_default,
        entries={kind: tuple(entry for entry in whole if entry.kind == kind) for kind in KINDS},
        last_updated=max(times, default=""),
    )


def toolhive_meta(**parts: Any) -> dict[str, Any]:
    """Return the ``_meta`` of a server with the ToolHive extension; *parts* are its objects by package or address."""
    return {PUBLISHER_META: {TOOLHIVE_META: parts}}


def json_members(value: dict[str, Any]) -> bytes:
    """Return an object as JSON members without braces, as `EntryVersion.other_meta` has them."""
    return orjson.dumps(value)[1:-1]


_OWN = ("status", "message", "published", "updated", "latest", "other_meta", "tags")


def _split(fields: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    own = {key: fields[key] for key in _OWN if key in fields}
    return own, {key: value for key, value in fields.items() if key not in own}
