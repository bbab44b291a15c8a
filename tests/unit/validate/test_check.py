"""All tiers in one call: exhaustive, ordered, and quiet about good documents."""

from typing import Any

import pytest

from builders import server, skill
from regpress.validate.check import check_entry

BAD = server(
    name="com.example/index",
    description="x" * 101,
    version="^1",
    remotes=[{"type": "sse", "url": "http://a.example"}, {"type": "stdio", "url": 7}],
    license="MIT",
)


@pytest.mark.parametrize(("kind", "document"), [("server", server()), ("skill", skill()), ("plugin", skill())])
def test_a_good_document_has_no_issues(kind: Any, document: Any) -> None:
    unpinned = [issue for issue in check_entry(kind, document) if issue.reference != "git-package-not-pinned"]
    assert unpinned == []


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (None, "null"),
        ([], "an array"),
        ("{}", "a text"),
        (1, "a number"),
        (1.5, "a number"),
        (True, "true or false"),
    ],
)
@pytest.mark.parametrize("kind", ["server", "skill", "plugin"])
def test_anything_but_an_object_is_one_issue(kind: Any, value: Any, what: str) -> None:
    (issue,) = check_entry(kind, value, overrides={"not-an-object": "off"})
    assert (issue.type, issue.severity, issue.path, issue.reference) == ("json", "error", "", "not-an-object")
    assert what in issue.message


def test_all_tiers_speak_and_none_stops_another() -> None:
    found = {(issue.type, issue.path, issue.reference) for issue in check_entry("server", BAD)}
    assert found >= {
        ("schema", "description", "schema:maxLength"),
        ("semantic", "name", "unsafe-name"),
        ("semantic", "version", "version-looks-like-range"),
        ("semantic", "remotes[0].url", "invalid-remote-url"),
        ("semantic", "remotes[1].type", "unsupported-remote-transport-type"),
        ("semantic", "license", "unexpected-member"),
        ("linter", "remotes[0].type", "sse-transport"),
    }


def test_issues_come_in_the_order_of_reports_and_only_once() -> None:
    issues = check_entry("server", BAD)
    assert list(issues) == sorted(set(issues), key=lambda issue: issue.sort_key())
    assert check_entry("server", dict(reversed(BAD.items()))) == issues


def test_every_issue_says_where_and_what_and_names_its_rule() -> None:
    for issue in check_entry("server", BAD):
        assert issue.message
        assert issue.reference
        assert not issue.message.endswith(".")


def test_the_documents_of_another_kind_are_not_judged_by_the_demands_on_servers() -> None:
    assert (
        check_entry("skill", skill(packages=[{"registryType": "oci", "identifier": "quay.io/a/b:1"}]), level="official")
        == ()
    )
