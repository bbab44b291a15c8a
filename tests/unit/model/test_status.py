import json
from typing import Any

import pytest

from regpress.model.entry import RawFile, Status
from regpress.model.status import read_statuses


def read(value: Any) -> tuple[dict[str, Status], list[str]]:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    raw = RawFile(path="content/status/servers/com.example/weather.json", data=data)
    statuses, issues = read_statuses(raw, "server", "com.example/weather", source="own")
    assert {(issue.source, issue.file) for issue in issues} <= {("own", raw.path)}
    assert {issue.severity for issue in issues} <= {"error"}
    return dict(statuses), [str(issue).removeprefix("own: com.example/weather") for issue in issues]


def test_each_version_has_its_status_message_and_time() -> None:
    statuses, issues = read(
        {
            "1.0.0": {"status": "deprecated", "message": "Use 2.x", "changedAt": "2026-05-01T06:00:00Z"},
            "2.0.0": {"status": "active"},
        }
    )
    assert issues == []
    assert statuses == {
        "1.0.0": Status(status="deprecated", message="Use 2.x", changed_at="2026-05-01T06:00:00Z"),
        "2.0.0": Status(status="active"),
    }


@pytest.mark.parametrize(
    ("record", "text"),
    [
        ("deleted", ": the status is a string (expected versions with a status each"),
        ({"status": "gone"}, ": status: 'gone' is not a status (expected one of active, deprecated, deleted)"),
        ({}, ": status: null is not a status (expected one of"),
        ({"status": "deleted", "message": 7}, ": message: the message is a number (expected a string)"),
        (
            {"status": "deleted", "message": "x" * 501},
            ": message: the message has 501 characters (expected at most 500)",
        ),
        ({"status": "active", "message": "why"}, ": message: an active version has no message"),
        ({"status": "deleted", "changedAt": "now"}, ": changedAt: 'now' is not a time (expected an RFC 3339"),
        ({"status": "deleted", "changedAt": 5}, ": changedAt: the time is a number (expected an RFC 3339"),
        ({"status": "deleted", "reason": "x"}, ": 'reason' is not a known key (expected 'status', 'message'"),
    ],
)
def test_a_defective_record_is_an_issue_and_leaves_the_others(record: Any, text: str) -> None:
    statuses, issues = read({"1.0.0": record, "2.0.0": {"status": "active"}})
    assert list(statuses) == ["2.0.0"]
    assert len(issues) == 1
    assert issues[0].startswith("@1.0.0" + text)


@pytest.mark.parametrize("version", ["latest", "", "1.0/2", ".."])
def test_a_status_is_for_an_exact_version(version: str) -> None:
    statuses, issues = read({version: {"status": "deleted"}})
    assert statuses == {}
    assert "(expected an exact version)" in issues[0]


@pytest.mark.parametrize(
    ("value", "text"),
    [([], "the status file holds an array"), (b"{", "not JSON"), (b'{"1": {}, "1": {}}', "stands twice")],
)
def test_a_file_that_is_no_object_is_one_issue(value: Any, text: str) -> None:
    statuses, issues = read(value)
    assert statuses == {}
    assert len(issues) == 1
    assert text in issues[0]
