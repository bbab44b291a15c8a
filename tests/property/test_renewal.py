"""Whatever was edited: what a build gathers from what the last one kept is what it would gather from nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from crash.driver import NOW
from crash.histories import small_is_large
from crash.world import World
from regpress.fetching import fetch
from regpress.gathering import Gathered, Memory, gather
from regpress.hosts.table import profile
from regpress.kept import FEW_NAMES
from regpress.model.entry import Snapshot, Times
from regpress.names import KINDS
from regpress.renewal import Renewal
from regpress.site import Options, Site
from regpress.wiring import open_site

OPTIONS = Options(profile=profile("nginx"), now=NOW)


def opened(world: World, cache: Path) -> Site:
    site, _ = open_site(world.root, environ={})
    return replace(site, cache=cache)


def gathered(
    site: Site,
    options: Options = OPTIONS,
    *,
    remembers: bool = True,
    snapshots: Mapping[str, Snapshot] | None = None,
) -> Gathered:
    with small_is_large(), closing(Memory(site, options)) as memory:
        some = fetch(site, lambda _: None) if snapshots is None else snapshots
        return gather(site, some, options, lambda _: None, memory if remembers else None)


def facts(found: Gathered) -> dict[str, Any]:
    """Return everything that a build goes on with."""
    return {
        "columns": [one.columns for one in found.catalogs],
        # Before anything else makes the entries.
        "latest": [list(one.latest(kind)) for one in found.catalogs for kind in KINDS],
        "catalogs": [(one, one.entries, one.gone) for one in found.catalogs],
        "issues": found.report.issues,
        "counts": found.report.counts(),
        "hidden": found.report.hidden,
        "revisions": found.revisions,
    }


@pytest.fixture
def renewals(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Return whether what was kept could be used, one value for each time."""
    made: list[bool] = []
    run = Renewal.run

    def noted(self: Renewal, *arguments: Any) -> Any:
        findings = run(self, *arguments)
        made.append(findings is not None)
        return findings

    monkeypatch.setattr(Renewal, "run", noted)
    return made


@pytest.mark.parametrize("few", [0, 5, FEW_NAMES])
@pytest.mark.parametrize("seed", range(4))
def test_any_history_of_edits_is_gathered_as_from_nothing(
    tmp_path: Path, seed: int, few: int, renewals: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regpress.renewal.FEW_NAMES", few)
    random = Random(seed)
    world = World(tmp_path / "site", seed, servers=12)
    for step in range(12):
        edits = world.edit(random.choice((1, 1, 2, 5, 12)), everything=0) if step else []
        site = opened(world, tmp_path / "cache")
        # Advice that one build only counts is listed by another, whatever was kept in between.
        options = replace(OPTIONS, advice=random.random() < 0.5)
        found = facts(gathered(site, options))
        every = facts(gathered(site, remembers=False))
        if not options.advice:
            every["issues"] = tuple(issue for issue in every["issues"] if issue.severity != "info")
        assert found == every, f"step {step}: {edits}"
    assert renewals.count(True) > 5


def test_what_was_kept_under_other_settings_is_not_used(tmp_path: Path, renewals: list[bool]) -> None:
    world = World(tmp_path / "site", 1, servers=12)
    gathered(opened(world, tmp_path / "cache"))
    world.title = "Another"
    world.write()
    gathered(opened(world, tmp_path / "cache"))
    assert renewals == []


def test_what_was_kept_by_another_version_is_not_used(
    tmp_path: Path, renewals: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = opened(World(tmp_path / "site", 1, servers=12), tmp_path / "cache")
    gathered(site)
    monkeypatch.setattr("regpress.gathering.__version__", "0.0.1")
    gathered(site)
    assert renewals == []


@pytest.mark.parametrize("options", [replace(OPTIONS, full=True), replace(OPTIONS, folds_case=True)])
def test_what_was_kept_is_not_used_where_the_build_asks_for_something_else(
    tmp_path: Path, renewals: list[bool], options: Options
) -> None:
    site = opened(World(tmp_path / "site", 1, servers=12), tmp_path / "cache")
    gathered(site)
    gathered(site, options)
    assert renewals == []


@pytest.mark.parametrize("seed", range(40))
def test_damage_to_what_was_kept_never_shows(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    world = World(tmp_path / "site", 3, servers=12)
    site = opened(world, tmp_path / "cache")
    gathered(site)
    kept = tmp_path / "cache" / "gathered.bin"
    data = bytearray(kept.read_bytes())
    at = random.randrange(len(data))
    if seed % 4:
        data[at] ^= 1 << random.randrange(8)
    else:
        del data[at:]
    kept.write_bytes(data)
    world.edit(2, everything=0)
    site = opened(world, tmp_path / "cache")
    assert facts(gathered(site)) == facts(gathered(site, remembers=False))


def dated(snapshot: Snapshot, day: int, *, every: int = 1) -> Snapshot:
    """Return a source with a history that dates each version, or every so many."""
    documents = json.loads(snapshot.files[0].data)["data"]["servers"][::every]
    times = Times(added="2025-01-01T00:00:00Z", changed=f"2025-01-{day:02d}T00:00:00Z")
    return replace(
        snapshot,
        entry_times={("server", document["name"], document["version"]): times for document in documents},
    )


def test_times_from_history_that_change_are_seen(tmp_path: Path, renewals: list[bool]) -> None:
    world = World(tmp_path / "site", 4, servers=30)
    site = opened(world, tmp_path / "cache")
    for day, every in ((1, 1), (1, 1), (2, 1), (2, 3), (3, 2)):
        snapshots = fetch(site, lambda _: None)
        snapshots["public"] = dated(snapshots["public"], day, every=every)
        assert facts(gathered(site, snapshots=snapshots)) == facts(
            gathered(site, snapshots=snapshots, remembers=False)
        ), (day, every)
    assert renewals.count(True) >= 3


@pytest.mark.parametrize("by", ["times", "last_updated", "modified"])
def test_the_time_of_a_file_that_changes_is_seen(tmp_path: Path, by: str) -> None:
    world = World(tmp_path / "site", 4, servers=30)
    site = opened(world, tmp_path / "cache")
    for day in (1, 2):
        moment = f"2025-01-{day:02d}T00:00:00Z"
        snapshots = fetch(site, lambda _: None)
        (raw,) = snapshots["public"].files
        changes: dict[str, Any] = {"times": Times(added=moment, changed=moment)} if by == "times" else {}
        if by == "modified":
            changes = {"modified": moment, "data": raw.data.replace(b'"last_updated"', b'"updated"')}
        if by == "last_updated":
            changes = {"data": raw.data.replace(b"2026-01-31T00:00:00Z", moment.encode())}
        snapshots["public"] = replace(snapshots["public"], files=(replace(raw, **changes),))
        found, expected = (gathered(site, snapshots=snapshots, remembers=remembers) for remembers in (True, False))
        assert facts(found) == facts(expected)
        assert any(
            version.official.updated_at == moment
            for catalog in found.catalogs
            for entry in catalog
            for version in entry.versions
        )
