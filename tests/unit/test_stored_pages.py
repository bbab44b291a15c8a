"""Pages of lists as documents: what is on them, how they hang together, and how few of them a change touches."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import chain

import pytest

from fakes_catalog import make_catalog, make_entry, make_server, make_skill
from fakes_tree import render
from regpress import api, paths
from regpress.pages import is_stored_cursor, list_key, split_key, token
from regpress.stored_pages import page_groups

KINDS = {"servers": "server", "skills": "skill", "plugins": "plugin"}


def number(position):
    return make_server(f"com.example/s{position:03}")


def entry_of(name, *versions):
    """Return an entry whose last version is the latest; versions come newest first, as a catalog has them."""
    made = [make_server(name, version=version, latest=version == versions[-1]) for version in versions]
    return make_entry(*reversed(made))


def documents(catalog, **options):
    return {address: json.loads(body) for address, body in render(page_groups(catalog, **options)).items()}


def walk(made, first, *, plural="servers", prefix=""):
    """Return what a walk by cursors from the page *first* sees, page by page."""
    pages, cursor = [], first
    while cursor:
        page = made[f"{prefix}v0.1/_pages/{plural}/{cursor}"]
        assert page["metadata"]["count"] == len(page[plural])
        pages.append(page[plural])
        cursor = page["metadata"].get("nextCursor", "")
        assert len(pages) < 1000
    return pages


def identities(pages):
    entries = chain.from_iterable(pages)
    return [(item["server"]["name"], item["server"]["version"]) for item in entries]


def test_every_list_has_a_first_page_even_without_entries():
    made = documents(make_catalog())
    for plural in KINDS:
        for first in ("latest", "all"):
            assert made[f"v0.1/_pages/{plural}/{first}"] == {plural: [], "metadata": {"count": 0}}


def test_the_list_of_all_has_every_visible_version_and_the_latest_one_each():
    catalog = make_catalog(
        entry_of("com.example/one", "1.10.0", "1.9.0"), entry_of("com.example/two", "1.0.0", "2.0.0+x")
    )
    made = documents(catalog)
    assert identities(walk(made, "all")) == [
        ("com.example/one", "1.10.0"),
        ("com.example/one", "1.9.0"),
        ("com.example/two", "1.0.0"),
        ("com.example/two", "2.0.0+x"),
    ]
    assert identities(walk(made, "latest")) == [("com.example/one", "1.9.0"), ("com.example/two", "2.0.0+x")]


def test_names_are_ordered_as_texts_not_by_their_parts():
    # "-" is below "/": by namespace first, the second name would come before the first.
    names = ["a.b-c/x", "a.b/x", "a.b/x-y", "a.b/x.y"]
    made = documents(make_catalog(*(make_server(name) for name in names)), size=3)
    assert [name for name, _ in identities(walk(made, "all"))] == names
    assert [name for name, _ in identities(walk(made, "latest"))] == names


def test_a_page_holds_what_the_entry_s_own_documents_hold():
    version = make_server("com.example/one", other_meta=b'"x.y":{"z":1}', status="deprecated", message="Use two")
    made = render(page_groups(make_catalog(version, make_skill())))
    assert api.response(version) in made["v0.1/_pages/servers/all"]
    assert made["v0.1/_pages/servers/all"] == made["v0.1/_pages/servers/latest"]
    assert "server" not in json.loads(made["v0.1/_pages/skills/latest"])["skills"][0]
    assert json.loads(made["v0.1/_pages/skills/all"])["skills"][0]["name"] == "git-helper"


@pytest.mark.parametrize("size", [3, 7, 100])
def test_pages_of_any_size_hold_every_entry_once_in_order(size):
    catalog = make_catalog(*map(number, range(130)))
    made = documents(catalog, size=size)
    for first in ("latest", "all"):
        pages = walk(made, first)
        assert [name for name, _ in identities(pages)] == [f"com.example/s{position:03}" for position in range(130)]
        assert all(0 < len(page) <= size for page in pages)


def test_cursors_are_safe_and_say_which_list_they_belong_to():
    made = documents(make_catalog(*map(number, range(50)), make_skill()), size=5)
    cursors = {
        page["metadata"]["nextCursor"]
        for address, page in made.items()
        if "metadata" in page and "nextCursor" in page["metadata"]
    }
    assert len(cursors) > 10
    assert {cursor[0] for cursor in cursors} == {"l", "a"}
    assert all(is_stored_cursor(cursor) and len(cursor) == 17 for cursor in cursors)


@pytest.mark.parametrize("text", ["", "x", "l", "latest2", "../latest", "l" + "A" * 15, "l" + "A" * 17, "d" + "A" * 16])
def test_other_texts_are_no_cursors(text):
    assert not is_stored_cursor(text)


def test_a_key_is_split_into_what_it_was_made_of():
    name = number(1).name
    assert split_key(list_key(name)) == ("com.example/s001", "")
    assert split_key(list_key(name, "1.0.0+x")) == ("com.example/s001", "1.0.0+x")


def test_the_index_leads_from_every_cursor_to_the_key_before_the_page():
    catalog = make_catalog(*(entry_of(f"com.example/s{position:03}", "1.0.0", "1.1.0") for position in range(40)))
    made = documents(catalog, size=6)
    index = made["v0.1/_pages/servers"]
    assert index["kind"] == "server"
    for name in ("latest", "all"):
        rows, pages = index[name], walk(made, name)
        assert len(rows) == len(pages) > 5
        assert rows[0] == {"cursor": name}
        for row, before in zip(rows[1:], pages[:-1], strict=True):
            last = before[-1]["server"]
            key = (last["name"], last["version"] if name == "all" else "")
            assert (row["name"], row.get("version", "")) == key
            joined = "\0".join(part for part in key if part)
            assert row["cursor"] == name[0] + token(joined)


def test_other_registries_have_pages_of_their_own():
    team = make_catalog(make_server(), registry="team", is_default=False)
    addresses = set(documents(team))
    assert all(address.startswith("registry/team/v0.1/_pages/") for address in addresses)
    assert all(paths.is_list_page(address) for address in addresses if address.count("/") == 5)


def deleted_catalog():
    gone = tuple(make_server("com.example/gone", version=version, status="deleted") for version in ("1.0.0", "2.0.0"))
    half = entry_of("com.example/half", "2.0.0")._replace(
        deleted=(make_server("com.example/half", version="1.0.0", status="deleted", message="Leaked a key"),),
    )
    return replace(make_catalog(half), gone=gone)


def test_deleted_versions_are_on_pages_of_their_own_and_nowhere_else():
    made = documents(deleted_catalog())
    assert identities(walk(made, "all")) == identities(walk(made, "latest")) == [("com.example/half", "2.0.0")]
    page = made["v0.1/x/dev.regpress/deleted/servers/deleted"]
    assert identities([page["servers"]]) == [
        ("com.example/gone", "1.0.0"),
        ("com.example/gone", "2.0.0"),
        ("com.example/half", "1.0.0"),
    ]
    official = [item["_meta"]["io.modelcontextprotocol.registry/official"] for item in page["servers"]]
    assert {block["status"] for block in official} == {"deleted"}
    assert official[-1]["statusMessage"] == "Leaked a key"
    assert made["v0.1/x/dev.regpress/deleted/servers"] == {"kind": "server", "deleted": [{"cursor": "deleted"}]}


def test_without_deleted_versions_there_are_no_pages_of_them():
    assert not any("deleted" in address for address in documents(make_catalog(make_server(), make_skill())))


def changed(before, after, **options):
    """Return the addresses of documents that differ, and those that are rendered again."""
    old = {group.key: group.recipe for group in page_groups(before, **options)}
    again = [group for group in page_groups(after, **options) if old.get(group.key) != group.recipe]
    earlier, later = (render(page_groups(catalog, **options)) for catalog in (before, after))
    differ = {address for address in later if earlier.get(address) != later[address]}
    assert differ <= set(render(again)), "a document changed and its recipe did not"
    return differ, set(render(again))


def many(count=600):
    return [entry_of(f"com.example/s{position:03}", "1.0.0", "1.1.0") for position in range(count)]


def test_a_new_version_changes_one_page_of_the_latest_and_at_most_two_of_all():
    entries = many()
    for position in (0, 299, 599):
        new = entry_of(f"com.example/s{position:03}", "1.0.0", "1.1.0", "1.2.0")
        after = make_catalog(*entries[:position], new, *entries[position + 1 :])
        differ, again = changed(make_catalog(*entries), after)
        latest = {address for address in differ if address.rpartition("/")[2].startswith("l")}
        assert len(latest) == 1
        assert len(differ) <= 4
        assert len(again) <= 5


def test_a_new_entry_changes_few_pages():
    entries = many()
    new = entry_of("com.example/s300-new", "1.0.0")
    differ, _ = changed(make_catalog(*entries), make_catalog(*entries, new))
    assert 2 <= len(differ) <= 7


def test_a_change_of_state_changes_the_pages_that_show_it():
    entries = many(200)
    old = entries[70]
    latest = make_server(str(old.name), version="1.1.0", status="deprecated", message="Old")
    new = old._replace(versions=(latest, *old.versions[1:]), latest=latest)
    differ, _ = changed(make_catalog(*entries), make_catalog(*entries[:70], new, *entries[71:]))
    assert len(differ) == 2


def test_a_change_of_an_older_version_leaves_the_latest_alone():
    entries = many(200)
    old = entries[70]
    version = make_server(str(old.name), version="1.0.0", latest=False, description="Weather for mountains")
    new = old._replace(versions=(old.versions[0], version))
    differ, _ = changed(make_catalog(*entries), make_catalog(*entries[:70], new, *entries[71:]))
    assert len(differ) == 1
    assert differ.pop().startswith("v0.1/_pages/servers/a")


def test_the_same_registry_is_not_rendered_again():
    assert changed(make_catalog(*many(100)), make_catalog(*many(100))) == (set(), set())


def test_a_page_comes_before_every_page_that_links_to_it_and_before_the_index():
    seen = set()
    for group in page_groups(make_catalog(*many(100)), size=10):
        for artifact in group.render():
            body = json.loads(artifact.body)
            if group.stage == "page":
                link = body["metadata"].get("nextCursor")
                assert link is None or f"{artifact.address.rpartition('/')[0]}/{link}" in seen
            seen.add(artifact.address)
        assert group.stage == ("page" if paths.is_list_page(f"{artifact.address}") and "metadata" in body else "list")
