from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree.ElementTree import Element

import pytest

import hostile
from fakes_catalog import make_catalog, make_entry, make_server
from html_site import page_text, render_site
from regpress.html.site import ContentPage
from regpress.model.artifact import Artifact

Parse = Callable[[str], Element]


@pytest.fixture(scope="module")
def site() -> dict[str, Artifact]:
    return render_site(
        hostile.hostile_catalog(), pages=hostile.hostile_pages(), title=hostile.MARKUP, description=hostile.CONTROLS
    )


@pytest.fixture(scope="module")
def trees(site: dict[str, Artifact], parse: Parse) -> dict[str, Element]:
    return {
        address: parse(artifact.body.decode()) for address, artifact in site.items() if "html" in artifact.media_type
    }


def test_pages_of_hostile_documents_are_valid_html(trees: dict[str, Element]) -> None:
    tags, lists = (
        len(hostile.ATTACKS),
        len(("", "servers/", "skills/", "tags/", "namespaces/", "namespaces/com.example/")),
    )
    assert len(trees) == 3 * len(hostile.ATTACKS) + tags + lists + len(("many", "use", "404"))


def test_no_text_becomes_an_element_that_acts_or_loads(trees: dict[str, Element]) -> None:
    allowed_images = {"link"}
    for address, tree in trees.items():
        tags = {str(element.tag) for element in tree.iter() if not _is_ours(element)}
        assert not tags & {"script", "iframe", "svg", "img", "object", "base", "style"}, address
        assert {form.get("role") for form in tree.iter("form")} == {"search"}, address
        assert len(list(tree.iter("form"))) == 1, address
        loads = {
            element.tag
            for element in tree.iter()
            if ("src" in element.attrib or "srcset" in element.attrib) and not _is_ours(element)
        }
        assert not loads - allowed_images, address


def _is_ours(element: Element) -> bool:
    """Return whether an element is the script that the layout loads for the page, or data for one."""
    if element.get("type") == "application/json":
        return element.tag == "script" and "src" not in element.attrib
    return element.tag == "script" and re.fullmatch(r"(\.\./)*assets/\w+\.\w+\.js", element.get("src", "")) is not None


def test_no_text_becomes_an_event_handler_or_style(trees: dict[str, Element]) -> None:
    for address, tree in trees.items():
        names = {name for element in tree.iter() for name in element.attrib}
        assert not [name for name in names if name.startswith("on") or name == "style"], address


def test_no_link_runs_a_script(trees: dict[str, Element]) -> None:
    for address, tree in trees.items():
        for link in tree.iter("a"):
            scheme = link.get("href", "").partition(":")[0].lower()
            assert scheme in {"http", "https"} or ":" not in link.get("href", ""), (address, link.get("href"))


def test_pages_load_nothing_but_our_assets(trees: dict[str, Element]) -> None:
    for tree in trees.values():
        assert {link.get("rel") for link in tree.iter("link")} == {"stylesheet", "icon"}
        assert all("assets/" in link.get("href", "") for link in tree.iter("link"))


def test_hostile_text_is_shown_as_it_is(trees: dict[str, Element]) -> None:
    page = trees["servers/com.example/attack-0/"]
    assert page.findtext(".//h1") == hostile.MARKUP
    assert hostile.MARKUP in [element.text for element in page.iter("code")]


def test_text_of_publishers_cannot_turn_what_stands_around_it(trees: dict[str, Element]) -> None:
    page = trees["servers/com.example/attack-3/"]
    for element in page.iter():
        if element.text and "\u202e" in element.text:
            assert (
                element.tag in {"bdi", "code"}
                or element.get("dir") == "auto"
                or element.tag == "meta"
                or _in_prose(page, element)
            )
    names = [element.text for element in page.iter("code")]
    assert "[U+202E]txt.exe[U+2066][U+200F]" in names
    assert "\u202e" not in (page.findtext("head/title") or "")


def _in_prose(page: Element, element: Element) -> bool:
    return any(element in list(section.iter()) for section in page.iter() if "prose" in section.get("class", ""))


def test_five_hundred_environment_variables_are_all_shown(trees: dict[str, Element]) -> None:
    page = trees["servers/com.example/many/"]
    assert len(page.findall(".//dl[@class='inputs']/div")) == 500


def test_half_of_a_surrogate_pair_does_not_stop_a_page() -> None:
    site = render_site(
        make_catalog(make_entry(make_server(), readme="# a\ud800b\n\nc\udfffd")),
        pages=[ContentPage(slug="about", title="x\ud800", markdown="y\udc00")],
        title="z\ud800",
        description="w\udbff",
    )
    assert "a\ufffdb" in page_text(site, "servers/com.example/weather/")
    assert "y\ufffd" in page_text(site, "about/")
