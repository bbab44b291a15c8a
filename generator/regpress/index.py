"""A catalog to the documents about it as a whole, below ``x/dev.regpress``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from regpress.catalog import Catalog
from regpress.indexes.names import name_index_groups
from regpress.indexes.removed import removal_index_groups
from regpress.indexes.versions import version_index_groups
from regpress.model.artifact import ArtifactGroup
from regpress.model.entry import Removal


def index_groups(catalog: Catalog, removals: Sequence[Removal] = ()) -> Iterator[ArtifactGroup]:
    """Return the version index, the name index and the facets of a registry, and what it tells of removed versions."""
    yield from version_index_groups(catalog)
    yield from name_index_groups(catalog)
    yield from removal_index_groups(catalog, removals)
