"""Catalogs to the groups of artifacts that make a site, and the limits that they must keep.

The complete lists follow static hosting specification section 7: above certain sizes real clients refuse them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from regpress import __version__, api, index, paths, stored_pages
from regpress.catalog import Catalog
from regpress.digest import recipe
from regpress.errors import BuildRefusedError
from regpress.gathering import Gathered
from regpress.hosts.base import HostProfile, SiteAddress
from regpress.hosts.layouts import path_conflicts
from regpress.hosts.limits import TreeSize, fitting_profiles, limit_findings
from regpress.hosts.table import PROFILES
from regpress.model.artifact import HTML, JSON, Artifact, ArtifactGroup
from regpress.model.config import Config
from regpress.model.issue import Issue
from regpress.names import KINDS, Kind
from regpress.site import Options, Site
from regpress.validate.schema import schema_bytes, schema_names

_NOT_FOUND = (
    b'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Not found</title></head>\n'
    b"<body><h1>Not found</h1><p>There is no document at this address in this registry.</p></body></html>\n"
)

LIST_WARN_BYTES = 5 * 1024 * 1024
LIST_WARN_ENTRIES = 5_000
LIST_MOST_BYTES = 10 * 1024 * 1024
LIST_MOST_ENTRIES = 10_000


def site_address(config: Config, catalogs: Sequence[Catalog], complete: Mapping[tuple[str, Kind], bool]) -> SiteAddress:
    """Return where the site is served and what is in it, for host profiles.

    Args:
        config: of the site.
        catalogs: its public registries.
        complete: whether the complete list of a registry and kind is written.
    """
    return SiteAddress(
        base_url=config.site.base_url,
        base_path=config.site.base_path,
        registries=tuple(catalog.registry for catalog in catalogs),
        default_registry=config.default_registry,
        aliases=config.site.aliases,
        paged_only=frozenset(which for which, whole in complete.items() if not whole),
    )


def complete_lists(
    catalogs: Sequence[Catalog], profile: HostProfile
) -> tuple[dict[tuple[str, Kind], bool], list[Issue]]:
    """Return which complete lists are written, and findings about their sizes, static hosting specification 7.8."""
    written: dict[tuple[str, Kind], bool] = {}
    issues: list[Issue] = []
    for catalog in catalogs:
        for kind in paths.ENTRY_PLURAL:
            entries = len(catalog.of(kind))
            size = sum(len(version.text) + 420 for version in catalog.latest(kind))
            if size > LIST_WARN_BYTES // 2:
                size = len(api.complete_list(catalog, kind))
            too_large = entries > LIST_MOST_ENTRIES or size > LIST_MOST_BYTES
            written[catalog.registry, kind] = not (too_large and profile.follows_cursors)
            if entries > LIST_WARN_ENTRIES or size > LIST_WARN_BYTES:
                issues.append(_list_issue(catalog, kind, entries, size, profile, refused=too_large))
    return written, issues


def _list_issue(catalog: Catalog, kind: Kind, entries: int, size: int, profile: HostProfile, *, refused: bool) -> Issue:
    what = f"the complete list of {paths.ENTRY_PLURAL[kind]} has {entries:,} entries and {size / 2**20:.1f} MiB"
    if not refused:
        consequence, severity = "clients refuse more than 10,000 entries or 10 MiB", "warning"
    elif profile.follows_cursors:
        consequence, severity = "it is left out and served in pages only", "warning"
    else:
        consequence, severity = "clients refuse it", "error"
    paging = ", ".join(name for name, one in PROFILES.items() if one.follows_cursors)
    return Issue(
        type="output",
        severity="error" if severity == "error" else "warning",
        message=f"registry {catalog.registry}: {what}; {consequence}",
        reference="list-size",
        expected=f"a host that serves pages ({paging})" if paging and not profile.follows_cursors else "",
    )


def site_groups(
    site: Site, gathered: Gathered, options: Options, complete: Mapping[tuple[str, Kind], bool]
) -> Iterator[ArtifactGroup]:
    """Return everything that the output of a site consists of, but for the manifest.

    Args:
        site: the site.
        gathered: its catalogs.
        options: the host, and what it implies.
        complete: which complete lists are written, by registry and kind (`complete_lists`).
    """
    config, catalogs, profile = site.config, gathered.catalogs, options.profile
    aliases = api.Aliases.of(() if profile.rewrites_aliases else config.site.aliases, config.default_registry)
    for catalog in catalogs:
        own = aliases if catalog.is_default else api.Aliases()
        yield from api.entry_groups(catalog, own)
        yield from index.index_groups(catalog)
        if profile.stores_pages:
            yield from stored_pages.page_groups(catalog)
        yield from api.list_groups(catalog, own, {kind: complete[catalog.registry, kind] for kind in KINDS})
    if site.renderer is not None:
        yield from site.renderer().groups(catalogs, site.pages)
    else:
        # Without one, some hosts answer misses with the home page and status 200.
        yield _static("html/404", "list", [Artifact(paths.NOT_FOUND_PAGE, "file", HTML, _NOT_FOUND)])
    yield _static("schemas", "leaf", _schemas())
    yield _static("host", "list", profile.configuration(site_address(config, catalogs, complete)))
    has_list = complete[config.default_registry, "server"]
    list_file = profile.files(paths.collection("", "server"), "document")[0] if has_list else ""
    build_file = api.build_file(catalogs, host=profile.name, revisions=gathered.revisions, list_file=list_file)
    yield _static("build", "root", [build_file])


def _schemas() -> Iterator[Artifact]:
    for name in schema_names():
        yield Artifact(paths.schema_file(name), "file", JSON, schema_bytes(name))


def _static(key: str, stage: Any, artifacts: Iterable[Artifact]) -> ArtifactGroup:
    made = tuple(artifacts)
    parts = [part for item in made for part in (item.address.encode(), item.media_type.encode(), item.body)]
    return ArtifactGroup(key=key, recipe=recipe((__version__.encode(), *parts)), stage=stage, render=lambda: made)


def accepted_size(files: Sequence[tuple[str, int]], profile: HostProfile) -> TreeSize:
    """Return the size of a tree that may be written.

    Raises:
        BuildRefusedError: two documents share a path, or the host does not accept so much.
    """
    if conflicts := path_conflicts(file for file, _ in files):
        raise BuildRefusedError("; ".join(conflicts[:10]))
    size = TreeSize.of(files)
    refuse_excess(profile, size)
    return size


def refuse_excess(profile: HostProfile, size: TreeSize) -> None:
    """Hold that a tree is not larger than its host accepts.

    Raises:
        BuildRefusedError: it is; the message has the figures, and the profiles that would do.
    """
    if findings := limit_findings(profile, size):
        fitting = ", ".join(fitting_profiles(PROFILES.values(), size)) or "none"
        raise BuildRefusedError(f"{'; '.join(findings)}; profiles that would do: {fitting}")
