"""A version to the facts by which people narrow a list: its state, its document's facets, what it is about."""

from __future__ import annotations

from typing import NamedTuple

from regpress.facets import values_of
from regpress.model.entry import EntryVersion, Outline
from regpress.model.facets import Values


class Facts(NamedTuple):
    """The values of a version in each facet; the names are those of the documents.

    Attributes:
        status: its state; always one.
        location, packages, transports, tier: as in `regpress.model.facets.Facets`.
        tags: from the ToolHive extension.
    """

    status: Values
    location: Values
    packages: Values
    transports: Values
    tier: Values
    tags: Values


def facts_of(version: EntryVersion | Outline) -> Facts:
    """Return the facts of a version."""
    return Facts((version.official.status,), *version.facets, values_of(version.tags) if version.tags else ())
