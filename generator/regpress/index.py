"""A catalog to the documents about it as a whole, below ``x/dev.regpress``."""

from __future__ import annotations

from collections.abc import Iterator

from regpress.catalog import Catalog
from regpress.indexes.names import name_index_groups
from regpress.indexes.versions import version_index_groups
from regpress.model.artifact import ArtifactGroup


def index_groups(catalog: Catalog) -> Iterator[ArtifactGroup]:
    """Return the version index, the name index and the facets of a registry."""
    yield from version_index_groups(catalog)
    yield from name_index_groups(catalog)
