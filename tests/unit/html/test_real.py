"""Pages of entries that people published, where the collection is at hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from fakes_catalog import make_catalog, make_version
from html_site import render_site
from regpress.model.entry import EntryVersion
from regpress.names import EntryName

DATA = Path(__file__).parents[3] / "../shared/data"
FILES = (
    "upstream-registry-real.json",
    "upstream-registry-enriched-real.json",
    "upstream-registry-toolhive-example.json",
    "upstream-registry-docs-examples.json",
)


def sample(file: str, *, most: int = 40) -> list[EntryVersion]:
    """Return one version of some servers and skills, spread over the file."""
    data = json.loads((DATA / file).read_bytes())["data"]
    servers = {server["name"]: server for server in data["servers"]}
    skills = {f"{skill['namespace']}/{skill['name']}": skill for skill in data.get("skills", [])}
    step = max((len(servers) + len(skills)) // most, 1)
    return [
        *(make_version("server", EntryName(*name.split("/")), servers[name]) for name in sorted(servers)[::step]),
        *(make_version("skill", EntryName(*name.split("/")), skills[name]) for name in sorted(skills)[::step]),
    ]


@pytest.mark.parametrize("file", FILES)
def test_real_entries_give_small_valid_pages(file: str, parse: Callable[[str], Element]) -> None:
    if not (DATA / file).exists():
        pytest.skip(f"{file} is not at hand")
    site = render_site(make_catalog(*sample(file)))
    for artifact in site.values():
        if "html" in artifact.media_type:
            heading = parse(artifact.body.decode()).find(".//h1")
            assert heading is not None
            assert "".join(heading.itertext()).strip()
    pages = [artifact.body for address, artifact in site.items() if address.count("/") == 3]
    assert sum(map(len, pages)) / len(pages) < 12_000
