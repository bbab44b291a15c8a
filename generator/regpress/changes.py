"""Two states of a registry to the difference between them, version by version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from regpress.catalog import Catalog
from regpress.model.entry import EntryVersion, entry_label
from regpress.record import record
from regpress.resolve import PreviousVersion, VersionKey

What = Literal["added", "changed", "status", "latest", "removed"]
_ORDER: tuple[What, ...] = ("added", "changed", "status", "latest", "removed")


@record(kw_only=True)
class Change:
    """One version that a build would change.

    Attributes:
        what: ``added``; ``changed`` (its document); ``status`` (state or message); ``latest`` (the flag came or
            went); ``removed``.
        registry: the registry concerned.
        kind, name, version: its identity.
        detail: what exactly, one line.
        fields: members of the document that differ, where both documents are at hand.
    """

    what: What
    registry: str
    kind: str
    name: str
    version: str
    detail: str = ""
    fields: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Return how messages call the version."""
        return entry_label(self.kind, self.name, self.version)


def find_changes(catalog: Catalog, previous: Mapping[VersionKey, PreviousVersion]) -> tuple[Change, ...]:
    """Return what differs between an earlier output of a registry and *catalog*, in the order of names."""
    current = {
        (version.kind, str(version.name), version.version): version
        for entry in catalog
        for version in (*entry.versions, *entry.deleted)
    }
    found = [
        change
        for key, version in current.items()
        if (change := _compare(catalog.registry, key, version, previous.get(key))) is not None
    ]
    found += [
        Change(what="removed", registry=catalog.registry, kind=key[0], name=key[1], version=key[2])
        for key in previous
        if key not in current
    ]
    return tuple(sorted(found, key=lambda c: (c.kind != "server", c.kind, c.name, _ORDER.index(c.what), c.version)))


def _compare(registry: str, key: VersionKey, version: EntryVersion, before: PreviousVersion | None) -> Change | None:
    kind, name, number = key
    after = version.official
    if before is None:
        state = after.status if after.status != "active" else ""
        return Change(what="added", registry=registry, kind=kind, name=name, version=number, detail=state)
    old = before.official
    if before.digest != version.digest:
        return Change(what="changed", registry=registry, kind=kind, name=name, version=number)
    if (old.status, old.status_message) != (after.status, after.status_message):
        detail = f"{old.status} → {after.status}" if old.status != after.status else "other message"
        if after.status_message:
            detail += f": {after.status_message}"
        return Change(what="status", registry=registry, kind=kind, name=name, version=number, detail=detail)
    if old.is_latest != after.is_latest:
        flag = "is now the latest" if after.is_latest else "is no longer the latest"
        return Change(what="latest", registry=registry, kind=kind, name=name, version=number, detail=flag)
    return None


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the members of two documents that differ, sorted; an added one with ``+``, a removed one with ``-``."""
    added = [f"+{key}" for key in after if key not in before]
    removed = [f"-{key}" for key in before if key not in after]
    other = [key for key in after if key in before and before[key] != after[key]]
    return tuple(sorted(added) + sorted(other) + sorted(removed))
