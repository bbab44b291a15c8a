"""Columns that plans are made of: what they say, and how those of few entries take the places of others."""

from __future__ import annotations

import pytest

from fakes_catalog import make_catalog, make_entry, make_server, make_skill
from regpress import api
from regpress.catalog import Catalog
from regpress.entry_columns import columns_of, own_length
from regpress.model.entry import EntryVersion
from regpress.model.entry_columns import Run, joined


def of(*names: str) -> Catalog:
    return make_catalog(*(make_server(name) for name in names))


def weather() -> Catalog:
    """Return a registry with an entry of several versions, newest publication first."""
    versions = [
        make_server("com.example/weather", version=number, title="Weather", published=f"2026-01-0{day}T00:00:00Z")
        for number, day in (("1.9.0", 3), ("1.10.0", 2), ("1.2.0", 1))
    ]
    flagged = [
        version._replace(official=version.official._replace(is_latest=not at)) for at, version in enumerate(versions)
    ]
    return make_catalog(make_entry(*flagged), make_server("com.example/a"), make_skill())


def test_versions_stand_by_their_texts_and_entries_by_kind_and_name() -> None:
    catalog = weather()
    columns = catalog.columns
    assert columns.counts == [1, 3, 1]
    assert columns.versions[1:4] == ["1.10.0", "1.2.0", "1.9.0"]
    assert columns.published[1:4] == ["2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z"]
    assert [catalog.entry_at(at).kind for at in range(3)] == ["server", "server", "skill"]
    assert [version.version for version in catalog.versions_at([3, 1, 2, 1])] == ["1.9.0", "1.10.0", "1.2.0", "1.10.0"]
    assert columns.latest[1] == columns.prints[3]
    with pytest.raises(IndexError):
        catalog.entry_at(3)


def test_what_stands_for_an_entry_changes_with_the_order_of_its_versions() -> None:
    entry = weather().of("server")[1]
    (one,), (other,) = (
        columns_of("default", [entry._replace(versions=versions)]).whole
        for versions in (entry.versions, entry.versions[::-1])
    )
    assert one != other


@pytest.mark.parametrize("message", ["", "use <b>\u2028 another"])
@pytest.mark.parametrize("meta", [b"", b'"com.example/x":{"a":1}'])
@pytest.mark.parametrize("latest", [True, False])
def test_the_length_of_an_answer_is_known_without_it(message: str, meta: bytes, latest: bool) -> None:
    for make in (make_server, make_skill):
        version: EntryVersion = make(message=message, other_meta=meta, latest=latest)
        assert api.response_size(version) == len(api.response(version))
        assert own_length(version) < len(api.response(version))


def test_columns_are_joined_from_runs_of_others() -> None:
    old, new = weather().columns, of("com.example/b").columns
    made = joined([Run(old, 0, 1), Run(new, 0, 1), Run(old, 1, 3)])
    assert made.names == ["com.example/a", "com.example/b", "com.example/weather", *old.names[2:]]
    assert made.counts == [1, 1, 3, 1]
    assert made.versions == [*old.versions[:1], *new.versions, *old.versions[1:]]
    assert made.prints == [*old.prints[:1], *new.prints, *old.prints[1:]]
    assert joined([]) == columns_of("default", [])
