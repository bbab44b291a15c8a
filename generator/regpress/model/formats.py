"""A parsed file to the name of its format, told by the content."""

from __future__ import annotations

import codecs
from typing import Any, Final, Literal

from regpress.model.document import DocumentError, read_plain
from regpress.model.native import json_type
from regpress.names import KINDS, Kind

#: ``upstream``: the registry file, ToolHive specification 15.1; ``native``: ToolHive's older one, 17.1; ``list``: a
#: list response, official registry specification 4.3; ``array``: an array of documents; ``document``: one document,
#: with or without a wrapper. Empty where the file is none of them.
Format = Literal["upstream", "native", "list", "array", "document", ""]

MAX_FILE_BYTES: Final = 512 * 1024 * 1024
MAX_DOCUMENT_BYTES: Final = 4 * 1024 * 1024
MAX_ENTRIES: Final = 1_000_000

#: File names under which the formats' schemas are published: beside each other in ``stacklok/toolhive-core`` below
#: ``registry/types/data/``, formerly in ``stacklok/toolhive`` below ``pkg/registry/data/``.
_UPSTREAM_SCHEMA: Final = "/upstream-registry.schema.json"
_NATIVE_SCHEMAS: Final = ("/toolhive-legacy-registry.schema.json", "/pkg/registry/data/schema.json")

#: The arrays of the formats, and what stands in them.
COLLECTIONS: Final[dict[str, Kind]] = {"servers": "server", "skills": "skill", "plugins": "plugin"}

#: What a file should hold, for messages.
FORMATS: Final = (
    "a registry file with 'data.servers', a list response with 'servers', a ToolHive registry, an array of server.json,"
    ' a server.json, or a document in {"server": …}, {"skill": …} or {"plugin": …}'
)
#: Files that people take for a registry, by a key that gives them away.
_MISTAKEN: Final = {
    "mcpServers": "the settings of an MCP client",
    "$defs": "a JSON Schema",
    "definitions": "a JSON Schema",
    "openapi": "an OpenAPI description",
    "error": "an error answer",
}


def format_of(value: Any) -> Format:
    """Return which of the known formats a parsed file has; empty for none of them."""
    if isinstance(value, list):
        return "array"
    if not isinstance(value, dict):
        return ""
    schema = value.get("$schema")
    schema = schema if isinstance(schema, str) else ""
    if schema.endswith(_UPSTREAM_SCHEMA) or ("data" in value and "name" not in value):
        return "upstream"
    if schema.endswith(_NATIVE_SCHEMAS) or "remote_servers" in value or isinstance(value.get("servers"), dict):
        return "native"
    if "name" not in value and any(key in value for key in COLLECTIONS):
        return "list"
    if "name" in value or "/server.schema.json" in schema or any(kind in value for kind in KINDS):
        return "document"
    return ""


def holds_one_document(data: bytes) -> bool:
    """Return whether a file's bytes are a single document, so that the file's times are the document's."""
    if len(data) > MAX_DOCUMENT_BYTES:
        return False
    try:
        return format_of(read_plain(data.removeprefix(codecs.BOM_UTF8))) == "document"
    except DocumentError:
        return False


def count_entries(value: Any) -> int:
    """Return how many entries a file has at most, without looking at them."""
    if isinstance(value, list):
        return len(value)
    data = value.get("data")
    holders = (value, data) if isinstance(data, dict) else (value,)
    arrays = (holder.get(key) for holder in holders for key in (*COLLECTIONS, "remote_servers"))
    return sum(len(array) for array in arrays if isinstance(array, list | dict))


def describe(value: Any) -> str:
    """Return what a file holds that is no registry, for a message."""
    if not isinstance(value, dict):
        return json_type(value)
    for key, what in _MISTAKEN.items():
        if key in value:
            return what
    keys = ", ".join(repr(key[:40]) for key in list(value)[:5])
    return f"an object with the keys {keys}" if keys else "an empty object"
