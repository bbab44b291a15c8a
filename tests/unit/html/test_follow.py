"""Feeds, sitemap, the guide for language models, and files beside a page."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

import hostile
from fakes_catalog import make_catalog, make_entry, make_server, make_skill
from html_site import page_text, render_site, site_groups
from regpress.catalog import Catalog
from regpress.html.badge import badge_text
from regpress.html.feed import MOST
from regpress.html.markdown import MarkdownRenderer
from regpress.html.site import ContentPage, SiteView
from regpress.html.sitemap import Part, sitemap, sitemap_text
from regpress.model.artifact import Artifact
from weather import weather

BASE = "https://x.example/base"
ATOM = "{http://www.w3.org/2005/Atom}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
WEATHER = "servers/com.example/weather/"


def site_of(*catalogs: Catalog, **settings: object) -> dict[str, Artifact]:
    return render_site(*catalogs, base_url=BASE, base_path="/base", **settings)


def xml(site: dict[str, Artifact], address: str) -> ElementTree.Element:
    return ElementTree.fromstring(site[address].body)


# Feeds


def test_a_feed_has_the_newest_versions_first_with_links_to_their_pages() -> None:
    old = make_server("com.example/old", published="2026-01-01T00:00:00Z", updated="2026-07-01T00:00:00+02:00")
    site = site_of(make_catalog(weather(), old))
    feed = xml(site, "feed.xml")
    assert feed.findtext(f"{ATOM}id") == f"{BASE}/feed.xml"
    assert feed.findtext(f"{ATOM}updated") == "2026-06-30T22:00:00Z"
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == 14
    assert entries[0].findtext(f"{ATOM}title") == "old 1.0.0"
    assert entries[1].findtext(f"{ATOM}id") == f"{BASE}/{WEATHER}#versions=2.0.0"
    assert entries[1].find(f"{ATOM}link").get("href") == f"{BASE}/{WEATHER}"  # type: ignore[union-attr]
    assert len({entry.findtext(f"{ATOM}id") for entry in entries}) == 14
    for entry in entries:
        assert all(
            entry.findtext(f"{ATOM}{name}") for name in ("updated", "published", "summary", "author/" + ATOM + "name")
        )


def test_a_feed_says_what_became_of_a_version() -> None:
    gone = make_server(version="3.0.0", status="deleted", message="Leaked a key", updated="2026-08-01T00:00:00Z")
    entry = make_entry(make_server())
    entry = entry._replace(deleted=(gone,))
    first = xml(site_of(make_catalog(entry)), "feed.xml").find(f"{ATOM}entry")
    assert first is not None
    assert first.findtext(f"{ATOM}title") == "weather 3.0.0 (deleted)"
    assert first.findtext(f"{ATOM}summary") == "Leaked a key"


def test_a_feed_ends_after_a_hundred_versions() -> None:
    many = make_catalog(*(make_server(f"com.example/s{number}") for number in range(MOST + 50)))
    assert len(xml(site_of(many), "feed.xml").findall(f"{ATOM}entry")) == MOST


def test_every_registry_has_a_feed_and_its_pages_name_it() -> None:
    site = site_of(make_catalog(weather()), make_catalog(make_server("a.b/c"), registry="team", is_default=False))
    assert xml(site, "registry/team/feed.xml").findtext(f"{ATOM}entry/{ATOM}title") == "c 1.0.0"
    link = '<link rel="alternate" type="application/atom+xml" title="New in {}" href="{}">'
    assert link.format("default", "../../../feed.xml") in page_text(site, WEATHER)
    assert link.format("team", "../../../registry/team/feed.xml") in page_text(site, "registry/team/servers/")


def test_feeds_of_hostile_documents_are_well_formed() -> None:
    site = site_of(hostile.hostile_catalog(), title=hostile.MARKUP + hostile.CONTROLS, entry_files=("feed",))
    feeds = [address for address in site if address.endswith("feed.xml")]
    assert len(feeds) == 1 + 2 * len(hostile.ATTACKS) + 1
    for address in feeds:
        assert xml(site, address).findtext(f"{ATOM}title")


def test_without_an_address_there_is_neither_feed_nor_sitemap_nor_link_to_one() -> None:
    site = render_site(make_catalog(weather()), entry_files=("feed",))
    assert not [address for address in site if address.endswith(".xml")]
    assert "atom" not in page_text(site, WEATHER)
    assert "canonical" not in page_text(site, WEATHER)
    assert "llms.txt" in site


# Sitemap


def test_the_sitemap_has_every_page_with_its_last_change() -> None:
    site = site_of(make_catalog(weather(), make_skill()), pages=[ContentPage.of("about", "# A")])
    found = {
        url.findtext(f"{MAP}loc"): url.findtext(f"{MAP}lastmod") for url in xml(site, "sitemap.xml").iter(f"{MAP}url")
    }
    pages = {address for address, artifact in site.items() if artifact.form == "page"}
    assert set(found) == {f"{BASE}/{address}" for address in pages}
    assert found[f"{BASE}/{WEATHER}"] == "2026-05-01"


def parts_of(names: list[str], day: str = "2026-05-01T00:00:00") -> dict[str, object]:
    catalog = make_catalog(*(make_server(f"com.example/{name}") for name in names))
    return {part.address: part for part in sitemap([(catalog, [day] * len(names))], [], size=30)}


def test_a_large_sitemap_has_parts_of_which_a_new_page_changes_few() -> None:
    names = [f"s{number:03}" for number in range(300)]
    before, after = parts_of(names), parts_of([*names, "s150x"])
    assert len(before) > 10
    changed = {address for address in before.keys() | after.keys() if before.get(address) != after.get(address)}
    assert 1 <= len(changed) <= 4
    index = before["sitemap.xml"]
    assert sorted(index.parts) == sorted(set(before) - {"sitemap.xml"})  # type: ignore[attr-defined]
    pages = [page for part in before.values() for page in part.pages]  # type: ignore[attr-defined]
    assert len(pages) == len(set(pages)) == 300


def test_the_index_of_a_large_sitemap_names_its_parts() -> None:
    text = sitemap_text(SiteView(title="x", base_url=BASE), Part("sitemap.xml", parts=("sitemap/first.xml",)))
    index = ElementTree.fromstring(text)
    assert [place.text for place in index.iter(f"{MAP}loc")] == [f"{BASE}/sitemap/first.xml"]


def test_only_a_site_at_the_root_of_its_host_speaks_to_robots() -> None:
    assert "robots.txt" not in site_of(make_catalog())
    site = render_site(make_catalog(), base_url="https://x.example", base_path="/")
    assert b"Sitemap: https://x.example/sitemap.xml" in site["robots.txt"].body


# The guide


def test_the_guide_for_language_models_names_lists_and_patterns_but_no_entry() -> None:
    site = site_of(make_catalog(weather(), make_skill()), pages=[ContentPage.of("about", "# About [us]")])
    text = site["llms.txt"].body.decode()
    assert text.startswith("# Harbour Registry\n")
    assert f"- [Servers]({BASE}/servers/): 1" in text
    assert f"`{BASE}/v0.1/servers/{{namespace}}/{{name}}/versions`" in text
    assert f"- [About (us)]({BASE}/about/)" in text
    assert "weather" not in text


def test_a_new_version_changes_its_page_the_lists_the_feed_and_the_sitemap() -> None:
    def recipes(*versions: object) -> dict[str, bytes]:
        entry = make_entry(*versions)  # type: ignore[arg-type]
        others = [make_server(f"com.example/other-{number}") for number in range(3)]
        groups = site_groups(make_catalog(entry, *others), base_url=BASE)
        return {key: group.recipe for key, group in groups.items()}

    one = make_server(latest=False)
    two = make_server(version="2.0.0", published="2026-09-01T00:00:00Z")
    before, after = recipes(make_server()), recipes(two, one)
    assert {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)} == {
        "default/html/server/com.example/weather",
        "default/html/server",
        "default/html/home",
        "default/html/namespace/com.example",
        "default/html/feed",
        "default/search/names/first",
        "default/search/texts/first",
        "html/sitemap.xml",
    }


# What stands elsewhere about a page


def meta(page: str) -> Iterator[str]:
    yield from (line for line in page.splitlines() if line.startswith(("<meta property", '<link rel="canonical')))


def test_a_page_says_what_is_shown_where_it_is_mentioned() -> None:
    site = site_of(make_catalog(weather()))
    assert list(meta(page_text(site, WEATHER))) == [
        '<meta property="og:site_name" content="Harbour Registry">',
        '<meta property="og:type" content="website">',
        '<meta property="og:title" content="Weather">',
        f'<link rel="canonical" href="{BASE}/{WEATHER}">',
        f'<meta property="og:url" content="{BASE}/{WEATHER}">',
    ]
    assert '<meta name="description" property="og:description" content="Weather forecasts' in page_text(site, WEATHER)


# Files beside a page


def test_files_beside_a_page_are_written_on_request_only() -> None:
    beside = {f"{WEATHER}{name}" for name in ("index.md", "feed.xml", "badge.svg")}
    assert not beside & site_of(make_catalog(weather())).keys()
    site = site_of(make_catalog(weather()), entry_files=("markdown", "feed", "badge"))
    assert beside <= site.keys()
    page = page_text(site, WEATHER)
    assert '<a href="../../../servers/com.example/weather/index.md">This page as Markdown</a>' in page
    assert len(xml(site, f"{WEATHER}feed.xml").findall(f"{ATOM}entry")) == 13


def test_the_markdown_of_a_page_has_what_people_see() -> None:
    text = site_of(make_catalog(weather()), entry_files=("markdown",))[f"{WEATHER}index.md"].body.decode()
    for shown in (
        "# Weather\n",
        "- Name: `com.example/weather`\n",
        "- Version: `2.0.0`, published 2026-05-01",
        "- Repository: <https://example.org/weather>\n",
        "- Tags: `sea`, `wind`\n",
        "### npm `@acme/weather` `2.0.0`\n",
        "  - `KEY`: required; secret; Yours\n",
        "  - `UNIT`: default `metric`; one of `metric`, `imperial`\n",
        "- `next_tide`\n",
        "The registry has not verified it.",
        "# Read me first",
    ):
        assert shown in text, shown


def test_no_text_of_a_document_has_an_effect_in_the_markdown_of_its_page() -> None:
    site = site_of(hostile.hostile_catalog(), entry_files=("markdown",))
    for address in (address for address in site if address.endswith(".md")):
        text = site[address].body.decode().partition("## Read me")[0]
        html = str(MarkdownRenderer(top=1, prefix="").render(text))
        assert "<img" not in html
        assert "<script" not in html
        links = html.split('href="')[1:]
        assert all(link.startswith(("../", "https://")) for link in links), address


@pytest.mark.parametrize("version", ["1.0.0", hostile.MARKUP, hostile.OVERRIDE, hostile.CONTROLS, "1" * 300])
def test_a_badge_is_a_small_picture_with_the_version(version: str) -> None:
    root = ElementTree.fromstring(badge_text(make_entry(make_server(version=version))))
    assert (root.get("aria-label") or "").startswith("MCP server: ")
    assert int(root.get("width", "0")) < 320
    assert {element.tag.rpartition("}")[2] for element in root.iter()} == {"svg", "title", "rect", "path", "g", "text"}
