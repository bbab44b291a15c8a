from dataclasses import replace

import pytest

from builders import candidate, official, read, resolve, server, skill
from regpress.catalog import Catalog
from regpress.changes import Change, changed_fields, find_changes
from regpress.merge import merge
from regpress.resolve import PreviousVersion, VersionKey

NAME = "com.example/weather"


def catalog_of(*documents: dict, kind: str = "server", **block: str) -> Catalog:
    candidates = [candidate(document, kind=kind, meta=official(**block) if block else None) for document in documents]
    return merge("default", [resolve(read(*candidates))], is_default=True, readmes={}).catalog


def state_of(catalog: Catalog) -> dict[VersionKey, PreviousVersion]:
    """Return what an output of *catalog* would say later."""
    return {
        (version.kind, str(version.name), version.version): PreviousVersion(
            official=version.official, digest=version.digest
        )
        for entry in catalog
        for version in (*entry.versions, *entry.deleted)
    }


def changes(after: Catalog, before: Catalog) -> list[tuple[str, str]]:
    return [(change.what, change.label) for change in find_changes(after, state_of(before))]


def test_a_registry_compared_with_itself_has_no_changes() -> None:
    catalog = catalog_of(server(), server(version="2.0.0"))
    assert changes(catalog, catalog) == []


def test_a_first_output_adds_everything() -> None:
    found = find_changes(catalog_of(server(), server("com.example/a")), {})
    assert [(change.what, change.name) for change in found] == [("added", "com.example/a"), ("added", NAME)]


def test_a_new_version_takes_the_flag_from_the_old_one() -> None:
    before, after = catalog_of(server()), catalog_of(server(), server(version="1.1.0"))
    assert changes(after, before) == [("added", f"{NAME}@1.1.0"), ("latest", f"{NAME}@1.0.0")]
    assert changes(before, after) == [("latest", f"{NAME}@1.0.0"), ("removed", f"{NAME}@1.1.0")]


def test_a_document_that_differs_in_the_spelling_of_a_number_is_changed() -> None:
    parsed = [{"x": value} for value in (1, 1.0)]
    before, after = (catalog_of(server(_meta={"com.example/x": item})) for item in parsed)
    assert changes(after, before) == [("changed", f"{NAME}@1.0.0")]


def test_a_status_says_from_what_to_what_and_why() -> None:
    before = catalog_of(server())
    after = catalog_of(server(), status="deprecated", statusMessage="Use radar")
    (change,) = find_changes(after, state_of(before))
    assert (change.what, change.detail) == ("status", "active → deprecated: Use radar")
    (other,) = find_changes(catalog_of(server(), status="deprecated", statusMessage="Use sonar"), state_of(after))
    assert (other.what, other.detail) == ("status", "other message: Use sonar")
    (back,) = find_changes(before, state_of(after))
    assert back.detail == "deprecated → active"


def test_an_added_version_that_is_not_active_says_so() -> None:
    (change,) = find_changes(catalog_of(server(), status="deprecated"), {})
    assert (change.what, change.detail) == ("added", "deprecated")


def test_times_alone_are_no_change() -> None:
    catalog = catalog_of(server())
    later = {
        key: replace(state, official=state.official._replace(updated_at="2027-01-01T00:00:00Z"))
        for key, state in state_of(catalog).items()
    }
    assert find_changes(catalog, later) == ()


def test_servers_come_first_then_names_then_what_happened() -> None:
    both = catalog_of(server("com.example/b"), server("com.example/a"))
    skills = catalog_of(skill("com.example/a"), kind="skill")
    found = find_changes(both, state_of(skills))
    assert [change.label for change in found] == [
        "com.example/a@1.0.0",
        "com.example/b@1.0.0",
        "skill com.example/a@1.0.0",
    ]


@pytest.mark.parametrize(
    ("before", "after", "fields"),
    [
        ({}, {}, ()),
        ({"a": 1}, {"a": 1}, ()),
        ({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 3, "d": 4}, ("+d", "b", "-c")),
        ({"z": 1, "y": 1}, {"z": 2, "y": 2}, ("y", "z")),
    ],
)
def test_changed_fields_are_sorted_added_first_removed_last(
    before: dict[str, int], after: dict[str, int], fields: tuple[str, ...]
) -> None:
    assert changed_fields(before, after) == fields


def test_a_change_of_a_skill_is_labelled_as_one() -> None:
    change = Change(what="added", registry="default", kind="skill", name="com.example/review", version="1.0.0")
    assert change.label == "skill com.example/review@1.0.0"
