"""Catalogs to the groups and sections of artifacts that make a site, and the limits that they must keep.

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
from regpress.hosts.limits import LIST_MOST, fitting_profiles, limit_findings, list_grade, with_fullest_folder
from regpress.hosts.table import PROFILES
from regpress.indexes import removed
from regpress.model.artifact import HTML, JSON, Artifact, ArtifactGroup, Section, TreeSize
from regpress.model.config import Config
from regpress.model.issue import Issue
from regpress.names import KINDS, Kind
from regpress.precompress import check_encodings, with_siblings
from regpress.site import Options, Site
from regpress.validate.schema import schema_bytes, schema_names

_NOT_FOUND = (
    b'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Not found</title></head>\n'
    b"<body><h1>Not found</h1><p>There is no document at this address in this registry.</p></body></html>\n"
)


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
        precompress=config.site.precompress,
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
            size = api.complete_list_size(catalog, kind)
            grade = list_grade(entries, size)
            written[catalog.registry, kind] = not (grade == "too large" and profile.follows_cursors)
            if grade != "fine":
                issues.append(_list_issue(catalog, kind, entries, size, profile, refused=grade == "too large"))
    return written, issues


def _list_issue(catalog: Catalog, kind: Kind, entries: int, size: int, profile: HostProfile, *, refused: bool) -> Issue:
    what = f"the complete list of {paths.ENTRY_PLURAL[kind]} has {entries:,} entries and {size / 2**20:.1f} MiB"
    if not refused:
        consequence, severity = f"clients refuse more than {LIST_MOST}", "warning"
    elif profile.follows_cursors:
        consequence, severity = "it is left out and served in pages only", "warning"
    else:
        consequence, severity = "clients refuse it", "error"
    expected = ""
    if not profile.follows_cursors:
        able = ", ".join(name for name, one in PROFILES.items() if one.follows_cursors)
        expected = f"a host that serves pages ({able})"
    return Issue(
        type="output",
        severity="error" if severity == "error" else "warning",
        message=f"registry {catalog.registry}: {what}; {consequence}",
        reference="list-size",
        expected=expected,
    )


def all_parts(
    site: Site,
    gathered: Gathered,
    options: Options,
    complete: Mapping[tuple[str, Kind], bool],
    pictures: Mapping[str, bytes],
) -> tuple[Iterator[ArtifactGroup | Section], Iterator[ArtifactGroup | Section]]:
    """Return everything that the output of a site consists of, but for the manifest, in two runs of about as much work.

    The first has the documents, the second the pages of the catalog; neither needs the other.
    Files have compressed siblings where the site wants them and the host serves them.

    Args:
        site: the site.
        gathered: its catalogs.
        options: the host, and what it implies.
        complete: which complete lists are written, by registry and kind (`complete_lists`).
        pictures: of entries, by the address that they come from.

    Raises:
        ConfigError: this installation lacks a compressor.
    """
    documents, pages = _documents(site, gathered, options, complete), _pages(site, gathered, pictures)
    encodings = site.config.site.precompress if options.profile.serves_precompressed else ()
    if not encodings:
        return documents, pages
    check_encodings(encodings)
    files = options.profile.files
    return with_siblings(documents, encodings, files), with_siblings(pages, encodings, files)


def _documents(
    site: Site, gathered: Gathered, options: Options, complete: Mapping[tuple[str, Kind], bool]
) -> Iterator[ArtifactGroup | Section]:
    config, catalogs, profile = site.config, gathered.catalogs, options.profile
    aliases = api.Aliases.of(() if profile.rewrites_aliases else config.site.aliases, config.default_registry)
    for catalog in catalogs:
        own = aliases if catalog.is_default else api.Aliases()
        if profile.runs_code:
            # Most hosts do not.
            from regpress.indexes.entries import entry_shard_groups  # noqa: PLC0415
            from regpress.indexes.queries import query_index_groups  # noqa: PLC0415

            yield from entry_shard_groups(catalog)
            yield from query_index_groups(catalog)
        else:
            yield from api.entry_sections(catalog, own)
        yield from index.index_groups(catalog, gathered.removals.get(catalog.registry, ()))
        if profile.stores_pages:
            yield from stored_pages.page_groups(catalog)
        yield from api.list_groups(catalog, own, {kind: complete[catalog.registry, kind] for kind in KINDS})
    yield _static("schemas", "leaf", _schemas(are_removals=bool(gathered.removals)))
    yield _static("host", "list", profile.configuration(site_address(config, catalogs, complete)))
    has_list = complete[config.default_registry, "server"]
    list_file = profile.files(paths.collection("", "server"), "document")[0] if has_list else ""
    build_file = api.build_file(catalogs, host=profile.name, revisions=gathered.revisions, list_file=list_file)
    yield _static("build", "root", [build_file])


def _pages(site: Site, gathered: Gathered, pictures: Mapping[str, bytes]) -> Iterator[ArtifactGroup | Section]:
    if site.renderer is not None:
        yield from site.renderer(pictures).parts(gathered.catalogs, site.pages)
    else:
        # Without one, some hosts answer misses with the home page and status 200.
        yield _static("html/404", "list", [Artifact(paths.NOT_FOUND_PAGE, "file", HTML, _NOT_FOUND)])


def _schemas(*, are_removals: bool) -> Iterator[Artifact]:
    for name in schema_names():
        # Most sites never remove a version for good: they do without what describes that.
        if are_removals or name not in removed.SCHEMAS:
            yield Artifact(paths.schema_file(name), "file", JSON, schema_bytes(name))


def _static(key: str, stage: Any, artifacts: Iterable[Artifact]) -> ArtifactGroup:
    made = tuple(artifacts)
    parts = [part for item in made for part in (item.address.encode(), item.media_type.encode(), item.body)]
    return ArtifactGroup(key=key, recipe=recipe((__version__.encode(), *parts)), stage=stage, render=lambda: made)


def refuse_tree(size: TreeSize, files: Iterable[str], profile: HostProfile) -> None:
    """Look at a tree before it is written.

    Args:
        size: of the tree.
        files: the paths among which any conflict is.
        profile: the host.

    Raises:
        BuildRefusedError: two documents share a path, or the host does not accept so much.
    """
    if profile.limits.folder_files is not None:
        # All files of a first build; later ones that add to a full folder are few.
        files = list(files)
        size = with_fullest_folder(size, files)
    if conflicts := path_conflicts(files):
        raise BuildRefusedError("; ".join(conflicts[:10]))
    refuse_excess(profile, size)


def refuse_excess(profile: HostProfile, size: TreeSize) -> None:
    """Hold that a tree is not larger than its host accepts.

    Raises:
        BuildRefusedError: it is; the message has the figures, and the profiles that would do.
    """
    if findings := limit_findings(profile, size):
        fitting = ", ".join(fitting_profiles(PROFILES.values(), size)) or "none"
        raise BuildRefusedError(f"{'; '.join(findings)}; profiles that would do: {fitting}")
