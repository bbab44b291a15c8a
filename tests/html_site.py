"""The catalog's real templates and renderer for tests."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from regpress.catalog import Catalog
from regpress.html.environment import make_environment
from regpress.html.render import HtmlRenderer
from regpress.html.site import ContentPage, SiteView
from regpress.model.artifact import Artifact, ArtifactGroup, groups_in

TEMPLATES = Path(__file__).parents[1] / "templates"


def make_renderer(
    *,
    overrides: Mapping[str, str] | None = None,
    fingerprint: bytes = b"1",
    own: Collection[str] | None = None,
    **site: Any,
) -> HtmlRenderer:
    """Return a renderer with the repository's templates.

    Args:
        overrides: templates of a site by name, which go before the repository's.
        fingerprint: of templates, generator and settings.
        own: names of the templates that are the site's own; None where all may be.
        site: fields of `SiteView`.
    """
    first = jinja2.DictLoader(dict(overrides or {}))
    return HtmlRenderer(
        make_environment(jinja2.ChoiceLoader([first, jinja2.FileSystemLoader(TEMPLATES)])),
        SiteView(**{"title": "Harbour Registry", **site}),
        fingerprint=fingerprint,
        assets={file.name: file.read_bytes() for file in (TEMPLATES / "assets").iterdir()},
        own=own,
    )


def site_groups(*catalogs: Catalog, pages: Sequence[ContentPage] = (), **settings: Any) -> dict[str, ArtifactGroup]:
    """Return the groups of a site by key; *settings* as in `make_renderer`."""
    groups = list(groups_in(make_renderer(**settings).parts(catalogs, pages)))
    by_key = {group.key: group for group in groups}
    assert len(by_key) == len(groups)
    return by_key


def render_site(*catalogs: Catalog, pages: Sequence[ContentPage] = (), **settings: Any) -> dict[str, Artifact]:
    """Return every artifact of a site by address; *settings* as in `make_renderer`."""
    return by_address(
        artifact for group in site_groups(*catalogs, pages=pages, **settings).values() for artifact in group.render()
    )


def by_address(artifacts: Iterable[Artifact]) -> dict[str, Artifact]:
    """Return artifacts by address, each only once."""
    found: dict[str, Artifact] = {}
    for artifact in artifacts:
        assert artifact.address not in found
        found[artifact.address] = artifact
    return found


def page_text(site: Mapping[str, Artifact], address: str) -> str:
    """Return the HTML at an address."""
    return site[address].body.decode()
