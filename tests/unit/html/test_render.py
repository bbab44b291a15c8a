from __future__ import annotations

import random
import re
import string
from collections import Counter
from collections.abc import Callable, Mapping
from urllib.parse import unquote, urljoin, urlsplit
from xml.etree.ElementTree import Element

import jinja2
import pytest

from fakes_catalog import make_catalog, make_entry, make_server, make_skill
from html_site import by_address, make_renderer, page_text, render_site, site_groups
from regpress import paths
from regpress.api import Aliases, entry_sections
from regpress.catalog import Catalog
from regpress.errors import ConfigError, InvalidNameError
from regpress.html.assets import published_assets
from regpress.html.environment import make_environment
from regpress.html.render import HtmlRenderer
from regpress.html.site import ContentPage, SiteView
from regpress.model.artifact import Artifact, groups_in
from regpress.model.entry import Entry
from weather import weather

Parse = Callable[[str], Element]

WEATHER = "servers/com.example/weather/"
SKILL = make_skill(
    license="Apache-2.0",
    compatibility="Any client",
    allowedTools=["Read"],
    packages=[{"registryType": "git", "url": "https://example.org/skills", "commit": "abc123"}],
)
PAGES = (
    ContentPage.of("guide", "# The guide\n\nSee [about](about.md#why) and [the list](../servers/).", order=1),
    ContentPage.of("about", "# About us\n\n## Why\n\n![map](map.png)"),
)


def full_site() -> tuple[tuple[Catalog, ...], dict[str, Artifact]]:
    """Return two registries and everything that is written for them."""
    catalogs = (
        make_catalog(weather(), SKILL, make_skill("com.example/bundle", kind="plugin")),
        make_catalog(make_server("com.example/only-here"), registry="team", is_default=False),
    )
    return catalogs, render_site(*catalogs, pages=PAGES, base_url="https://x.example/base", base_path="/base")


def many_servers(count: int) -> Catalog:
    return make_catalog(*(make_server(f"com.example/server-{number:04}") for number in range(count)))


def links_of(page: Element) -> list[str]:
    found = []
    for element in page.iter():
        found += [element.attrib[name] for name in ("href", "src") if name in element.attrib]
    return found


def dead_links(
    site: Mapping[str, Artifact], known: set[str], parse: Parse, *, base: str = "/"
) -> list[tuple[str, str]]:
    """Return the links within the site that lead to no document, or to a place that its page does not have."""
    trees = {
        address: parse(page_text(site, address)) for address, artifact in site.items() if "html" in artifact.media_type
    }
    ids = {address: {element.get("id") for element in tree.iter()} for address, tree in trees.items()}
    dead = []
    for address, tree in trees.items():
        for href in links_of(tree):
            url = urlsplit(urljoin(f"http://site.test{base}{address}", href))
            if url.netloc != "site.test":
                continue
            target = unquote(url.path).removeprefix(base)
            if target not in known or (url.fragment and unquote(url.fragment) not in ids[target]):
                dead.append((address, href))
    return dead


def test_a_site_has_a_page_for_everything() -> None:
    _, site = full_site()
    pages = {address for address, artifact in site.items() if "html" in artifact.media_type}
    assert pages == {
        "",
        "404.html",
        "about/",
        "guide/",
        "use/",
        "servers/",
        "skills/",
        "plugins/",
        WEATHER,
        "skills/com.example/git-helper/",
        "plugins/com.example/bundle/",
        "registry/team/",
        "registry/team/use/",
        "registry/team/servers/",
        "registry/team/servers/com.example/only-here/",
        "tags/",
        "tags/sea/",
        "tags/wind/",
        "namespaces/",
        "namespaces/com.example/",
        "registry/team/namespaces/",
    }
    assert {artifact.form for address, artifact in site.items() if address in pages - {"404.html"}} == {"page"}
    assert site["404.html"].form == "file"


def test_every_kind_of_page_is_valid_html(parse: Parse) -> None:
    _, site = full_site()
    site |= only_lists(render_site(many_servers(500)))
    for address, artifact in site.items():
        if "html" in artifact.media_type:
            page = parse(artifact.body.decode())
            assert page.get("lang") == "en", address
            assert (page.findtext("head/title") or "").strip(), address
            assert len(page.findall(".//h1")) == 1, address
            identifiers = [element.get("id") for element in page.iter() if element.get("id")]
            assert len(identifiers) == len(set(identifiers)), address


def test_every_link_within_the_site_leads_somewhere(parse: Parse) -> None:
    catalogs, site = full_site()
    documents = [group for catalog in catalogs for group in groups_in(entry_sections(catalog, Aliases()))]
    files = {catalog.prefix + paths.REGISTRY_FILE for catalog in catalogs}
    known = {*site, *files, *by_address(artifact for group in documents for artifact in group.render())}
    assert dead_links(site, known, parse, base="/base/") == [("about/", "map.png")]


def only_lists(site: Mapping[str, Artifact]) -> dict[str, Artifact]:
    """Return the home page and the pages of the list of servers."""
    return {address: site[address] for address in site if address in {"", "servers/"} or "/_pages/" in address}


def walked(site: Mapping[str, Artifact], address: str, rows: str, parse: Parse) -> list[str | None]:
    """Return the texts of all rows of a list from its first page on."""
    seen: list[str | None] = []
    while address:
        page = parse(page_text(site, address))
        seen += [link.text for link in page.findall(rows)]
        following = page.find(".//a[@rel='next']")
        href = "" if following is None else following.get("href", "")
        address = urlsplit(urljoin(f"http://x/{address}", href)).path[1:] if href else ""
    return seen


@pytest.mark.parametrize("base", ["servers/", "tags/sea/", "namespaces/com.example/"])
def test_following_a_long_list_visits_every_entry_once(base: str, parse: Parse) -> None:
    catalog = make_catalog(
        *(make_server(f"com.example/{letter}-{number:03}", tags=("sea",)) for letter in "abz" for number in range(250))
    )
    seen = walked(render_site(catalog), base, ".//li//h3/a/bdi", parse)
    assert seen == [f"{letter}-{number:03}" for letter in "abz" for number in range(250)]


def test_following_the_lists_of_tags_and_namespaces_visits_each_once(parse: Parse) -> None:
    catalog = make_catalog(*(make_server(f"com.e{number:04}/x", tags=(f"tag-{number}",)) for number in range(1500)))
    site = render_site(catalog)
    tags = walked(site, "tags/", ".//ul[@class='terms']/li/a/bdi", parse)
    assert sorted(map(str, tags)) == sorted(f"tag-{number}" for number in range(1500))
    namespaces = walked(site, "namespaces/", ".//ul[@class='terms']/li/a/bdi", parse)
    assert namespaces == [f"com.e{number:04}" for number in range(1500)]


def test_every_link_of_a_long_list_leads_somewhere(parse: Parse) -> None:
    site = render_site(many_servers(450))
    lists = only_lists(site)
    assert len(lists) > 3
    assert not dead_links(lists, {*site, paths.REGISTRY_FILE}, parse)


def test_the_home_page_lists_a_small_registry_completely(parse: Parse) -> None:
    home = parse(page_text(render_site(many_servers(300)), ""))
    assert len(home.findall(".//ul[@class='cards']/li")) == 300
    assert home.find(".//p[@class='more']") is None


def test_the_home_page_of_a_large_registry_leads_to_its_lists_by_letter(parse: Parse) -> None:
    home = parse(page_text(render_site(many_servers(301)), ""))
    assert not home.findall(".//ul[@class='cards']/li")
    assert home.find(".//p[@class='more']/a").get("href") == "servers/"  # type: ignore[union-attr]
    assert home.findtext(".//ul[@class='counts']//b") == "301"
    assert [link.get("href") for link in home.findall(".//nav[@class='jumps']//a")] == ["servers/"]


def test_the_home_page_leads_to_the_commonest_tags_first(parse: Parse) -> None:
    servers = [make_server(f"com.example/s{number}", tags=("ai", *(["sea"] if number else []))) for number in range(3)]
    home = parse(page_text(render_site(make_catalog(*servers)), ""))
    tags = home.findall(".//ul[@class='tags']/li")
    assert [(item.findtext("a/bdi"), item.findtext("span")) for item in tags] == [("ai", "3"), ("sea", "2")]
    assert [item.find("a").get("href") for item in tags] == ["tags/ai/", "tags/sea/"]  # type: ignore[union-attr]


def test_the_home_page_begins_with_the_newest_changes(parse: Parse) -> None:
    versions = [
        make_server(
            f"com.example/s{day}", published=f"2026-03-{day:02}T00:00:00Z", updated=f"2026-05-{day:02}T00:00:00Z"
        )
        for day in range(1, 10)
    ]
    old = make_server("com.example/mended", published="2020-01-01T00:00:00Z", updated="2026-06-01T00:00:00Z")
    home = parse(page_text(render_site(make_catalog(*versions, old)), ""))
    changes = home.findall(".//ol[@class='changes']/li")
    assert [(item.findtext("time"), item.findtext(".//a/bdi")) for item in changes[:3]] == [
        ("2026-06-01", "mended"),
        ("2026-05-09", "s9"),
        ("2026-05-08", "s8"),
    ]


def test_an_empty_registry_says_so() -> None:
    site = render_site(make_catalog())
    assert "Nothing has been published here yet." in page_text(site, "")
    assert "Nothing has been published here yet." in page_text(site, "servers/")


def test_the_home_page_names_the_address_that_clients_need() -> None:
    catalogs, site = full_site()
    assert "<code>https://x.example/base</code>" in page_text(site, "")
    assert "<code>https://x.example/base/registry/team</code>" in page_text(site, "registry/team/")
    assert "Address for clients" not in page_text(render_site(catalogs[0]), "")


def visible_text(page: Element) -> str:
    return " ".join(" ".join(page.itertext()).split())


def test_an_entry_page_shows_what_people_decide_by(parse: Parse) -> None:
    _, site = full_site()
    page = parse(page_text(site, WEATHER))
    text = visible_text(page)
    for shown in (
        "Weather com.example / weather",
        "Weather forecasts for harbours",
        "Version 2.0.0 Published 2026-05-01",
        "Repository example.org/weather",
        "Folder mcp",
        "Website weather.example",
        "npm @acme/weather 2.0.0",
        "KEY required secret Yours",
        "UNIT default metric one of metric imperial",
        "sse https://weather.example/mcp",
        "X-Key",
        "sea wind",
        "Tier Official not verified",
        "ToolHive ghcr.io/acme/weather:2",
        "EXTRA",
        "next_tide",
        "Reads /data",
        "Source repository https://example.org/r",
        "About Long text",
        "Read me first Text with a link .",
        "3 older versions",
        "The registry has not verified it.",
    ):
        assert shown in text, shown
    assert len(page.findall(".//tbody/tr")) == 13


def test_links_out_of_an_entry_page_say_that_we_do_not_vouch_for_them(parse: Parse) -> None:
    _, site = full_site()
    page = parse(page_text(site, WEATHER))
    outward = [link for link in page.iter("a") if link.get("href", "").startswith("http")]
    assert len(outward) >= 4
    assert {link.get("rel") for link in outward} == {"noopener nofollow ugc"}


def test_a_deprecated_entry_says_so_with_the_reason(parse: Parse) -> None:
    entry = weather(status="deprecated", message="Use com.example/tides")
    site = render_site(make_catalog(entry))
    notice = parse(page_text(site, WEATHER)).find(".//p[@class='notice']")
    assert notice is not None
    assert visible_text(notice) == "deprecated Use com.example/tides"
    assert "deprecated" in visible_text(parse(page_text(site, "servers/")))


def test_a_newest_version_that_was_deleted_is_named_with_the_reason(parse: Parse) -> None:
    old = make_server(version="0.9.0", latest=False, published="2026-01-01T00:00:00Z", status="deleted", message="Old")
    new = make_server(version="3.0.0", latest=False, published="2026-09-01T00:00:00Z", status="deleted", message="Leak")
    entry = weather()._replace(deleted=(new, old))
    page = parse(page_text(render_site(make_catalog(entry)), WEATHER))
    notice = page.find(".//p[@class='notice']")
    assert notice is not None
    assert visible_text(notice) == "deleted The newest version, 3.0.0 , was deleted; this page shows 2.0.0 . Leak"
    rows = page.findall(".//tbody/tr")
    assert visible_text(rows[0]) == "3.0.0 deleted Leak 2026-09-01"
    assert rows[0].find(".//a") is None
    assert visible_text(rows[-1]) == "0.9.0 deleted Old 2026-01-01"
    only_old = render_site(make_catalog(weather()._replace(deleted=(old,))))
    assert "notice" not in page_text(only_old, WEATHER)


def test_a_deleted_version_that_changes_changes_the_page() -> None:
    def deleted(message: str) -> Entry:
        return weather()._replace(deleted=(make_server(version="3.0.0", status="deleted", message=message),))

    changed = changed_keys(recipes_of(deleted("a")), recipes_of(deleted("b")))
    assert changed == {"default/html/server/com.example/weather"}


def test_claims_that_nobody_checked_are_marked(parse: Parse) -> None:
    page = parse(page_text(full_site()[1], WEATHER))
    for identifier in ("permissions", "provenance"):
        heading = page.find(f".//h2[@id='{identifier}']")
        assert heading is not None
        assert visible_text(heading).endswith("not verified")


def test_an_active_entry_has_no_notice() -> None:
    assert "notice" not in page_text(render_site(make_catalog(weather())), WEATHER)


def test_a_skill_shows_licence_and_packages(parse: Parse) -> None:
    text = visible_text(parse(page_text(render_site(make_catalog(SKILL)), "skills/com.example/git-helper/")))
    for shown in (
        "Licence Apache-2.0",
        "Works with Any client",
        "Allowed tools Read",
        "Git https://example.org/skills",
    ):
        assert shown in text


def test_versions_link_to_their_documents_as_the_host_has_them() -> None:
    assert 'href="../../../v0.1/servers/com.example/weather/versions/2.0.0">' in page_text(
        render_site(make_catalog(weather())), WEATHER
    )
    plain = page_text(render_site(make_catalog(weather()), document_suffix=".json"), WEATHER)
    assert 'href="../../../v0.1/servers/com.example/weather/versions/2.0.0.json">' in plain
    assert 'href="../../../v0.1/servers/com.example/weather/versions.json">' in plain


def test_the_navigation_leads_to_kinds_and_pages_in_their_order(parse: Parse) -> None:
    _, site = full_site()
    navigation = parse(page_text(site, "guide/")).find(".//nav[@aria-label='Site']")
    assert navigation is not None
    links = list(navigation.iter("a"))
    assert [link.get("href") for link in links] == [
        "../servers/",
        "../skills/",
        "../plugins/",
        "../use/",
        "../about/",
        "../guide/",
    ]
    assert [link.get("href") for link in links if link.get("aria-current")] == ["../guide/"]


def test_a_page_of_the_site_takes_the_place_of_the_one_that_says_how_to_use_it(parse: Parse) -> None:
    site = render_site(make_catalog(make_server()), pages=[ContentPage.of("use", "# Ask us\n\nBy telephone.")])
    page = parse(page_text(site, "use/"))
    assert page.findtext(".//h1") == "Ask us"
    assert [link.text for link in page.iter("bdi") if link.text in {"Use", "Ask us"}] == ["Ask us"]


def test_the_page_of_use_has_the_address_of_its_registry() -> None:
    catalogs = (make_catalog(make_server()), make_catalog(make_server(), registry="team", is_default=False))
    site = render_site(*catalogs, base_url="https://mcp.example/harbour", legacy_api=True)
    default, team = page_text(site, "use/"), page_text(site, "registry/team/use/")
    assert "<code>https://mcp.example/harbour</code>" in default
    assert "https://mcp.example/harbour/v0/servers" in default
    assert "<code>https://mcp.example/harbour/registry/team</code>" in team
    assert "/v0/servers" not in team
    assert "without its own address" not in default + team


def test_pages_of_a_further_registry_lead_to_it_and_to_the_site(parse: Parse) -> None:
    page = parse(page_text(full_site()[1], "registry/team/servers/com.example/only-here/"))
    crumbs = page.find(".//nav[@aria-label='Breadcrumb']")
    assert crumbs is not None
    assert [(link.text, link.get("href")) for link in crumbs] == [
        ("team", "../../../../../registry/team/"),
        ("Servers", "../../../../../registry/team/servers/"),
    ]
    assert page.find(".//a[@class='site']").get("href") == "../../../../../"  # type: ignore[union-attr]
    footer = page.find(".//nav[@aria-label='Registries']")
    assert footer is not None
    assert [(link.text, link.get("aria-current")) for link in footer.iter("a")] == [("default", None), ("team", "true")]


def test_references_between_markdown_files_lead_to_their_pages() -> None:
    guide = page_text(full_site()[1], "guide/")
    assert '<a href="../about/#why">about</a>' in guide
    assert '<a href="../servers/">the list</a>' in guide


def test_a_reference_to_a_markdown_file_that_is_no_page_keeps_its_words() -> None:
    site = render_site(make_catalog(), pages=[ContentPage.of("about", "# A\n\n[gone](gone.md)")])
    assert "<p>gone</p>" in page_text(site, "about/")


def test_the_first_line_of_a_markdown_page_is_its_title() -> None:
    assert ContentPage.of("about", "\ufeff# About us\r\n\r\nText") == ContentPage(
        slug="about", title="About us", markdown="\r\nText"
    )
    assert ContentPage.of("house-rules", "Text").title == "House rules"


@pytest.mark.parametrize("slug", ["", "../x", "a/b", "javascript:x", "A B"])
def test_a_page_whose_name_cannot_be_an_address_is_refused(slug: str) -> None:
    with pytest.raises(InvalidNameError):
        ContentPage.of(slug, "text")


def test_the_page_for_misses_works_at_any_depth(parse: Parse) -> None:
    _, site = full_site()
    links = links_of(parse(page_text(site, "404.html")))
    assert "/base/" in links
    assert "/base/servers/" in links
    assert all(link.startswith(("/base/", "#")) for link in links)


def test_at_the_root_of_a_host_the_page_for_misses_begins_there(parse: Parse) -> None:
    for base_path in ("", "/"):
        links = links_of(parse(page_text(render_site(make_catalog(), base_path=base_path), "404.html")))
        assert "/servers/" in links


@pytest.mark.parametrize("base_path", ["/base", "/base/", "base", "/a/b/"])
def test_the_page_for_misses_has_no_empty_step_in_its_links(parse: Parse, base_path: str) -> None:
    links = links_of(parse(page_text(render_site(make_catalog(), base_path=base_path), "404.html")))
    assert f"/{base_path.strip('/')}/servers/" in links
    assert not [link for link in links if "//" in link]


def test_other_pages_have_relative_links_only(parse: Parse) -> None:
    _, site = full_site()
    for address, artifact in site.items():
        if "html" in artifact.media_type and address != "404.html":
            assert not [link for link in links_of(parse(artifact.body.decode())) if link.startswith("/")], address


def test_pages_allow_the_sites_own_scripts_and_requests_and_no_others(parse: Parse) -> None:
    _, site = full_site()
    for artifact in site.values():
        if "html" in artifact.media_type:
            page = parse(artifact.body.decode())
            policy = page.find(".//meta[@http-equiv='Content-Security-Policy']")
            assert policy is not None
            rules = dict(rule.split(" ", 1) for rule in policy.get("content", "").split("; "))
            own = ("script-src", "connect-src", "style-src", "img-src", "form-action")
            assert rules == {"default-src": "'none'", "base-uri": "'none'", **dict.fromkeys(own, "'self'")}
            # Inline data is no program; a program is a file of the site.
            programs = [script for script in page.iter("script") if script.get("type") != "application/json"]
            assert all(script.get("src", "").startswith(("../", "assets/")) for script in programs)
            assert not [element for element in page.iter() if "style" in element.attrib]


def test_the_theme_of_the_site_is_fixed_on_request() -> None:
    assert "data-theme" not in page_text(render_site(make_catalog()), "")
    assert '<html lang="en" data-theme="dark">' in page_text(render_site(make_catalog(), theme="dark"), "")


def test_the_stylesheet_is_small_and_called_after_its_bytes() -> None:
    def stylesheet(**site: object) -> Artifact:
        return next(a for address, a in render_site(make_catalog(), **site).items() if address.endswith(".css"))

    plain, blue = stylesheet(), stylesheet(accent="#0000ff")
    assert plain.address != blue.address
    assert b"#0000ff" in blue.body
    assert re.fullmatch(r"assets/style\.[0-9a-f]{10}\.css", plain.address)
    assert len(plain.body) < 24_000
    assert b"url(" not in plain.body


def test_the_same_input_gives_the_same_bytes() -> None:
    assert full_site()[1] == full_site()[1]
    recipes = [{key: group.recipe for key, group in site_groups(*full_site()[0]).items()} for _ in range(2)]
    assert recipes[0] == recipes[1]


def recipes_of(*entries: Entry, **settings: object) -> dict[str, bytes]:
    return {key: group.recipe for key, group in site_groups(make_catalog(*entries), **settings).items()}


def changed_keys(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


@pytest.mark.parametrize(
    "fields",
    [{"title": "Other"}, {"status": "deprecated"}, {"message": "Broken"}, {"updated": "2026-07-01T00:00:00Z"}],
)
def test_a_changed_entry_changes_its_page_and_the_lists_only(fields: dict[str, str]) -> None:
    other = make_entry(make_server("com.example/other"))
    changed = changed_keys(recipes_of(weather(), other), recipes_of(weather(**fields), other))
    changed -= {"default/search/names/first", "default/search/texts/first"}
    lists = {"server", "home", "namespace/com.example", "tag/sea", "tag/wind"}
    assert changed == {"default/html/server/com.example/weather", *(f"default/html/{key}" for key in lists)}


def test_a_changed_read_me_changes_one_page_only() -> None:
    version = make_server()
    before, after = recipes_of(make_entry(version, readme="a")), recipes_of(make_entry(version, readme="b"))
    assert changed_keys(before, after) == {"default/html/server/com.example/weather"}


def test_a_changed_older_version_changes_its_page() -> None:
    newest, old = make_server(version="2.0.0"), {"version": "1.0.0", "latest": False}
    before = recipes_of(make_entry(newest, make_server(**old)))
    after = recipes_of(make_entry(newest, make_server(**old, message="Broken", status="deprecated")))
    assert changed_keys(before, after) == {"default/html/server/com.example/weather", "default/search/names/first"}


def test_a_new_entry_leaves_the_pages_of_others_and_most_lists_alone() -> None:
    draw = random.Random(11)
    names = {f"com.p{draw.randrange(400)}/{draw.choice(string.ascii_lowercase)}{draw.random()}" for _ in range(2_500)}
    servers = [make_entry(make_server(name, tags=(f"t{number % 300}",))) for number, name in enumerate(sorted(names))]
    before = recipes_of(*servers)
    assert len([key for key in before if "/_pages/" in key]) > 20
    for number in range(5):
        name = f"com.p7/{draw.choice(string.ascii_lowercase)}{draw.random()}"
        new = make_entry(make_server(name, published="2020-01-01T00:00:00Z", tags=(f"t{number}",)))
        changed = changed_keys(before, recipes_of(*servers, new)) - {f"default/html/server/{name}"}
        assert not [key for key in changed if key.startswith("default/html/server/com")]
        # Where it lands, at worst a border that moves and what leads to it; counts on first pages; the index.
        assert len([key for key in changed if "/_pages/" in key]) <= 4
        assert len([key for key in changed if "/search" in key]) <= 6
        assert len(changed) <= 16


def test_a_new_version_changes_one_part_of_each_kind_of_list() -> None:
    servers = [make_entry(make_server(f"com.p{number % 50}/{number:04}x", tags=("a",))) for number in range(3_000)]
    newer = make_entry(
        make_server("com.p7/0007x", version="2.0.0", tags=("a",)), make_server("com.p7/0007x", latest=False)
    )
    before = recipes_of(*servers)
    changed = changed_keys(before, recipes_of(*servers[:7], newer, *servers[8:]))
    assert "default/html/server/com.p7/0007x" in changed
    kinds = Counter(re.sub(r"/_pages.*|(?<=search/.....)/.*", "", key.removeprefix("default/")) for key in changed)
    assert kinds.keys() >= {"search/names", "search/texts"}
    assert kinds.keys() <= {
        "search/names",
        "search/texts",
        "html/server/com.p7/0007x",
        "html/server",
        "html/home",
        "html/tag/a",
        "html/namespace/com.p7",
    }
    assert set(kinds.values()) == {1}


@pytest.mark.parametrize(
    "settings",
    [
        {"fingerprint": b"2"},
        {"title": "Other"},
        {"accent": "#00ff00"},
        {"theme": "dark"},
        {"pages": (ContentPage.of("about", "# A"),)},
    ],
)
def test_what_all_pages_show_changes_all_pages(settings: dict[str, object]) -> None:
    before, after = recipes_of(weather()), recipes_of(weather(), **settings)
    pages = {key for key in before if "html/assets" not in key and "/search" not in key}
    assert pages <= changed_keys(before, after)


def test_assets_are_written_before_pages_and_lists_after_them() -> None:
    stages = {key: group.stage for key, group in site_groups(make_catalog(weather())).items()}
    assert stages["html/assets/style.css"] == "leaf"
    assert stages["default/html/server/com.example/weather"] == "page"
    assert stages["default/html/server"] == stages["default/html/home"] == "list"


def test_a_site_can_replace_a_single_template() -> None:
    own = {"page.html": '{% extends "layout.html" %}{% block main %}<h1>Ours: {{ view.title }}</h1>{% endblock %}'}
    site = render_site(make_catalog(), pages=[ContentPage.of("about", "# A <b>")], overrides=own)
    assert "<h1>Ours: A &lt;b&gt;</h1>" in page_text(site, "about/")


def test_a_template_that_is_no_template_is_reported_with_its_line() -> None:
    with pytest.raises(ConfigError, match=r"^templates: home\.html:2: "):
        make_renderer(overrides={"home.html": "<p>\n{% if %}"})


def test_a_template_that_asks_for_what_it_does_not_get_is_reported() -> None:
    with pytest.raises(ConfigError, match=r"^templates: home\.html: .*no attribute 'entries'"):
        render_site(make_catalog(), overrides={"home.html": "{{ view.entries }}"})


def test_a_missing_template_is_reported() -> None:
    environment = make_environment(jinja2.DictLoader({}))
    with pytest.raises(ConfigError, match=r"^templates: 404\.html is missing$"):
        HtmlRenderer(environment, SiteView(title="x"), fingerprint=b"", assets={"style.css": b""})


def test_all_templates_of_the_site_are_read_at_once_and_others_when_they_are_filled() -> None:
    broken = {"home.html": "{% if %}", "list.html": "{% for %}"}
    with pytest.raises(ConfigError, match=r"^templates: home\.html:1: "):
        make_renderer(overrides=broken, own={"home.html"})
    with pytest.raises(ConfigError, match=r"^templates: list\.html:1: "):
        make_renderer(overrides=broken, own={"list.html"})
    groups = site_groups(make_catalog(weather()), overrides=broken, own=set())
    assert list(groups["default/html/use"].render())
    with pytest.raises(ConfigError, match=r"^templates: home\.html:1: "):
        list(groups["default/html/home"].render())


def test_a_missing_stylesheet_and_unknown_assets_are_reported() -> None:
    with pytest.raises(ConfigError, match=r"assets/style\.css is missing"):
        published_assets({})
    with pytest.raises(ConfigError, match=r"assets/page\.exe is none of css"):
        published_assets({"style.css": b"", "page.exe": b""})


def test_parts_of_the_stylesheet_make_one_file_with_it() -> None:
    assets = published_assets({"style-b.css": b"b", "style.css": b"a", "style-a.css": b"c", "icon.svg": b"<svg/>"})
    assert assets["style.css"].body == b"acb"
    assert sorted(assets) == ["icon.svg", "style.css"]
