"""A site's sources to their snapshots."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from regpress.errors import SourceError
from regpress.model.config_source import SourceConfig
from regpress.model.entry import Snapshot
from regpress.names import SourceName
from regpress.site import Progress, Site


def fetch(site: Site, progress: Progress, *, without: Collection[str] = ()) -> dict[str, Snapshot]:
    """Return a snapshot of every source that a registry uses.

    Args:
        site: the site.
        progress: told what is going on.
        without: names of sources that are taken to be empty.

    Raises:
        SourceError: one of them gave nothing usable.
    """
    used = {name for registry in site.config.registries for name in registry.sources}
    snapshots: dict[str, Snapshot] = {}
    for source in site.config.sources:
        if source.name in without:
            snapshots[source.name] = nothing_of(source)
        elif source.name in used:
            progress(f"fetching {source.name}")
            snapshots[source.name] = site.sources[source.name].fetch()
    return snapshots


def fetch_leniently(site: Site, progress: Progress) -> tuple[dict[str, Snapshot], dict[str, str]]:
    """Return a snapshot of every source that is served, and what is wrong with those that give nothing.

    Whoever may create sources may create one that cannot be read: it is empty, and the others are served all the same.

    Raises:
        SourceError: a source of the configuration gave nothing usable.
    """
    snapshots: dict[str, Snapshot] = {}
    broken: dict[str, str] = {}
    for source in served_sources(site):
        progress(f"fetching {source.name}")
        try:
            snapshots[source.name] = site.sources[source.name].fetch()
        except SourceError as error:
            if source.name not in site.created.sources:
                raise
            snapshots[source.name], broken[source.name] = nothing_of(source), str(error)
    return snapshots, broken


def served_sources(site: Site) -> Iterator[SourceConfig]:
    """Yield the sources that the app reads: those that a registry uses, and those that were created through it."""
    used = {name for registry in site.config.registries for name in registry.sources}
    for source in site.config.sources:
        if source.name in used or source.name in site.created.sources:
            yield source


def nothing_of(source: SourceConfig) -> Snapshot:
    """Return the snapshot of a source that has nothing; its revision is none that a source has."""
    return Snapshot(source=SourceName(source.name), files=(), revision="", claims=source.claims)
