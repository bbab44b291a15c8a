"""Notes of removed versions to what a registry tells everybody of them.

What was never everybody's is told to nobody: a version counts where everybody saw it until it was removed, in a
registry that has the source still, unless something of its name is kept from somebody now or was then.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from regpress.catalog import Catalog
from regpress.model.entry import Removal
from regpress.model.issue import Hidden
from regpress.names import Kind

#: Why a name that a registry does not show may be nobody's business; others are known to everybody.
_KEPT_BACK: Final = frozenset({"private", "filtered", "invalid"})


def told_removals(catalog: Catalog, removals: Iterable[Removal], hidden: Iterable[Hidden]) -> tuple[Removal, ...]:
    """Return the removed versions that a public registry tells of, in no order.

    Args:
        catalog: the registry.
        removals: of the one source that has any; the registry has it.
        hidden: the names that this registry or a source of it does not show.
    """
    noted = tuple(removals)
    kept_back: set[tuple[str, str]] = {(one.kind, one.name) for one in hidden if one.reason in _KEPT_BACK}
    kept_back |= {(one.kind, one.name) for one in noted if one.had_claims}
    told = [one for one in noted if catalog.registry in one.registries and (one.kind, one.name) not in kept_back]
    if not told:
        return ()
    there = _versions(catalog, {(one.kind, one.name) for one in told})
    return tuple(one for one in told if one[:3] not in there)


def _versions(catalog: Catalog, names: set[tuple[Kind, str]]) -> set[tuple[Kind, str, str]]:
    """Return the versions of some names that a registry has, deleted ones included."""
    found = {(one.kind, str(one.name), one.version) for one in catalog.gone}
    for key in names:
        if entry := catalog.by_name.get(key):
            found |= {(*key, one.version) for one in (*entry.versions, *entry.deleted)}
    return found
