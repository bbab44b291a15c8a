"""A status file to the statuses in it: ``content/status/<kinds>/<namespace>/<name>.json``.

One object, version to record: ``{"1.0.0": {"status": "deprecated", "message": "Use 2.x", "changedAt": "2026-…Z"}}``.
A change of the message alone is dated by ``updatedAt``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from regpress.digest import canonical_json
from regpress.model.document import DocumentError, is_text, parse_json
from regpress.model.entry import STATUS_VALUES, RawFile, Status, entry_label
from regpress.model.issue import Issue
from regpress.model.native import json_type
from regpress.model.places import member_place
from regpress.names import Kind, version_problem
from regpress.times import parse_time

#: Official registry specification 16.
MAX_STATUS_MESSAGE: Final = 500

#: Members that hold times.
_TIMES: Final = ("changedAt", "updatedAt")
_EXPECTED: Final = 'versions with a status each, such as {"1.0.0": {"status": "deprecated", "message": "Use 2.x"}}'


class _Flaw(NamedTuple):
    member: str
    message: str
    expected: str


def read_statuses(
    raw: RawFile, kind: Kind, name: str, *, source: str = ""
) -> tuple[Mapping[str, Status], tuple[Issue, ...]]:
    """Return the statuses by version, and what is wrong with the file; a defective record is left out.

    Args:
        raw: the file.
        kind: kind of the entry that it is about, by its place.
        name: ``namespace/name`` of that entry, by its place.
        source: the source's name, for the issues.
    """
    try:
        value = parse_json(raw.data)
    except DocumentError as error:
        issue = Issue(
            type="json",
            severity="error",
            message=error.reason,
            reference="invalid-json",
            expected=error.expected,
            source=source,
            entry=entry_label(kind, name),
            file=raw.path,
            line=error.line,
        )
        return {}, (issue,)
    statuses: dict[str, Status] = {}
    issues: list[Issue] = []
    for version, record in value.items() if isinstance(value, dict) else [("", value)]:
        flaws = list(_flaws(version, record) if isinstance(value, dict) else _not_an_object(value))
        if not flaws:
            statuses[version] = _status(record)
        issues.extend(
            Issue(
                type="schema",
                severity="error",
                path=flaw.member,
                message=flaw.message,
                reference="status-file",
                expected=flaw.expected,
                source=source,
                entry=entry_label(kind, name, version),
                file=raw.path,
                pointer=member_place("", version) if isinstance(value, dict) else "",
            )
            for flaw in flaws
        )
    return statuses, tuple(issues)


def _not_an_object(value: Any) -> Iterator[_Flaw]:
    yield _Flaw("", f"the status file holds {json_type(value)}", _EXPECTED)


def _flaws(version: str, record: Any) -> Iterator[_Flaw]:
    if reason := version_problem(version):
        yield _Flaw("", f"the version {version[:80]!r} {reason}", "an exact version")
    if not isinstance(record, dict):
        yield _Flaw("", f"the status is {json_type(record)}", _EXPECTED)
        return
    if record.get("status") not in STATUS_VALUES:
        yield _Flaw("status", f"{_shown(record.get('status'))} is not a status", f"one of {', '.join(STATUS_VALUES)}")
    yield from _message_flaws(record)
    yield from _time_flaws(record)
    for key in record.keys() - {"status", "message", *_TIMES}:
        yield _Flaw("", f"{key[:80]!r} is not a known key", "'status', 'message', 'changedAt' or 'updatedAt'")


def _message_flaws(record: Mapping[str, Any]) -> Iterator[_Flaw]:
    message = record.get("message", "")
    if not isinstance(message, str):
        yield _Flaw("message", f"the message is {json_type(message)}", "a string")
    elif not is_text(message):
        yield _Flaw("message", "the message holds half of a surrogate pair", "Unicode text")
    elif len(message) > MAX_STATUS_MESSAGE:
        yield _Flaw("message", f"the message has {len(message)} characters", f"at most {MAX_STATUS_MESSAGE}")
    elif message and record.get("status") == "active":
        yield _Flaw("message", "an active version has no message", "another status, or no message")


def _time_flaws(record: Mapping[str, Any]) -> Iterator[_Flaw]:
    expected = "an RFC 3339 date-time such as '2026-05-01T06:00:00Z'"
    for key in _TIMES:
        moment = record.get(key, "")
        if not isinstance(moment, str):
            yield _Flaw(key, f"the time is {json_type(moment)}", expected)
        elif moment:
            try:
                parse_time(moment)
            except ValueError:
                yield _Flaw(key, f"{moment[:80]!r} is not a time", expected)


def _status(record: Mapping[str, Any]) -> Status:
    return Status(
        status=record["status"],
        message=record.get("message", ""),
        changed_at=record.get("changedAt", ""),
        updated_at=record.get("updatedAt", ""),
    )


def status_file(statuses: Mapping[str, Status]) -> bytes:
    """Return the file that `read_statuses` reads as *statuses*."""
    members = ("status", "message", "changedAt", "updatedAt")
    records = {
        version: {
            member: text
            for member, text in zip(members, (one.status, one.message, one.changed_at, one.updated_at), strict=True)
            if text
        }
        for version, one in statuses.items()
    }
    return canonical_json(records)


def _shown(value: Any) -> str:
    return repr(value[:80]) if isinstance(value, str) else json_type(value)
