from typing import Any

import pytest

from builders import JANUARY, NOW, candidate, official, read, resolve, server, skill
from regpress.model.entry import PUBLISHER_META, EntryVersion, Official, Status, Times
from regpress.model.issue import Issue
from regpress.resolve import Filter, OnInvalid, PreviousVersion

KEY = ("server", "com.example/weather", "1.0.0")
ERROR = Issue(type="schema", severity="error", path="description", message="is empty", reference="schema:minLength")


def only(*candidates: Any, **options: Any) -> EntryVersion:
    (version,) = resolve(read(*candidates), **options).versions
    return version


def previous(**changes: str) -> PreviousVersion:
    block = Official(
        status="active",
        status_changed_at="2025-05-01T00:00:00Z",
        status_message="",
        published_at="2025-05-01T00:00:00Z",
        updated_at="2025-06-01T00:00:00Z",
        is_latest=True,
    )
    (reading,) = read(candidate(server(**changes)))
    return PreviousVersion(official=block, digest=reading.digest)  # type: ignore[union-attr]


def test_times_come_from_the_entry_first() -> None:
    meta = official(publishedAt="2024-01-01T00:00:00Z", updatedAt="2024-02-01T00:00:00Z")
    found = only(candidate(server(), meta=meta), previous={KEY: previous()}).official
    assert (found.published_at, found.updated_at) == ("2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z")


def test_then_from_the_previous_output() -> None:
    found = only(candidate(server()), previous={KEY: previous()}).official
    assert (found.published_at, found.updated_at) == ("2025-05-01T00:00:00Z", "2025-06-01T00:00:00Z")


def test_then_from_the_commit_that_brought_it() -> None:
    found = only(candidate(server()), last_updated="2026-10-01T00:00:00Z").official
    assert (found.published_at, found.updated_at) == (JANUARY.added, JANUARY.changed)


def test_then_from_what_the_file_says_of_itself() -> None:
    found = only(candidate(server()), times=None, last_updated="2026-10-01T00:00:00Z").official
    assert (found.published_at, found.updated_at) == ("2026-10-01T00:00:00Z", "2026-10-01T00:00:00Z")


def test_without_any_time_the_error_names_the_checkout_option() -> None:
    result = resolve(read(candidate(server())), times=None)
    assert not result.versions
    assert [(issue.severity, issue.reference) for issue in result.issues] == [("error", "no-publication-time")]
    assert "fetch-depth: 0" in result.issues[0].expected


def test_the_update_moves_when_the_content_changes() -> None:
    found = only(candidate(server(title="New")), previous={KEY: previous()}).official
    assert (found.published_at, found.updated_at) == ("2025-05-01T00:00:00Z", JANUARY.changed)


def test_the_update_moves_even_where_nothing_newer_dates_the_change() -> None:
    old = Times(added="2025-01-01T00:00:00Z", changed="2025-01-01T00:00:00Z")
    assert only(candidate(server(title="New")), times=old, previous={KEY: previous()}).official.updated_at == NOW


def test_a_status_file_applies_to_entries_of_any_source_and_moves_the_update() -> None:
    status = Status(status="deprecated", message="Use 2.0", changed_at="2026-03-01T00:00:00Z")
    found = only(candidate(server()), statuses={("server", KEY[1]): {"1.0.0": status}}).official
    assert found == Official(
        status="deprecated",
        status_message="Use 2.0",
        status_changed_at="2026-03-01T00:00:00Z",
        published_at=JANUARY.added,
        updated_at="2026-03-01T00:00:00Z",
        is_latest=False,
    )


def toolhive(status: str) -> dict[str, Any]:
    return {"_meta": {PUBLISHER_META: {"io.github.stacklok": {"https://com.example/mcp": {"status": status}}}}}


@pytest.mark.parametrize(
    ("extension", "block", "file", "expected"),
    [
        ("Deprecated", None, None, "deprecated"),
        ("Active", None, None, "active"),
        ("Deprecated", "active", None, "active"),
        ("Active", "deprecated", None, "deprecated"),
        ("Deprecated", "deprecated", "active", "active"),
        ("Active", None, "deleted", "deleted"),
    ],
)
def test_status_file_over_official_block_over_extension(
    extension: str, block: str | None, file: Any, expected: str
) -> None:
    statuses = {("server", KEY[1]): {"1.0.0": Status(status=file)}} if file else {}
    document = candidate(server(**toolhive(extension)), meta=official(status=block) if block else None)
    assert only(document, statuses=statuses).official.status == expected


def test_a_skill_shows_a_status_file_in_its_own_field() -> None:
    statuses = {("skill", "com.example/review"): {"1.0.0": Status(status="deprecated")}}
    version = only(candidate(skill(), kind="skill"), statuses=statuses)
    assert version.value["status"] == "deprecated"
    assert version.official.status == "deprecated"


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        ((), (), {"db/pg", "db/pg-beta", "web/x"}),
        (("db/*",), (), {"db/pg", "db/pg-beta"}),
        ((), ("*-beta",), {"db/pg", "web/x"}),
        (("db/*",), ("*-beta",), {"db/pg"}),
        (("*",), ("*",), set()),
        (("d?/pg",), (), {"db/pg"}),
        (("[a-e]*",), (), {"db/pg", "db/pg-beta"}),
        (("DB/*",), (), set()),
    ],
)
def test_name_filters(include: tuple[str, ...], exclude: tuple[str, ...], expected: set[str]) -> None:
    documents = read(*(candidate(server(name)) for name in ("db/pg", "db/pg-beta", "web/x")))
    result = resolve(documents, filter=Filter(include_names=include, exclude_names=exclude))
    assert {str(version.name) for version in result.versions} == expected
    assert {hidden.name for hidden in result.hidden} == {"db/pg", "db/pg-beta", "web/x"} - expected
    assert all(hidden.reason == "filtered" and hidden.by for hidden in result.hidden)


def test_tag_filters_concern_servers_only() -> None:
    tagged = {"_meta": {PUBLISHER_META: {"io.example": {"x": {"tags": ["maritime", "old"]}}}}}
    documents = read(
        candidate(server("a.b/tagged", **tagged)), candidate(server("a.b/plain")), candidate(skill(), kind="skill")
    )
    included = resolve(documents, filter=Filter(include_tags=("maritime",)))
    assert {str(version.name) for version in included.versions} == {"a.b/tagged", "com.example/review"}
    excluded = resolve(documents, filter=Filter(exclude_tags=("old",)))
    assert {str(version.name) for version in excluded.versions} == {"a.b/plain", "com.example/review"}


def invalid(documents: Any) -> list[tuple[Issue, ...]]:
    return [(ERROR,) for _ in documents]


@pytest.mark.parametrize(
    ("setting", "harmless", "kept", "severity"),
    [
        ("fail", True, False, "error"),
        ("skip", True, False, "warning"),
        ("keep", True, True, "warning"),
        ("keep", False, False, "warning"),
    ],
)
def test_what_becomes_of_an_invalid_document(setting: OnInvalid, harmless: bool, kept: bool, severity: str) -> None:
    result = resolve(read(candidate(server()), check=invalid), on_invalid=setting, harmless=harmless)
    assert bool(result.versions) is kept
    (issue,) = result.issues
    assert (issue.severity, issue.source, issue.entry) == (severity, "team", "com.example/weather@1.0.0")
    assert [hidden.reason for hidden in result.hidden] == ([] if kept else ["invalid"])


def test_an_invalid_document_that_the_filter_leaves_out_does_not_count() -> None:
    result = resolve(read(candidate(server()), check=invalid), filter=Filter(exclude_names=("*",)))
    assert not result.issues


@pytest.mark.parametrize(("title", "severity"), [("Same", "warning"), ("Other", "error")])
def test_a_version_that_stands_twice_is_reported(title: str, severity: str) -> None:
    result = resolve(read(candidate(server(title="Same")), candidate(server(title=title))))
    assert len(result.versions) == 1
    assert [(issue.reference, issue.severity) for issue in result.issues] == [("duplicate-version", severity)]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"name": "../../etc/passwd", "version": "1"}, "is not 'namespace/name'"),
        ({"name": "a.b/..", "version": "1"}, "is a path step"),
        ({"name": "a.b/x", "version": "../1"}, "contains '/'"),
        ({"name": "a.b/x", "version": "latest"}, "not a version"),
        ({"name": "a.b/x"}, "'version' is missing"),
        ({"name": 3, "version": "1"}, "'name' is missing"),
    ],
)
def test_what_has_no_address_is_never_published(document: dict[str, Any], reason: str) -> None:
    result = resolve(read(candidate(document)), on_invalid="keep", harmless=True)
    assert not result.versions
    assert reason in result.issues[0].message


def test_other_members_of_the_outer_meta_are_served_back() -> None:
    meta = {**official(status="active"), "example.catalog/review": {"score": 4, "note": "<b>"}}
    version = only(candidate(server(), meta=meta))
    assert version.other_meta == b'"example.catalog/review":{"score":4,"note":"\\u003cb\\u003e"}'


@pytest.mark.parametrize("meta", [[], "x", {"io.modelcontextprotocol.registry/official": 3}, official(status="gone")])
def test_a_malformed_official_block_is_filled_in_and_reported(meta: Any) -> None:
    result = resolve(read(candidate(server(), meta=meta)))
    assert result.versions[0].official.status == "active"
    assert [issue.severity for issue in result.issues] == (["warning"] if meta else [])


def test_half_a_surrogate_pair_in_a_status_message_costs_the_message_only() -> None:
    meta = official(status="deprecated", statusMessage="\ud800")
    result = resolve(read(candidate(server(), meta=meta)))
    assert (result.versions[0].official.status, result.versions[0].official.status_message) == ("deprecated", "")
    assert [issue.path for issue in result.issues] == [
        '_meta["io.modelcontextprotocol.registry/official"].statusMessage'
    ]


def test_the_time_of_a_file_does_not_date_an_update() -> None:
    readings = read(candidate(server(), meta=official(publishedAt="2024-01-01T00:00:00Z")))
    version = resolve(readings, times=None, modified="2026-09-09T00:00:00Z").versions[0]
    assert version.official.updated_at == "2024-01-01T00:00:00Z"
