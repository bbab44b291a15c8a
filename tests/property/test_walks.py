"""Walks by cursors over any registry, also while it is built anew under the walker's feet.

The engine keeps pages that a build no longer makes readable for two builds. Here that is a union of dictionaries:
what address led to which page, and for how many builds since it was made last.
"""

from __future__ import annotations

import json
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes_catalog import make_catalog, make_entry, make_server, make_skill
from fakes_tree import render
from regpress.stored_pages import page_groups

SIZE = 5
GENERATIONS = 2
LISTS = ("latest", "all")
VERSIONS = ("1.0.0", "1.1.0", "1.10.0", "1.2.0+linux", "v2")
#: Names that sort otherwise by their parts, by case, or as prefixes of one another.
NAMES = [
    f"{namespace}/{name}"
    for namespace in ("a.b", "a.b-c", "a.b.c", "A.b", "com.example")
    for name in ("x", "x-y", "x.y", "X", "x_y", *(f"s{number:02}" for number in range(12)))
]

#: What a registry holds: the versions of each name.
World = dict[str, tuple[str, ...]]


def large_world(seed: int) -> World:
    random = Random(seed)
    return {
        name: tuple(sorted(random.sample(VERSIONS, random.randint(1, 3)))) for name in NAMES if random.random() < 0.8
    }


WORLDS = st.one_of(
    st.dictionaries(
        st.sampled_from(NAMES), st.sets(st.sampled_from(VERSIONS), min_size=1).map(lambda found: tuple(sorted(found)))
    ),
    st.integers(0, 10**9).map(large_world),
)


def pages_of(world: World, plural: str = "servers") -> dict[str, bytes]:
    """Return the pages that a build of *world* makes, by cursor."""
    make = make_server if plural == "servers" else make_skill
    entries = [
        make_entry(*(make(name, version=version, latest=version == versions[-1]) for version in versions))
        for name, versions in world.items()
    ]
    made = render(page_groups(make_catalog(*entries), size=SIZE))
    below = f"v0.1/_pages/{plural}/"
    return {address.removeprefix(below): body for address, body in made.items() if address.startswith(below)}


class Host:
    """Serves the pages of the last build, and those of earlier ones as long as the engine keeps them."""

    def __init__(self) -> None:
        self._pages: dict[str, tuple[bytes, int]] = {}
        self._build = 0

    def build(self, world: World) -> None:
        self._build += 1
        self._pages.update({cursor: (body, self._build) for cursor, body in pages_of(world).items()})
        oldest = self._build - GENERATIONS
        self._pages = {cursor: page for cursor, page in self._pages.items() if page[1] >= oldest}

    def read(self, cursor: str) -> dict | None:
        found = self._pages.get(cursor)
        return json.loads(found[0]) if found else None


def keys(page: dict) -> list[tuple[str, str]]:
    return [(item["server"]["name"], item["server"]["version"]) for item in page["servers"]]


def expected(world: World, name: str) -> list[tuple[str, str]]:
    if name == "latest":
        return [(server, world[server][-1]) for server in sorted(world)]
    return sorted((server, version) for server, versions in world.items() for version in versions)


class Walk(NamedTuple):
    """What a client saw.

    Attributes:
        seen: the entries in the order in which they came.
        refused: whether a cursor was unknown in the end.
    """

    seen: list[tuple[str, str]]
    refused: bool


def walk(host: Host, name: str, builds: list[tuple[int, World]]) -> Walk:
    """Walk a list; before the n-th page is read, the builds with that number happen."""
    cursor, seen, pending = name, [], list(builds)
    for step in range(2000):
        while pending and pending[0][0] <= step:
            host.build(pending.pop(0)[1])
        page = host.read(cursor)
        if page is None:
            return Walk(seen, True)
        seen += keys(page)
        cursor = page["metadata"].get("nextCursor", "")
        if not cursor:
            return Walk(seen, False)
    raise AssertionError("the walk does not end")


@given(WORLDS, st.sampled_from(LISTS))
@settings(max_examples=60)
def test_a_walk_visits_every_entry_once_in_order(world: World, name: str) -> None:
    host = Host()
    host.build(world)
    assert walk(host, name, []) == Walk(expected(world, name), False)


@given(WORLDS)
@settings(max_examples=15)
def test_skills_are_walked_as_servers_are(world: World) -> None:
    named = {name: world[name] for name in world if name.islower() and "_" not in name and "x." not in name}
    made = pages_of(named, "skills")
    cursor, seen = "all", []
    while cursor:
        page = json.loads(made[cursor])
        seen += [(f"{item['namespace']}/{item['name']}", item["version"]) for item in page["skills"]]
        cursor = page["metadata"].get("nextCursor", "")
    assert seen == expected(named, "all")


def edited(world: World, random: Random) -> World:
    """Return *world* after a random edit: entries and versions come and go, by the handful or nearly all of them."""
    after = dict(world)
    share = random.choice([0.02, 0.1, 0.5, 0.95])
    for name in NAMES:
        if random.random() < share:
            if random.random() < 0.5:
                after.pop(name, None)
            else:
                after[name] = tuple(sorted(random.sample(VERSIONS, random.randint(1, len(VERSIONS)))))
    return after


def history(world: World, seed: int, builds: int) -> list[World]:
    random, worlds = Random(seed), [world]
    for _ in range(builds):
        worlds.append(edited(worlds[-1], random))
    return worlds


def identity(key: tuple[str, str], name: str) -> str | tuple[str, str]:
    """Return what stays the same of an entry: its name in the list of the latest, whatever its version."""
    return key[0] if name == "latest" else key


def check_throughout(name: str, worlds: list[World], seen: list[tuple[str, str]]) -> None:
    """Hold that what was there all the time was seen once, and that nothing was made up or out of order."""
    ids = [identity(key, name) for key in seen]
    throughout = set.intersection(*({identity(key, name) for key in expected(world, name)} for world in worlds))
    assert len(ids) == len(set(ids))
    assert throughout <= set(ids)
    assert ids == sorted(ids)
    assert set(seen) <= {key for world in worlds for key in expected(world, name)}


@given(WORLDS, st.integers(0, 10**9), st.sampled_from(LISTS), st.lists(st.integers(1, 30), min_size=1, max_size=2))
@settings(max_examples=120, deadline=None)
def test_a_walk_across_two_builds_returns_what_was_there_throughout_exactly_once(
    world: World, seed: int, name: str, moments: list[int]
) -> None:
    worlds = history(world, seed, len(moments))
    host = Host()
    host.build(world)
    done = walk(host, name, list(zip(sorted(moments), worlds[1:], strict=True)))
    assert not done.refused
    check_throughout(name, worlds, done.seen)


@given(WORLDS, st.integers(0, 10**9), st.sampled_from(LISTS), st.lists(st.integers(1, 30), min_size=3, max_size=12))
@settings(max_examples=60, deadline=None)
def test_a_walk_across_many_builds_may_be_refused_but_never_misses_or_repeats(
    world: World, seed: int, name: str, moments: list[int]
) -> None:
    worlds = history(world, seed, len(moments))
    host = Host()
    host.build(world)
    done = walk(host, name, list(zip(sorted(moments), worlds[1:], strict=True)))
    if not done.refused:
        check_throughout(name, worlds, done.seen)
        return
    # Up to where it was refused it was right, and the client knows that there is more.
    last = max((identity(key, name) for key in done.seen), default="")
    ids = [identity(key, name) for key in done.seen]
    assert ids == sorted(set(ids))
    throughout = set.intersection(*({identity(key, name) for key in expected(world, name)} for world in worlds))
    assert {one for one in throughout if one <= last} <= set(ids)


@given(WORLDS, st.integers(0, 10**9), st.sampled_from(LISTS))
@settings(max_examples=60, deadline=None)
def test_a_walk_that_starts_during_a_build_reads_old_and_new_pages_without_harm(
    world: World, seed: int, name: str
) -> None:
    """While files are put in place, some pages are old and some new; vanished ones are still there."""
    after = history(world, seed, 1)[1]
    old, new = pages_of(world), pages_of(after)
    random = Random(seed)
    mixed = {**new, **old} | {cursor: new[cursor] for cursor in new if random.random() < 0.5}
    host = Host()
    host._pages = {cursor: (body, 1) for cursor, body in mixed.items()}
    done = walk(host, name, [])
    assert not done.refused
    check_throughout(name, [world, after], done.seen)


def test_pages_that_are_not_kept_would_be_missed() -> None:
    """The checks above would notice an engine that forgets: a vanished page ends the walk."""
    before = dict.fromkeys(NAMES, ("1.0.0",))
    host = Host()
    host.build(before)
    first = host.read("all")
    assert first is not None
    gone = keys(first)[-1][0]
    host._pages = {}
    host.build({name: versions for name, versions in before.items() if name != gone})
    assert host.read(first["metadata"]["nextCursor"]) is None


@pytest.mark.parametrize("name", LISTS)
def test_boundaries_survive_a_change_elsewhere(name: str) -> None:
    before = dict.fromkeys(NAMES, VERSIONS[:2])
    after = {**before, "a.b/s05": VERSIONS[:3]}
    old, new = pages_of(before), pages_of(after)
    assert len(old) > 20
    assert len({cursor for cursor in old if cursor not in new}) <= 2
    assert sum(1 for cursor in new if new[cursor] != old.get(cursor)) <= 6
