"""A note of removed versions to what it says: ``content/admin/tombstones/<kinds>/<namespace>/<name>.json``.

One object, version to record: ``{"1.0.0": {"deletedAt": "2026-…Z", "registries": ["default"]}}``. ``registries`` are
those in which everybody saw the version when it was removed; ``claims`` are those that it had then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from regpress.errors import InvalidNameError
from regpress.model.document import DocumentError, parse_json
from regpress.model.entry import RawFile, Removal, entry_label
from regpress.model.issue import Issue
from regpress.model.native import json_type
from regpress.model.places import member_place
from regpress.names import Kind, parse_entry_name, version_problem
from regpress.times import format_time, parse_time

#: Below it, in the content folder, lie the notes.
TOMBSTONES: Final = "admin/tombstones"

_EXPECTED: Final = 'versions with a time each, such as {"1.0.0": {"deletedAt": "2026-05-01T06:00:00Z"}}'


def removal_record(removed_at: str, registries: list[str], claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record that `read_removals` reads."""
    return {
        "deletedAt": removed_at,
        **({"registries": registries} if registries else {}),
        **({"claims": dict(claims)} if claims else {}),
    }


def read_removals(
    raw: RawFile, kind: Kind, name: str, *, source: str = ""
) -> tuple[tuple[Removal, ...], tuple[Issue, ...]]:
    """Return the removed versions of an entry, and what is wrong with the note; a defective record is left out.

    Args:
        raw: the file.
        kind: kind of the entry that it is about, by its place.
        name: ``namespace/name`` of that entry, by its place.
        source: the source's name, for the issues.
    """

    def issue(reference: str, message: str, expected: str, version: str = "", line: int = 0) -> Issue:
        return Issue(
            type="json" if reference == "invalid-json" else "schema",
            severity="warning",
            message=message,
            reference=reference,
            expected=expected,
            source=source,
            entry=entry_label(kind, name, version) if version else entry_label(kind, name),
            file=raw.path,
            pointer=member_place("", version) if version else "",
            line=line,
        )

    try:
        value = parse_json(raw.data)
        parse_entry_name(kind, name)
    except DocumentError as error:
        return (), (issue("invalid-json", error.reason, error.expected, line=error.line),)
    except InvalidNameError as error:
        return (), (issue("removal-note", f"the place names no entry: {error}", "the place of an entry"),)
    if not isinstance(value, dict):
        return (), (issue("removal-note", f"the note holds {json_type(value)}", _EXPECTED),)
    found: list[Removal] = []
    issues: list[Issue] = []
    for version, record in value.items():
        flaws = list(_flaws(version, record))
        issues += [issue("removal-note", message, expected, version) for message, expected in flaws]
        if not flaws:
            removed_at = format_time(parse_time(record["deletedAt"]))
            registries = tuple(record.get("registries", ()))
            found.append(Removal(kind, name, version, removed_at, registries, bool(record.get("claims"))))
    return tuple(found), tuple(issues)


def _flaws(version: str, record: Any) -> Iterator[tuple[str, str]]:
    if reason := version_problem(version):
        yield f"the version {version[:80]!r} {reason}", "an exact version"
    if not isinstance(record, dict):
        yield f"the record is {json_type(record)}", _EXPECTED
        return
    try:
        parse_time(record.get("deletedAt", ""))
    except (TypeError, ValueError, OverflowError):
        yield "the record has no time", "'deletedAt', an RFC 3339 date-time such as '2026-05-01T06:00:00Z'"
    registries = record.get("registries", [])
    if not isinstance(registries, list) or not all(isinstance(one, str) for one in registries):
        yield "the registries are no list of names", "names of registries"
