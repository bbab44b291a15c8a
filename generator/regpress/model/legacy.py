"""Older spellings of registry documents to the present ones.

The first dated schema of ``server.json`` (2025-07-09) spells its members in snake_case; the next one (2025-09-16) has
the same members in camelCase and nothing else changed, official registry specification 9.1. Up to that one a document
could carry a top-level ``status`` and the registry's own block. Old list responses spell that block in snake_case, or
keep its members in the entry itself, section 4.3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from regpress.model.entry import OFFICIAL_META

SCHEMA_2025_07_09: Final = "https://static.modelcontextprotocol.io/schemas/2025-07-09/server.schema.json"
SCHEMA_2025_09_16: Final = "https://static.modelcontextprotocol.io/schemas/2025-09-16/server.schema.json"

#: Schemas under which a document could say its own status and carry the registry's block.
_WITH_STATUS: Final = ("/schemas/2025-07-09/", "/schemas/2025-09-16/")

_OFFICIAL_MEMBERS: Final[Mapping[str, str]] = {
    "status": "status",
    "statusChangedAt": "statusChangedAt",
    "status_changed_at": "statusChangedAt",
    "statusMessage": "statusMessage",
    "status_message": "statusMessage",
    "publishedAt": "publishedAt",
    "published_at": "publishedAt",
    "updatedAt": "updatedAt",
    "updated_at": "updatedAt",
    "isLatest": "isLatest",
    "is_latest": "isLatest",
}
#: Those that old list responses had in the entry itself; ``status`` there was the publisher's word.
_LISTED_MEMBERS: Final = frozenset(_OFFICIAL_MEMBERS) - {"status"}
_SNAKE: Final = frozenset(key for key in _OFFICIAL_MEMBERS if "_" in key)

Change = Callable[[Any], Any]


def modernise(value: dict[str, Any]) -> dict[str, Any]:
    """Return a snake_case document of the 2025-07-09 schema as one of the 2025-09-16 schema.

    Members that the old schema does not know stay as they are, and so does everything below ``_meta``.

    Returns:
        *value* itself unless it declares the old schema and has a snake_case member.
    """
    if not _declares(value, ("/schemas/2025-07-09/",)):
        return value
    made: dict[str, Any] = _SERVER(value)
    if made is value:
        return value
    return {**made, "$schema": SCHEMA_2025_09_16}


def separate(
    value: dict[str, Any], meta: dict[str, Any] | None, *, listed: bool
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return a document without what a registry wrote into it, and the outer ``_meta`` with it, spelled as today.

    A document's own ``status`` (old schemas) stays in it and counts where no registry's block says another.

    Args:
        value: the document.
        meta: the outer ``_meta``, None where there is none.
        listed: whether the document comes from a list response, where its times are a registry's words.
    """
    old = _declares(value, _WITH_STATUS)
    if not listed and not old and _is_plain(meta):
        return value, meta
    inner = value.get("_meta") if listed or old else None
    official = (meta or {}).get(OFFICIAL_META)
    found: dict[str, Any] = {}
    for block in (  # the weakest first
        {"status": value["status"]} if old and isinstance(value.get("status"), str) else None,
        {key: value[key] for key in _LISTED_MEMBERS & value.keys()} if listed else None,
        inner.get(OFFICIAL_META) if isinstance(inner, dict) else None,
        meta if official is None else official,
    ):
        found.update(_members(block))
    if not found:
        return value, meta
    rest = {key: item for key, item in (meta or {}).items() if official is not None or key not in _OFFICIAL_MEMBERS}
    block = {**_others(official), **found}
    return _without_block(value, listed=listed, old=old), {**rest, OFFICIAL_META: block}


def _is_plain(meta: dict[str, Any] | None) -> bool:
    """Return whether the outer ``_meta`` needs no translation: the fast way for nearly every entry."""
    official = meta.get(OFFICIAL_META) if meta else None
    if isinstance(official, dict):
        return _SNAKE.isdisjoint(official)
    return not meta or official is not None or meta.keys().isdisjoint(_OFFICIAL_MEMBERS)


def _without_block(value: dict[str, Any], *, listed: bool, old: bool) -> dict[str, Any]:
    drop = _LISTED_MEMBERS & value.keys() if listed else frozenset()
    inner = value.get("_meta")
    if (listed or old) and isinstance(inner, dict) and OFFICIAL_META in inner:
        kept = {key: item for key, item in inner.items() if key != OFFICIAL_META}
        value = {**value, "_meta": kept}
        drop = drop if kept else drop | {"_meta"}
    return {key: item for key, item in value.items() if key not in drop} if drop else value


def _members(block: Any) -> dict[str, Any]:
    if not isinstance(block, Mapping):
        return {}
    return {_OFFICIAL_MEMBERS[key]: item for key, item in block.items() if key in _OFFICIAL_MEMBERS}


def _others(block: Any) -> dict[str, Any]:
    return {key: item for key, item in block.items() if key not in _OFFICIAL_MEMBERS} if isinstance(block, dict) else {}


def _declares(value: Mapping[str, Any], parts: tuple[str, ...]) -> bool:
    schema = value.get("$schema")
    return isinstance(schema, str) and _has_one(schema, parts)


@lru_cache(maxsize=64)  # a registry's documents name a few schemas
def _has_one(schema: str, parts: tuple[str, ...]) -> bool:
    return any(part in schema for part in parts)


def _object(names: Mapping[str, str], changes: Mapping[str, Change]) -> Change:
    """Return a change of objects: members renamed by *names*, then their values by *changes*, order kept."""

    def change(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        made = {}
        for key, item in value.items():
            renamed = names.get(key, key)
            key_now = key if renamed in value else renamed
            made[key_now] = changes[renamed](item) if renamed in changes else item
        same = made.keys() == value.keys() and all(made[key] is value[key] for key in made)
        return value if same else made

    return change


def _each(change: Change) -> Change:
    """Return a change of arrays and maps: *change* for each item."""

    def change_all(value: Any) -> Any:
        if isinstance(value, list):
            made = [change(item) for item in value]
            return value if all(new is old for new, old in zip(made, value, strict=True)) else made
        return value

    return change_all


def _each_value(change: Change) -> Change:
    def change_all(value: Any) -> Any:
        if isinstance(value, dict):
            made = {key: change(item) for key, item in value.items()}
            return value if all(made[key] is value[key] for key in value) else made
        return value

    return change_all


_INPUT_NAMES: Final = {
    "is_required": "isRequired",
    "is_secret": "isSecret",
    "is_repeated": "isRepeated",
    "value_hint": "valueHint",
}
_INPUT: Final = _object(_INPUT_NAMES, {"variables": _each_value(_object(_INPUT_NAMES, {}))})
_TRANSPORT: Final = _object({}, {"headers": _each(_INPUT)})
_PACKAGE: Final = _object(
    {
        "registry_type": "registryType",
        "registry_base_url": "registryBaseUrl",
        "file_sha256": "fileSha256",
        "runtime_hint": "runtimeHint",
        "runtime_arguments": "runtimeArguments",
        "package_arguments": "packageArguments",
        "environment_variables": "environmentVariables",
    },
    {
        "transport": _TRANSPORT,
        "runtimeArguments": _each(_INPUT),
        "packageArguments": _each(_INPUT),
        "environmentVariables": _each(_INPUT),
    },
)
_SERVER: Final = _object({"website_url": "websiteUrl"}, {"packages": _each(_PACKAGE), "remotes": _each(_TRANSPORT)})
