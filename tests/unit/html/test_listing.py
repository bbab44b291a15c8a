from __future__ import annotations

import random

import pytest

import hostile
from fakes_catalog import make_catalog, make_entry, make_server, make_skill
from regpress.html.links import Links
from regpress.html.listing import SHORT_LIST, Items, Listing, display_title, row_of
from regpress.html.paging import LIST_SIZE
from regpress.model.entry import Entry


def entry(name: str, title: str = "") -> Entry:
    return make_entry(make_server(name, **({"title": title} if title else {})))


def many(count: int) -> list[Entry]:
    words = random.Random(7)
    return [
        entry(f"com.example/server-{number}", f"{words.choice('abcdefgxyz')}{words.random()}")
        for number in range(count)
    ]


def listing_of(entries: list[Entry], base: str = "servers/", *, mixed: bool = False) -> Listing:
    items = Items(make_catalog(*entries))
    return Listing(base, items, items.ordered(range(len(entries))), mixed=mixed)


def names(listing: Listing) -> list[str]:
    return [listing.items.names[at] for page in range(len(listing.paging.pages)) for at in listing.on_page(page)]


def addresses(listing: Listing) -> list[str]:
    return [page.address for page in listing.paging.pages]


def test_entries_are_ordered_by_what_readers_call_them() -> None:
    titled = [
        entry("z.example/a", "zebra"),
        entry("z.example/b", "apple"),
        entry("a.example/pear"),
        entry("z.example/c", "Éclair"),
        entry("z.example/d", "42 things"),
        entry("z.example/e", "(Banana)"),
        entry("z.example/f", "日本語"),
        entry("z.example/g", "🌊"),
    ]
    titled += [entry(f"z.example/z{number}") for number in range(SHORT_LIST)]
    letters = listing_of(titled).letters(Links(""), 0)
    assert [(letter.label, [row.title for row in letter.rows]) for letter in letters] == [
        ("0-9", ["42 things"]),
        ("A", ["apple"]),
        ("B", ["(Banana)"]),
        ("E", ["Éclair"]),
        ("P", ["pear"]),
        ("Z", sorted(["zebra", *(f"z{number}" for number in range(SHORT_LIST))])),
        ("…", ["日本語", "🌊"]),
    ]


@pytest.mark.parametrize(
    "others",
    [(), ("Éclair", "İstanbul"), (" edge ",), ("a\nb", "c"), ("\x1f", "\x00", "\x7fx"), ("", "(((", "9 lives", "ß")],
)
def test_titles_looked_at_together_are_what_each_is_alone(others: tuple[str, ...]) -> None:
    titles = ["Plain", *others, *hostile.ATTACKS[: len(others)], "plain"]
    entries = [entry(f"com.example/n{number:02}", title) for number, title in enumerate(titles)]
    items = Items(make_catalog(*entries))
    assert items.titles == list(map(display_title, entries))
    assert items.keys == [Items(make_catalog(alone)).keys[0] for alone in entries]


def test_a_few_entries_stand_together_without_letters() -> None:
    listing = listing_of([entry(f"com.example/{letter}") for letter in "abc"])
    assert [(view.label, len(view.rows)) for view in listing.letters(Links(""), 0)] == [("", 3)]
    assert listing.jumps(Links(""), 0) == ()


def test_entries_with_one_title_are_ordered_by_name() -> None:
    assert names(listing_of([entry("b.example/x", "T"), entry("a.example/x", "T")])) == ["a.example/x", "b.example/x"]


def test_an_empty_list_has_one_page() -> None:
    listing = listing_of([])
    assert addresses(listing) == ["servers/"]
    assert listing.letters(Links(""), 0) == ()
    assert listing.paging.jumps(Links("")) == ()


@pytest.mark.parametrize("count", [1, LIST_SIZE, LIST_SIZE + 1, 25 * LIST_SIZE])
def test_pages_hold_every_entry_once_and_none_is_too_long(count: int) -> None:
    listing = listing_of(many(count))
    assert sorted(names(listing)) == sorted(f"com.example/server-{number}" for number in range(count))
    assert names(listing) == [listing.items.names[at] for at in listing.positions]
    assert all(len(listing.on_page(page)) <= LIST_SIZE for page in range(len(listing.paging.pages)))
    assert len(set(addresses(listing))) == len(listing.paging.pages)


def test_there_is_nothing_before_the_first_and_after_the_last_page() -> None:
    paging = listing_of(many(LIST_SIZE * 2)).paging
    assert paging.address(-1) == paging.address(len(paging.pages)) == ""


def test_a_long_list_has_a_page_of_its_own_for_each_letter() -> None:
    listing = listing_of(many(LIST_SIZE * 2))
    assert addresses(listing) == ["servers/", *(f"servers/_pages/{letter}/" for letter in "bcdefgxyz")]
    other = listing_of([*many(LIST_SIZE), entry("com.example/a", "1"), entry("com.example/b", "語")])
    assert addresses(other)[:2] == ["servers/", "servers/_pages/a/"]
    assert addresses(other)[-1] == "servers/_pages/other/"


def test_a_new_entry_changes_the_parts_of_the_pages_around_it_only() -> None:
    before = many(LIST_SIZE * 30)
    parts = parts_of(listing_of(before))
    for number in range(10):
        title = f"{'abcdefgxyz'[number]}{number / 10}"
        after = parts_of(listing_of([*before, entry("com.example/new", title)]))
        changed = {address for address in parts.keys() | after.keys() if parts.get(address) != after.get(address)}
        # The first page says how many there are; a border that moves concerns two pages, their neighbours and the
        # first page of the letter.
        assert len(changed) <= 6


def parts_of(listing: Listing) -> dict[str, list[bytes]]:
    return {page.address: list(listing.parts(number)) for number, page in enumerate(listing.paging.pages)}


def test_letters_lead_to_the_page_where_they_begin() -> None:
    listing = listing_of(many(LIST_SIZE * 30), "registry/team/servers/")
    letters = dict(listing.paging.letters)
    assert [link.href for link in listing.paging.jumps(Links.of(""))] == list(letters.values())
    for number, page in enumerate(listing.paging.pages):
        shown = {letter.label for letter in listing.letters(Links(""), number)}
        assert shown == {page.letter.upper()}
        assert page.begins == (page.address in letters.values())


def test_the_first_page_of_a_letter_leads_to_its_other_pages() -> None:
    listing = listing_of(many(LIST_SIZE * 30))
    for number, page in enumerate(listing.paging.pages):
        siblings = listing.siblings(Links(""), number)
        alike = [other.address for other in listing.paging.pages if other.letter == page.letter]
        assert len(alike) > 1
        assert [link.href for link in siblings] == (alike if page.begins else [])
        assert [link.current for link in siblings][:1] == ([True] if page.begins else [])


def test_letters_of_the_page_itself_need_no_other_page() -> None:
    listing = listing_of([entry("a.example/x")])
    assert [link.href for link in listing.paging.jumps(Links.of("servers/"), 0)] == ["#letter-x"]


def test_what_stands_for_an_entry_in_lists_tells_kinds_with_one_name_and_document_apart() -> None:
    skill, plugin = make_skill("com.example/one"), make_skill("com.example/one")._replace(kind="plugin")
    assert Items(make_catalog(skill)).part([0]) != Items(make_catalog(plugin)).part([0])


def test_a_row_says_what_readers_choose_by() -> None:
    version = make_server(
        "com.example/tides", title="Tides", version="2.0.0", status="deprecated", updated="2026-06-01T23:00:00-02:00"
    )
    (only,) = make_catalog(version).of("server")
    row = row_of(only, Links.of("servers/"), "")
    assert row.href == "../servers/com.example/tides/"
    assert (row.title, row.name, row.version, row.status) == ("Tides", "com.example/tides", "2.0.0", "deprecated")
    assert (row.initial, row.date) == ("T", "2026-06-02")


def test_rows_of_a_mixed_list_say_what_is_no_server() -> None:
    kinds = [
        row_of(make_entry(version), Links(""), "", mixed=mixed).kind
        for version in (make_server(), make_skill())
        for mixed in (False, True)
    ]
    assert kinds == ["", "", "", "skill"]
