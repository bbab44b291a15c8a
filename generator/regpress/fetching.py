"""A site's sources to their snapshots."""

from __future__ import annotations

from regpress.model.entry import Snapshot
from regpress.site import Progress, Site


def fetch(site: Site, progress: Progress) -> dict[str, Snapshot]:
    """Return a snapshot of every source that a registry uses.

    Raises:
        SourceError: one of them gave nothing usable.
    """
    used = {name for registry in site.config.registries for name in registry.sources}
    snapshots: dict[str, Snapshot] = {}
    for source in site.config.sources:
        if source.name in used:
            progress(f"fetching {source.name}")
            snapshots[source.name] = site.sources[source.name].fetch()
    return snapshots
