"""Versions to the files of the managed source that hold them, and where these lie (DESIGN section 1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regpress import api
from regpress.model.document import canonical_text, parse_json
from regpress.model.entry import OFFICIAL_META, EntryVersion
from regpress.names import EntryName

#: Below it lie the files of statuses.
_STATUS = "status"


def entry_folder(name: EntryName) -> str:
    """Return the folder of a server's versions, relative to the content folder."""
    return f"servers/{name.namespace}/{name.name}"


def version_path(name: EntryName, version: str) -> str:
    """Return the file of a version of a server."""
    return f"{entry_folder(name)}/{version}.json"


def status_path(name: EntryName) -> str:
    """Return the file of the statuses of a server."""
    return f"{_STATUS}/{entry_folder(name)}.json"


def paths_of(name: EntryName, *versions: str) -> tuple[str, ...]:
    """Return the files that a write about versions of a server may change."""
    return (*(version_path(name, version) for version in versions), status_path(name))


def version_file(value: Any, block: Mapping[str, str], *, kept: Mapping[str, Any] | None = None) -> bytes:
    """Return a version file.

    Args:
        value: the document.
        block: what the registry knows about it.
        kept: further members of the file and of its ``_meta``.
    """
    others = dict(kept or {})
    meta = others.pop("_meta", {})
    return canonical_text({**others, "server": value, "_meta": {**meta, OFFICIAL_META: dict(block)}})


def kept_members(before: bytes) -> dict[str, Any]:
    """Return what stands beside the document in a version file: claims, and metadata that is not the registry's own."""
    value = parse_json(before)
    if not isinstance(value, dict) or "server" not in value:
        return {}
    meta = value.get("_meta")
    others = {key: item for key, item in meta.items() if key != OFFICIAL_META} if isinstance(meta, dict) else {}
    return {**{key: item for key, item in value.items() if key not in {"server", "_meta"}}, "_meta": others}


def version_copy(version: EntryVersion) -> bytes:
    """Return the version file of a version of another source; which one is the latest follows from the others."""
    value = parse_json(api.response(version))
    block = {key: item for key, item in value["_meta"][OFFICIAL_META].items() if key != "isLatest"}
    return canonical_text({**value, "_meta": {**value["_meta"], OFFICIAL_META: block}})
