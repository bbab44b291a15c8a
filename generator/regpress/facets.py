"""A document to its facets, by which people narrow a list: where it runs, how it is packed and reached.

Documents are as hostile as any input: whatever does not have the expected shape counts as absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from regpress.model.entry import PUBLISHER_META, TOOLHIVE_META
from regpress.model.facets import Facets, Values

_LONGEST: Final = 100


def facets_of(value: Mapping[str, Any], meta: Any) -> Facets:
    """Return the facets of a document.

    Args:
        value: the document, parsed.
        meta: its ``_meta``, which skills and plugins have beside it.
    """
    packages, remotes = _objects(value.get("packages")), _objects(value.get("remotes"))
    transports = [package.get("transport") for package in packages]
    return Facets(
        _LOCATIONS[bool(packages), bool(remotes)],
        values_of([package.get("registryType") for package in packages]),
        values_of([item.get("type") for item in (*_objects(transports), *remotes)]),
        values_of([part.get("tier") for part in _extension(meta)])[:1],
    )


def values_of(values: Iterable[Any]) -> Values:
    """Return those of *values* that can be values of a facet: texts, not too long."""
    found = [value for value in values if isinstance(value, str) and 0 < len(value) <= _LONGEST]
    return tuple(sorted(set(found))) if len(found) > 1 else tuple(found)


_LOCATIONS: Final[Mapping[tuple[bool, bool], Values]] = {
    (False, False): (),
    (True, False): ("local",),
    (False, True): ("remote",),
    (True, True): ("local", "remote"),
}


def _extension(meta: Any) -> list[dict[str, Any]]:
    """Return the objects of the ToolHive extension."""
    for member in (PUBLISHER_META, TOOLHIVE_META):
        if not isinstance(meta, dict):
            return []
        meta = meta.get(member)
    return _objects(list(meta.values())) if isinstance(meta, dict) else []


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
