from __future__ import annotations

from collections.abc import Callable
from xml.etree.ElementTree import Element

from fakes_catalog import make_catalog, make_server, make_skill
from html_site import page_text, render_site, site_groups
from regpress.model.entry import EntryVersion

Parse = Callable[[str], Element]

CATALOG = make_catalog(
    make_server("com.example/one"),
    make_skill("com.example/two"),
    make_server("io.github.acorn/alone"),
    make_server("org.apple/x"),
    make_server("Org.Apple/y"),
)


def terms(page: Element) -> list[tuple[str | None, str | None, str | None]]:
    return [
        (item.findtext("a/bdi"), item.find("a").get("href"), item.findtext("span"))  # type: ignore[union-attr]
        for item in page.findall(".//ul[@class='terms']/li")
    ]


def test_namespaces_stand_in_the_order_of_the_names_that_people_know_and_lead_to_their_entries(parse: Parse) -> None:
    page = parse(page_text(render_site(CATALOG), "namespaces/"))
    assert terms(page) == [
        ("io.github.acorn", "../servers/io.github.acorn/alone/", "1"),
        ("org.apple", "../namespaces/org.apple/", "2"),
        ("com.example", "../namespaces/com.example/", "2"),
    ]
    assert [heading.text for heading in page.findall(".//h2")] == ["A", "E"]


def test_a_namespace_with_several_entries_has_a_page_with_all_kinds(parse: Parse) -> None:
    page = parse(page_text(render_site(CATALOG), "namespaces/com.example/"))
    assert page.findtext(".//h1/bdi") == "com.example"
    rows = page.findall(".//ul[@class='cards']/li")
    assert [(row.findtext(".//h2/a/bdi"), row.findtext(".//h2/span")) for row in rows] == [
        ("one", None),
        ("two", "skill"),
    ]
    assert rows[1].find(".//a").get("href") == "../../skills/com.example/two/"  # type: ignore[union-attr]


def test_spellings_of_a_namespace_are_one_page(parse: Parse) -> None:
    page = parse(page_text(render_site(CATALOG), "namespaces/org.apple/"))
    assert [row.findtext(".//h2/a/bdi") for row in page.findall(".//ul[@class='cards']/li")] == ["x", "y"]


def test_every_namespace_has_a_page_on_request(parse: Parse) -> None:
    site = render_site(CATALOG, namespace_pages_from=1)
    assert "namespaces/io.github.acorn/" in site
    assert terms(parse(page_text(site, "namespaces/")))[0][1] == "../namespaces/io.github.acorn/"
    assert "namespaces/io.github.acorn/" not in render_site(CATALOG)


def test_the_page_of_an_entry_leads_to_its_namespace_where_that_has_a_page(parse: Parse) -> None:
    site = render_site(CATALOG)
    link = parse(page_text(site, "servers/Org.Apple/y/")).find(".//header/div//p[@class='name']/a")
    assert link is not None
    assert link.get("href") == "../../../namespaces/org.apple/"
    alone = parse(page_text(site, "servers/io.github.acorn/alone/"))
    assert alone.find(".//header/div//p[@class='name']/a") is None


def test_a_second_entry_of_a_namespace_gives_the_page_of_the_first_its_link() -> None:
    def recipe_of_first(*others: EntryVersion) -> bytes:
        groups = site_groups(make_catalog(make_server("com.example/one"), *others))
        return groups["default/html/server/com.example/one"].recipe

    alone, two = recipe_of_first(), recipe_of_first(make_server("com.example/two"))
    assert alone != two
    assert two == recipe_of_first(make_server("com.example/two"), make_server("com.example/three"))
