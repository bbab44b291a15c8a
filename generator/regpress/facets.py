"""A document to its facets, by which people narrow a list: where it runs, how it is packed and reached.

Documents are as hostile as any input: whatever does not have the expected shape counts as absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
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
    transports = [found for package in packages if isinstance(found := package.get("transport"), dict)]
    return _facets(
        (bool(packages), bool(remotes)),
        _texts(packages, "registryType"),
        _texts([*transports, *remotes], "type"),
        _texts(_extension(meta), "tier") if meta else (),
    )


def values_of(values: Iterable[Any]) -> Values:
    """Return those of *values* that can be values of a facet: texts, not too long."""
    found = [value for value in values if isinstance(value, str) and 0 < len(value) <= _LONGEST]
    return tuple(sorted(set(found))) if len(found) > 1 else tuple(found)


@lru_cache(maxsize=1_000)
def _facets(where: tuple[bool, bool], packages: Values, transports: Values, tiers: Values) -> Facets:
    """Return the facets of all documents that say the same, of which there are few."""
    return Facets(_LOCATIONS[where], values_of(packages), values_of(transports), values_of(tiers)[:1])


def _texts(parts: Iterable[Mapping[str, Any]], key: str) -> Values:
    return tuple([text for part in parts if isinstance(text := part.get(key), str) and 0 < len(text) <= _LONGEST])


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
