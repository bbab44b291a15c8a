"""A version to the facts by which people narrow a list: where it runs, how it is packed and reached, what it is about.

Documents are as hostile as any input: whatever does not have the expected shape counts as absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from regpress.model.document import read_plain
from regpress.model.entry import PUBLISHER_META, TOOLHIVE_META, EntryVersion

_LONGEST: Final = 100

#: Texts in order, each once.
Values = tuple[str, ...]


class Facts(NamedTuple):
    """The values of a version in each facet; the names are those of the documents.

    Attributes:
        status: its state; always one.
        location: ``local`` where there is a package to install, ``remote`` where there is an address to connect to.
        packages: registry types such as ``npm``.
        transports: those of packages and remotes.
        tier, tags: from the ToolHive extension; at most one tier.
    """

    status: Values
    location: Values
    packages: Values
    transports: Values
    tier: Values
    tags: Values


def facts_of(version: EntryVersion) -> Facts:
    """Return the facts of a version."""
    value = version.value
    packages, remotes = _objects(value.get("packages")), _objects(value.get("remotes"))
    transports = [package.get("transport") for package in packages]
    return Facts(
        status=(version.official.status,),
        location=_LOCATIONS[bool(packages), bool(remotes)],
        packages=_texts([package.get("registryType") for package in packages]),
        transports=_texts([item.get("type") for item in (*_objects(transports), *remotes)]),
        tier=_texts([part.get("tier") for part in _extension(version, value)])[:1],
        tags=_texts(version.tags) if version.tags else (),
    )


_LOCATIONS: Final[Mapping[tuple[bool, bool], Values]] = {
    (False, False): (),
    (True, False): ("local",),
    (False, True): ("remote",),
    (True, True): ("local", "remote"),
}


def _extension(version: EntryVersion, value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the objects of the ToolHive extension; a skill's or plugin's ``_meta`` is kept apart from its document."""
    meta = value.get("_meta")
    if version.kind != "server":
        meta = read_plain(b"{%s}" % version.other_meta) if version.other_meta else None
    for member in (PUBLISHER_META, TOOLHIVE_META):
        if not isinstance(meta, dict):
            return []
        meta = meta.get(member)
    return _objects(list(meta.values())) if isinstance(meta, dict) else []


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _texts(values: Iterable[Any]) -> Values:
    found = [value for value in values if isinstance(value, str) and 0 < len(value) <= _LONGEST]
    return tuple(sorted(set(found))) if len(found) > 1 else tuple(found)
