"""ToolHive's extension of a server to findings that its schema cannot express, ToolHive specification section 16."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from regpress.digest import compact_json
from regpress.model.document import DocumentError, compact_text
from regpress.model.entry import PUBLISHER_META, TOOLHIVE_META
from regpress.validate.findings import Finding, Part, key_path, shown, text_of

_CONTAINER_ONLY: Final = ("permissions", "args", "provenance", "docker_tags")
_REMOTE_ONLY: Final = ("oauth_config", "env_vars")
_PATH: Final = f"_meta{key_path(PUBLISHER_META)}"
#: Official registry specification 7.2, and ToolHive's ``database.maxMetaSize``.
_MAX_OFFICIAL: Final = 4096
_MAX_TOOLHIVE: Final = 256 * 1024


def extension_findings(server: Part) -> Sequence[Finding]:
    """Return what is wrong with ToolHive's extension objects."""
    block = publisher_block(server)
    extensions = block.get(TOOLHIVE_META) if block else None
    if not isinstance(extensions, dict):
        return ()
    identifiers = _members(server.get("packages"), "identifier")
    urls = _members(server.get("remotes"), "url")
    expected = _keys_of((*identifiers, *urls))
    found: list[Finding] = []
    for key, extension in extensions.items():
        path = f"{_PATH}{key_path(TOOLHIVE_META)}{key_path(key)}"
        if key not in identifiers and key not in urls:
            message = f"{shown(key)} is neither a package identifier nor a remote URL of this server"
            found.append(Finding(path, "extension-key-unknown", message, expected))
        elif isinstance(extension, dict):
            found += _misplaced(path, extension, in_package=key in identifiers, in_remote=key in urls)
    return found


def metadata_size_findings(server: Part) -> Sequence[Finding]:
    """Return whether the publisher's metadata is larger than a registry stores."""
    block = publisher_block(server)
    if not block:
        return ()
    size = _size(block)
    found = []
    for limit, rule in ((_MAX_OFFICIAL, "publisher-metadata-too-large"), (_MAX_TOOLHIVE, _OVER_TOOLHIVE)):
        if size > limit:
            found.append(Finding(_PATH, rule, f"the block has {size} bytes of compact JSON", f"at most {limit}"))
    return found


def publisher_block(server: Part) -> Part | None:
    """Return the publisher-provided block of a server, None where there is none."""
    meta = server.get("_meta")
    block = meta.get(PUBLISHER_META) if isinstance(meta, dict) else None
    return block if isinstance(block, dict) else None


_OVER_TOOLHIVE: Final = "publisher-metadata-over-256-kib"


def _size(value: Any) -> int:
    """Return the bytes of *value* as compact JSON, with the escapes that the official service counts."""
    try:
        return len(compact_text(value))
    except DocumentError:
        pass  # perhaps only a number that the fast writer does not know
    try:
        return len(compact_json(value))
    except (RecursionError, UnicodeEncodeError):
        return 0  # refused for its nesting or its text


def _members(parts: object, key: str) -> dict[str, None]:
    """Return the texts at *key* of the objects in a list, as a set that keeps their order."""
    if not isinstance(parts, list):
        return {}
    return {text: None for part in parts if isinstance(part, dict) and (text := text_of(part, key))}


def _keys_of(known: tuple[str, ...]) -> str:
    return " or ".join(shown(key) for key in known[:3]) if known else "a package or remote to describe"


def _misplaced(path: str, extension: Part, *, in_package: bool, in_remote: bool) -> list[Finding]:
    wrong = [] if in_package else [(key, "a container") for key in _CONTAINER_ONLY if key in extension]
    wrong += [] if in_remote else [(key, "a remote server") for key in _REMOTE_ONLY if key in extension]
    return [
        Finding(f"{path}.{key}", "extension-field-misplaced", f"{key} only applies to {what}") for key, what in wrong
    ]
