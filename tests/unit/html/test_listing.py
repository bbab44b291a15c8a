from __future__ import annotations

import random

import pytest

from fakes_catalog import make_catalog, make_entry, make_server
from regpress.html.links import Links
from regpress.html.listing import LIST_SIZE, Listing, row_of
from regpress.model.entry import Entry


def entry(name: str, title: str = "") -> Entry:
    return make_entry(make_server(name, **({"title": title} if title else {})))


def many(count: int) -> list[Entry]:
    words = random.Random(7)
    return [
        entry(f"com.example/server-{number}", f"{words.choice('abcdefgxyz')}{words.random()}")
        for number in range(count)
    ]


def names(listing: Listing) -> list[str]:
    return [str(item.name) for page in range(len(listing.pages)) for item in listing.on_page(page)]


def addresses(listing: Listing) -> list[str]:
    return [listing.address(page) for page in range(len(listing.pages))]


def test_entries_are_ordered_by_what_readers_call_them() -> None:
    titled = [
        entry("z.example/a", "Zebra"),
        entry("z.example/b", "apple"),
        entry("a.example/pear"),
        entry("z.example/c", "Éclair"),
        entry("z.example/d", "42 things"),
        entry("z.example/e", "(Banana)"),
        entry("z.example/f", "日本語"),
        entry("z.example/g", "🌊"),
    ]
    listing = Listing("", "server", titled)
    letters = listing.letters(Links(""), 0)
    assert [(letter.label, [row.title for row in letter.rows]) for letter in letters] == [
        ("0-9", ["42 things"]),
        ("A", ["apple"]),
        ("B", ["(Banana)"]),
        ("E", ["Éclair"]),
        ("P", ["pear"]),
        ("Z", ["Zebra"]),
        ("…", ["日本語", "🌊"]),
    ]


def test_entries_with_one_title_are_ordered_by_name() -> None:
    assert names(Listing("", "server", [entry("b.example/x", "T"), entry("a.example/x", "T")])) == [
        "a.example/x",
        "b.example/x",
    ]


def test_an_empty_list_has_one_page() -> None:
    listing = Listing("", "server", [])
    assert addresses(listing) == ["servers/"]
    assert listing.letters(Links(""), 0) == ()
    assert listing.jumps == ()


@pytest.mark.parametrize("count", [1, LIST_SIZE, LIST_SIZE + 1, 5 * LIST_SIZE])
def test_pages_hold_every_entry_once_and_none_is_too_long(count: int) -> None:
    listing = Listing("", "server", many(count))
    assert sorted(names(listing)) == sorted(f"com.example/server-{number}" for number in range(count))
    assert all(len(listing.on_page(page)) <= LIST_SIZE for page in range(len(listing.pages)))
    assert len(set(addresses(listing))) == len(listing.pages)


def test_there_is_nothing_before_the_first_and_after_the_last_page() -> None:
    listing = Listing("", "server", many(LIST_SIZE * 2))
    assert listing.address(-1) == listing.address(len(listing.pages)) == ""


def test_a_new_entry_leaves_the_addresses_of_most_pages_as_they_were() -> None:
    before = many(LIST_SIZE * 6)
    for number in range(10):
        title = f"{'abcdefgxyz'[number]}{number / 10}"
        after = Listing("", "server", [*before, entry("com.example/new", title)])
        changed = set(addresses(after)) ^ set(addresses(Listing("", "server", before)))
        assert len(changed) <= 3


def test_letters_lead_to_the_page_where_they_begin() -> None:
    listing = Listing("registry/team/", "skill", many(LIST_SIZE * 3))
    for jump, link in zip(listing.jumps, listing.jump_links(Links.of("")), strict=True):
        page, _, fragment = link.href.partition("#")
        assert page == listing.address(jump.page)
        assert fragment in {letter.id for letter in listing.letters(Links(""), jump.page)}
        assert all(
            fragment != letter.id for earlier in range(jump.page) for letter in listing.letters(Links(""), earlier)
        )


def test_letters_of_the_page_itself_need_no_other_page() -> None:
    listing = Listing("", "server", [entry("a.example/x")])
    assert [link.href for link in listing.jump_links(Links.of("servers/"), page=0)] == ["#letter-x"]


def test_a_row_says_what_readers_choose_by() -> None:
    version = make_server(
        "com.example/tides", title="Tides", version="2.0.0", status="deprecated", updated="2026-06-01T23:00:00-02:00"
    )
    (only,) = make_catalog(version).of("server")
    row = row_of(only, Links.of("servers/"), "")
    assert row.href == "../servers/com.example/tides/"
    assert (row.title, row.name, row.version, row.status) == ("Tides", "com.example/tides", "2.0.0", "deprecated")
    assert (row.initial, row.date) == ("T", "2026-06-02")
