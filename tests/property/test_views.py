"""Views against the rules: for any claims, sources and callers a view shows exactly what the rules allow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from builders import server, source_of
from regpress.claims import Caller, can_read
from regpress.live import Candidates, LiveRegistry, LiveSite, RegistryPlan
from regpress.merge import merge
from regpress.names import parse_server_name
from regpress.resolve import Resolved
from regpress.views import Views

SOURCES = ("one", "two", "three")
NAMES = tuple(f"com.example/{letter}" for letter in "abc")
VERSIONS = ("1.0.0", "2.0.0", "10.0.0")

values = st.sampled_from(["x", "y", "z"])
claims = st.dictionaries(st.sampled_from(["org", "team"]), values | st.lists(values, max_size=2), max_size=2)
#: What each source has: name to versions, and the claims of all of them.
entries = st.dictionaries(
    st.sampled_from(NAMES), st.tuples(st.lists(st.sampled_from(VERSIONS), min_size=1, unique=True), claims)
)
sites = st.tuples(entries, entries, entries)
Held = tuple[Mapping[str, tuple[list[str], dict[str, Any]]], ...]


def resolved(source: str, held: Mapping[str, tuple[list[str], dict[str, Any]]]) -> Resolved:
    found = source_of(source, *(server(name, version) for name, (versions, _) in held.items() for version in versions))
    versions = tuple(one._replace(claims=held[str(one.name)][1]) for one in found.versions)
    return Resolved(source=source, versions=versions, latest_claims={}, issues=(), hidden=())


def site_of(held: Held) -> LiveSite:
    sources = {name: resolved(name, one) for name, one in zip(SOURCES, held, strict=True)}
    catalog = merge("default", list(sources.values()), is_default=True, readmes={}).catalog
    return LiveSite([RegistryPlan("default", SOURCES, is_default=True)], [catalog], sources)


def shown(registry: LiveRegistry) -> dict[str, tuple[str, set[str], str]]:
    return {
        name: (standing.supplier, {one.version for one in standing.versions}, standing.entry.latest.version)
        for (_, name), standing in registry.standings.items()
        if standing.entry
    }


def allowed(held: Held, caller: dict[str, Any], *, unclaimed: bool) -> dict[str, tuple[str, set[str], str]]:
    found: dict[str, tuple[str, set[str], str]] = {}
    for source, one in zip(SOURCES, held, strict=True):
        for name, (versions, wanted) in one.items():
            if can_read(wanted, caller) or (unclaimed and not wanted):
                latest = max(versions, key=lambda text: [int(part) for part in text.split(".")])
                found.setdefault(name, (source, set(versions), latest))
    return found


def view(views: Views, caller: dict[str, Any], *, unclaimed: bool) -> LiveRegistry:
    who = Caller(claims=caller)

    def sees(wanted: Mapping[str, Any]) -> bool:
        return (unclaimed and not wanted) or who.may_read(wanted)

    sight = views.sight(sees, claims=caller, unclaimed=unclaimed)
    return views.find("default", sight) or views.keep("default", sight, views.make("default", sight))


@settings(max_examples=60, deadline=None)
@given(sites, st.lists(st.tuples(claims, st.booleans()), min_size=1, max_size=4))
def test_a_view_shows_exactly_what_the_rules_allow(held: Held, askers: list[tuple[dict[str, Any], bool]]) -> None:
    live = site_of(held)
    views = Views(live)
    for caller, unclaimed in askers:
        registry = view(views, caller, unclaimed=unclaimed)
        expected = allowed(held, caller, unclaimed=unclaimed)
        assert shown(registry) == expected
        assert len(registry.listings["server"]) == sum(len(versions) for _, versions, _ in expected.values())


@settings(max_examples=60, deadline=None)
@given(sites, sites, claims, st.booleans())
def test_a_view_follows_every_change(before: Held, after: Held, caller: dict[str, Any], unclaimed: bool) -> None:
    live = site_of(before)
    views = Views(live)
    view(views, caller, unclaimed=unclaimed)
    for source, held in zip(SOURCES, after, strict=True):
        found = resolved(source, held)
        for name in NAMES:
            parsed = parse_server_name(name)
            live.keep(source, "server", parsed, Candidates(tuple(one for one in found.versions if one.name == parsed)))
    # What everybody sees is renewed by whoever writes (`regpress.batches.show`).
    registry = view(views, {**caller, "other": "claim"}, unclaimed=unclaimed)
    if registry is not live.registries["default"]:
        assert shown(registry) == allowed(after, caller, unclaimed=unclaimed)


@settings(max_examples=60, deadline=None)
@given(sites)
def test_what_everybody_sees_is_what_a_build_writes(held: Held) -> None:
    live = site_of(held)
    registry = view(Views(live), {}, unclaimed=True)
    assert registry is live.default
    assert shown(registry) == allowed(held, {}, unclaimed=True)
