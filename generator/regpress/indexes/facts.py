"""A version to the facts by which people narrow a list: where it runs, how it is packed and reached, what it is about.

Documents are as hostile as any input: whatever does not have the expected shape counts as absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from regpress.model.entry import PUBLISHER_META, TOOLHIVE_META, EntryVersion

#: The facets in the order of documents.
FACETS: Final = ("status", "location", "packages", "transports", "tier", "tags")

_LONGEST: Final = 100


def facts_of(version: EntryVersion) -> dict[str, list[str]]:
    """Return the values of a version in each facet that it has any in, sorted.

    ``location`` is ``local`` where there is a package to install and ``remote`` where there is an address to connect
    to; ``packages`` are registry types such as ``npm``; ``transports`` are those of packages and remotes; ``tier`` and
    ``tags`` come from the ToolHive extension.
    """
    value = version.value
    packages, remotes = _objects(value.get("packages")), _objects(value.get("remotes"))
    transports = [package.get("transport") for package in packages]
    found: dict[str, set[str]] = {
        "status": {version.official.status},
        "location": {name for name, items in (("local", packages), ("remote", remotes)) if items},
        "packages": _texts(package.get("registryType") for package in packages),
        "transports": _texts(item.get("type") for item in (*_objects(transports), *remotes)),
        "tier": _texts(part.get("tier") for part in _extension(version, value)),
        "tags": _texts(version.tags),
    }
    return {facet: sorted(values) for facet, values in found.items() if values}


def _extension(version: EntryVersion, value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the objects of the ToolHive extension; a skill's or plugin's ``_meta`` is kept apart from its document."""
    if version.kind != "server":
        meta = orjson.loads(b"{%s}" % version.other_meta) if version.other_meta else None
    else:
        meta = value.get("_meta")
    for member in (PUBLISHER_META, TOOLHIVE_META):
        meta = meta.get(member) if isinstance(meta, dict) else None
    return _objects(list(meta.values())) if isinstance(meta, dict) else []


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _texts(values: Iterable[Any]) -> set[str]:
    return {value for value in values if isinstance(value, str) and 0 < len(value) <= _LONGEST}
