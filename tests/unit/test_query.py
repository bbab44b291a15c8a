"""Query strings to queries, and rows to pages: the rules that the app, previews and the edge module share."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes_catalog import make_server, make_skill
from regpress import pages
from regpress.query import Query, QueryError, fold, next_cursor, parse_query, problem, row_of, select


def stored(cursor: str):
    return {"latest": ("latest", ("", "")), "aAAAAAAAAAAAAAAAA": ("all", ("a/b", "1.0.0"))}.get(cursor)


def parse(text: str, kind="server", dialect="official") -> Query:
    return parse_query(kind, text, dialect=dialect, stored=stored)


def refusal(text: str, kind="server", dialect="official") -> QueryError:
    with pytest.raises(QueryError) as caught:
        parse(text, kind, dialect)
    return caught.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("limit=&cursor=&search=&version=&updated_since=&include_deleted=", {}),
        ("unknown=1&limit=5&limit=7", {"limit": 5}),
        ("limit=&limit=5", {}),
        ("search=We%41THER+x", {"search": "weather x"}),
        ("search=%CE%9F%CE%94%CE%9F%CE%A3", {"search": "\u03bf\u03b4\u03bf\u03c3"}),
        ("search=%ff", {"search": "\ufffd"}),
        ("version=latest", {"version": "latest"}),
        ("version=1.0%2Bx", {"version": "1.0+x"}),
        ("include_deleted=T", {"deleted": True}),
        ("include_deleted=0", {}),
        ("updated_since=2026-05-01T08:00:00.50%2B02:00", {"since": "2026-05-01T06:00:00.5"}),
        ("updated_since=2026-05-01T08:00:00+02:00", {"since": "2026-05-01T06:00:00."}),
        ("cursor=latest&limit=3&search=x", {"version": "latest", "limit": 3}),
        ("cursor=aAAAAAAAAAAAAAAAA", {"after": ("a/b", "1.0.0")}),
        ("status=active", {}),
    ],
)
def test_a_query_string_says_what_is_asked_for(text: str, expected: dict) -> None:
    assert parse(text) == Query(**{"kind": "server", "limit": 30} | expected)


def test_skills_have_parameters_of_their_own_and_overlook_those_of_servers() -> None:
    query = parse("search=+x+&status=Deprecated,%20active,&version=1&updated_since=no&include_deleted=no", "skill")
    assert query == Query(
        kind="skill", limit=50, version="latest", search="x", statuses=("active", "deprecated")
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "status", "detail"),
    [
        ("limit=0", 422, "validation failed"),
        ("limit=101&include_deleted=maybe", 422, "validation failed"),
        ("limit=1.5", 422, "validation failed"),
        ("updated_since=yesterday", 400, "Invalid updated_since format: expected RFC3339 timestamp"),
        ("updated_since=0001-01-01T00:00:00%2B05:00", 400, "Invalid updated_since format: expected RFC3339 timestamp"),
        ("updated_since=2026-01-01T00:00:00Z&include_deleted=false", 400, "Cannot set include_deleted=false"),
        ("search=%00", 400, "Invalid request: query parameters contain null bytes"),
        ("cursor=l0000000000000000", 400, "Unknown cursor"),
        ("cursor=nonsense", 400, "Unknown cursor"),
        ("cursor=q", 400, "Unknown cursor"),
        ("cursor=qAAAA", 400, "Unknown cursor"),
    ],
)
def test_a_query_that_cannot_be_answered_is_refused(text: str, status: int, detail: str) -> None:
    error = refusal(text)
    assert (error.status, error.detail[: len(detail)]) == (status, detail)


def test_a_refusal_names_every_parameter_that_is_wrong() -> None:
    error = refusal("limit=101&include_deleted=maybe")
    body = problem(error.status, error.detail, error.errors)
    assert [finding["location"] for finding in body["errors"]] == ["query.limit", "query.include_deleted"]
    assert (body["status"], body["title"], body["error"]) == (422, "Unprocessable Entity", "validation failed")


def test_each_prefix_has_limits_of_its_own() -> None:
    assert parse("limit=5000", dialect="toolhive").limit == 1000
    assert refusal("limit=x", dialect="toolhive").status == 400
    assert refusal("limit=0", dialect="toolhive").status == 400
    assert refusal("limit=101", "skill").detail == "invalid limit parameter: must be between 1 and 100"
    assert refusal("limit=x", "plugin", "toolhive").detail == "invalid limit parameter: must be an integer"


@pytest.mark.parametrize(
    "state",
    [
        {},
        [],
        ["server", 0, "", "", "", "", "", False],
        ["server", True, "", "", "", "", "", False],
        ["server", 5, "", "", "", "", "", 0],
        ["server", 5, None, "", "", "", "", False],
        ["skill", 5, "", "", "", "", "", False],
        ["server", 5, "\ud800", "", "", "", "", False],
    ],
)
def test_a_cursor_that_was_made_by_hand_and_makes_no_sense_is_refused(state: object) -> None:
    cursor = "q" + pages.base64.urlsafe_b64encode(json.dumps(state).encode()).rstrip(b"=").decode()
    assert refusal(f"cursor={cursor}").status == 400


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)


QUERIES = st.builds(
    Query,
    kind=st.sampled_from(["server", "plugin"]),
    limit=st.integers(1, 1000),
    after=st.tuples(TEXTS, TEXTS),
    version=TEXTS,
    search=TEXTS,
    since=TEXTS,
    deleted=st.booleans(),
    statuses=st.lists(TEXTS, max_size=2).map(tuple),
)


@given(QUERIES)
def test_a_cursor_carries_the_whole_query_and_is_safe_as_it_stands(query: Query) -> None:
    cursor = next_cursor(query, query.after)
    assert cursor[0] == "q"
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert not pages.is_stored_cursor(cursor)
    assert parse(f"cursor={cursor}&search=other&version=other", query.kind) == query


ROWS = [
    row_of(version)
    for version in (
        make_server("a.b/one", version="1.0.0", latest=False, updated="2026-01-01T00:00:00Z"),
        make_server("a.b/one", version="1.1.0", title="Tides", updated="2026-02-01T00:00:00.5Z"),
        make_server("a.b/two", version="1.0.0", description="TIDE tables 100%", updated="2026-03-01T00:00:00Z"),
        make_server("a.b/two", version="2.0.0", status="deleted", latest=False, updated="2026-04-01T00:00:00Z"),
    )
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "one 1.0.0, one 1.1.0, two 1.0.0"),
        ("version=latest", "one 1.1.0, two 1.0.0"),
        ("version=1.0.0", "one 1.0.0, two 1.0.0"),
        ("version=2.0.0", ""),
        ("version=2.0.0&include_deleted=true", "two 2.0.0"),
        ("include_deleted=1", "one 1.0.0, one 1.1.0, two 1.0.0, two 2.0.0"),
        ("search=tide", "one 1.1.0, two 1.0.0"),
        ("search=A.B/O", "one 1.0.0, one 1.1.0"),
        ("search=%25", "two 1.0.0"),
        ("search=_", ""),
        ("updated_since=2026-02-01T00:00:00.5Z", "two 1.0.0, two 2.0.0"),
        ("updated_since=2026-02-01T00:00:00.49Z&version=latest", "one 1.1.0, two 1.0.0"),
    ],
)
def test_a_query_takes_what_all_its_filters_take(text: str, expected: str) -> None:
    found = select(parse(text), ROWS)
    assert ", ".join(f"{row.name[4:]} {row.version}" for row in found.rows) == expected
    assert found.cursor == ""


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_a_walk_takes_each_row_once_and_ends_without_an_empty_page(limit: int) -> None:
    seen, cursor = [], ""
    while True:
        found = select(parse(f"cursor={cursor}" if cursor else f"include_deleted=1&limit={limit}"), ROWS)
        assert found.rows
        seen += found.rows
        cursor = found.cursor
        if not cursor:
            break
    assert seen == ROWS


def test_a_walk_continues_after_a_place_that_no_longer_exists() -> None:
    cursor = next_cursor(parse("limit=9"), ("a.b/one", "1.0.5"))
    assert [row.version for row in select(parse(f"cursor={cursor}"), ROWS).rows] == ["1.1.0", "1.0.0"]


def test_skills_are_found_by_their_own_name_and_by_the_state_that_they_show() -> None:
    row = row_of(make_skill("com.example/git-helper", status="deprecated"))
    assert row.texts[0] == "git-helper"
    assert row.status == "deprecated"
    assert fold("İ\n\u03a3\u03c2") == "i̇ \u03c3\u03c3"
