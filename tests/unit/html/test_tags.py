from __future__ import annotations

import random
import re
from xml.etree.ElementTree import Element

import pytest

import hostile
from fakes_catalog import make_catalog, make_server, make_skill
from html_site import page_text, render_site
from regpress.html.listing import Items
from regpress.html.tags import MOST_TAGS, Tag, slug, tag_key, tags_of
from regpress.model.entry import EntryVersion
from regpress.names import segment_problem, segment_warning


def tags(*versions: EntryVersion) -> list[Tag]:
    return tags_of(Items(make_catalog(*versions)))


@pytest.mark.parametrize(
    ("tag", "expected"), [("ai", "ai"), ("machine-learning", "machine-learning"), ("AI", "ai"), ("  a  b ", "a-b_")]
)
def test_a_plain_tag_is_its_own_address(tag: str, expected: str) -> None:
    assert slug(tag_key(tag)).startswith(expected)


HARD = (
    *hostile.ATTACKS,
    *(
        "a/b",
        "../..",
        ".",
        "..",
        "con",
        "nul",
        "a_b",
        "a.b",
        "C++",
        "C#",
        "語",
        "İ",
        "ß",
        "x" * 41,
        "-",
        "_pages",
        "%2F",
    ),
    *("a" * 10_000, "a" * 9_999, "index.html", "x_" + "0" * 12, "\ud800", "a\nb", "🌊"),
)


def test_any_text_is_an_address_of_its_own_that_every_disk_can_hold() -> None:
    draw = random.Random(3)
    texts = {
        *HARD,
        *("".join(chr(draw.randrange(1, 0x2FFF)) for _ in range(draw.randrange(1, 60))) for _ in range(500)),
    }
    keys = {tag_key(text) for text in texts} - {""}
    slugs = {slug(key) for key in keys}
    assert len(slugs) == len(keys)
    assert len({one.casefold() for one in slugs}) == len(keys)
    for one in slugs:
        assert re.fullmatch(r"[a-z0-9_-]{1,60}", one)
        assert segment_problem(one) is None
        assert segment_warning(one) is None
        assert one != "_pages"


def test_spellings_that_look_alike_are_one_tag_called_after_the_commonest() -> None:
    items = Items(
        make_catalog(
            make_server("com.example/a", tags=("AI",)),
            make_server("com.example/b", tags=("Ai", "ai", " ai ")),
            make_server("com.example/c", tags=("AI",)),
            make_skill("com.example/d", tags=("\uff41\uff49",)),
        )
    )
    (tag,) = tags_of(items)
    assert (tag.key, tag.label, tag.slug) == ("ai", "AI", "ai")
    assert [items.names[at] for at in tag.positions] == [f"com.example/{name}" for name in "abcd"]


def test_of_too_many_tags_the_first_count() -> None:
    assert len(tags(make_server(tags=tuple(f"t{number:03}" for number in range(500))))) == MOST_TAGS


def test_hostile_tags_have_pages_that_say_what_they_are(parse: object) -> None:
    site = render_site(make_catalog(make_server(tags=HARD[: MOST_TAGS - 1])))
    index: Element = parse(page_text(site, "tags/"))  # type: ignore[operator]
    links = index.findall(".//ul[@class='terms']/li/a")
    assert len(links) == len({tag_key(tag) for tag in HARD[: MOST_TAGS - 1]})
    for link in links:
        page: Element = parse(page_text(site, "tags/" + link.get("href", "").removeprefix("../tags/")))  # type: ignore[operator]
        assert page.findtext(".//h1/bdi") == link.findtext("bdi")
        assert len(page.findall(".//ul[@class='cards']/li")) == 1


def test_tags_of_an_entry_lead_to_their_lists(parse: object) -> None:
    site = render_site(make_catalog(make_server(tags=("AI", "a/b", *(f"t{number:02}" for number in range(40))))))
    page: Element = parse(page_text(site, "servers/com.example/weather/"))  # type: ignore[operator]
    items = page.findall(".//header/ul[@class='tags']/li")
    assert len(items) == 42
    hrefs = [link.get("href", "") for item in items if (link := item.find("a")) is not None]
    assert len(hrefs) == MOST_TAGS
    assert hrefs[0] == "../../../tags/ai/"
    assert {href.removeprefix("../../../") for href in hrefs} <= site.keys()
