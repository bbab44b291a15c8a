"""Catalogs to the files of a tree, as a build lays them out for a host, without the rest of a build."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from regpress import api, index, stored_pages
from regpress.catalog import Catalog
from regpress.hosts.base import HostProfile, SiteAddress
from regpress.model.artifact import Artifact, ArtifactGroup, groups_in
from regpress.names import KINDS, Kind


def address_of(
    catalogs: Iterable[Catalog], *, base_path: str = "", paged_only: Iterable[tuple[str, Kind]] = ()
) -> SiteAddress:
    """Return where a site of *catalogs* is served; the default registry is the first."""
    names = tuple(catalog.registry for catalog in catalogs)
    return SiteAddress(
        base_path=base_path, registries=names, default_registry=names[0], paged_only=frozenset(paged_only)
    )


def groups_of(catalog: Catalog, site: SiteAddress, *, size: int = 100) -> Iterator[ArtifactGroup]:
    """Return the JSON documents of a registry, all that a host with pages gets."""
    complete = {kind: (catalog.registry, kind) not in site.paged_only for kind in KINDS}
    yield from groups_in(api.entry_sections(catalog, api.Aliases()))
    yield from api.list_groups(catalog, api.Aliases(), complete)
    yield from index.index_groups(catalog)
    yield from stored_pages.page_groups(catalog, size=size)


def render(groups: Iterable[ArtifactGroup]) -> dict[str, bytes]:
    """Return bodies by address; two documents at one address are a mistake."""
    made: dict[str, bytes] = {}
    for group in groups:
        for artifact in group.render():
            assert artifact.address not in made, artifact.address
            made[artifact.address] = artifact.body
    return made


def tree_of(
    catalogs: Iterable[Catalog], profile: HostProfile, site: SiteAddress, *, size: int = 100
) -> dict[str, bytes]:
    """Return the bodies of a whole site by file, with a few pages for people."""
    artifacts: list[Artifact] = []
    for catalog in catalogs:
        artifacts += [made for group in groups_of(catalog, site, size=size) for made in group.render()]
    for page in ("", "about/", "servers/com.example/weather/", "registry/team/"):
        artifacts.append(Artifact(page, "page", "text/html; charset=utf-8", f"<h1>{page or 'home'}</h1>".encode()))
    for file in ("404.html", "assets/style-0a1b2c.css", "feed.xml", "llms.txt", "build.json"):
        artifacts.append(Artifact(file, "file", "", file.encode()))
    artifacts += profile.configuration(site)
    return {file: made.body for made in artifacts for file in profile.files(made.address, made.form)}


def write_files(folder: Path, files: dict[str, bytes]) -> Path:
    """Write *files* below *folder* and return it."""
    for file, body in files.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return folder
