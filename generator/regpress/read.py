"""Candidates to readings: each document checked and serialised once, before any rule of the configuration.

What a `Reading` holds depends on the file's bytes and the validation policy alone, so that it can be kept from one
build to the next. Filters, times, status files and precedence come later (`regpress.resolve`, `regpress.merge`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from regpress.errors import InvalidNameError
from regpress.facets import facets_of
from regpress.model.document import DocumentError, compact_text, is_text, serialise, served_text
from regpress.model.entry import (
    OFFICIAL_META,
    PUBLISHER_META,
    STATUS_VALUES,
    TOOLHIVE_META,
    Candidate,
    entry_label,
)
from regpress.model.issue import Issue
from regpress.model.reading import NOTHING_CARRIED, Carried, Reading, Unreadable, digest_of
from regpress.names import EntryName, Kind, parse_collection_name, parse_server_name, version_problem
from regpress.times import time_key

#: Longest status message, official registry specification section 16.
MAX_STATUS_MESSAGE = 500

#: Checks the documents of several candidates: one tuple of issues each, in their order.
Checker = Callable[[Sequence[tuple[Kind, Any]]], Iterable[tuple[Issue, ...]]]


def read_candidates(candidates: Sequence[Candidate], check: Checker) -> list[Reading | Unreadable]:
    """Return one reading for each candidate, in their order.

    Args:
        candidates: the documents of one file.
        check: validation of all tiers (`regpress.validate.check.check_entry`), perhaps on several processors.
    """
    serialised = [_serialise(candidate) for candidate in candidates]
    sound = [
        (candidate.kind, value)
        for candidate, (_, value, json_issues) in zip(candidates, serialised, strict=True)
        if not json_issues
    ]
    checked = iter(check(sound))
    return [
        _reading(candidate, text, value, json_issues or next(checked))
        for candidate, (text, value, json_issues) in zip(candidates, serialised, strict=True)
    ]


def _serialise(candidate: Candidate) -> tuple[bytes, Any, tuple[Issue, ...]]:
    try:
        value = candidate.value
        if candidate.is_compact:
            text = served_text(candidate.written)
        else:
            text, value = serialise(value)
        if candidate.kind != "server" and isinstance(value, dict) and "_meta" in value:
            # Skills and plugins are served bare: the registry's block joins their own ``_meta`` when it is written.
            text, _ = serialise({key: item for key, item in candidate.value.items() if key != "_meta"})
    except DocumentError as error:
        issue = Issue(
            type="json", severity="error", message=error.reason, expected=error.expected, reference="unserialisable"
        )
        return b"", None, (issue,)
    # One object for both, where a file is written as compactly as it is served.
    return candidate.written if text == candidate.written else text, value, ()


def _reading(candidate: Candidate, text: bytes, value: Any, issues: tuple[Issue, ...]) -> Reading | Unreadable:
    kind = candidate.kind
    if not isinstance(value, dict):
        return Unreadable(kind=kind, label="", issues=issues)
    try:
        name, version = _identity(kind, value)
    except InvalidNameError as error:
        return Unreadable(kind=kind, label=_guess(kind, value), issues=_with(issues, error))
    meta = _joined_meta(candidate)
    carried, other_meta, meta_issues = _read_meta(meta)
    claims, claim_issues = _read_claims(candidate.claims)
    extension_tags, extension_status = _extension_facts(value)
    # By position: this runs once for every document of a registry.
    return Reading(
        kind,
        name,
        version,
        text,
        digest_of(text, other_meta),
        carried,
        other_meta,
        _text(value, "title"),
        _text(value, "description"),
        extension_tags,
        facets_of(value, value.get("_meta") if kind == "server" else meta if other_meta else None),
        _text(value, "status").lower() if kind != "server" else extension_status,
        claims,
        (*issues, *meta_issues, *claim_issues) if meta_issues or claim_issues else issues,
    )


def _identity(kind: Kind, value: Mapping[str, Any]) -> tuple[EntryName, str]:
    version, name = value.get("version"), value.get("name")
    if not isinstance(name, str) or not isinstance(version, str):
        missing = "name" if not isinstance(name, str) else "version"
        raise InvalidNameError(missing, "is missing or not a string")
    if kind == "server":
        parsed = parse_server_name(name)
    else:
        namespace = value.get("namespace")
        parsed = parse_collection_name(namespace if isinstance(namespace, str) else "", name)
    if reason := version_problem(version):
        raise InvalidNameError(version[:80], reason)
    return parsed, version


def _guess(kind: Kind, value: Mapping[str, Any]) -> str:
    namespace = _text(value, "namespace")
    name = f"{namespace}/{_text(value, 'name')}" if namespace else _text(value, "name")
    return entry_label(kind, name[:80], _text(value, "version")[:80])


def _with(issues: tuple[Issue, ...], error: InvalidNameError) -> tuple[Issue, ...]:
    """Return *issues* with an error for the unusable identity, unless one of them is about it already."""
    if any(issue.severity == "error" and issue.path in {"", "name", "namespace", "version"} for issue in issues):
        return issues
    return (*issues, Issue(type="semantic", severity="error", message=str(error), reference="unsafe-name"))


def _text(value: Mapping[str, Any], key: str) -> str:
    found = value.get(key)
    return found if isinstance(found, str) else ""


def _extension_facts(value: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
    """Return the tags of all extension objects and the status that one of them states (ToolHive section 16)."""
    meta = value.get("_meta")
    block = meta.get(PUBLISHER_META) if isinstance(meta, dict) else None
    if not isinstance(block, dict):
        return (), ""
    tags: set[str] = set()
    status = ""
    for publisher, extensions in block.items():
        if not isinstance(extensions, dict):
            continue
        for extension in extensions.values():
            if isinstance(extension, dict):
                found = extension.get("tags")
                tags.update(tag for tag in found if isinstance(tag, str)) if isinstance(found, list) else None
                if publisher == TOOLHIVE_META and _text(extension, "status").lower() == "deprecated":
                    status = "deprecated"
    return tuple(sorted(tags)), status


def _joined_meta(candidate: Candidate) -> Any:
    """Return the ``_meta`` beside a document; a skill's or plugin's own joins it."""
    own = candidate.value.get("_meta") if candidate.kind != "server" else None
    if isinstance(own, dict) and own:
        return {**own, **candidate.meta} if isinstance(candidate.meta, dict) else own
    return candidate.meta


def _read_claims(claims: Any) -> tuple[Mapping[str, Any], tuple[Issue, ...]]:
    if not claims:
        return _NO_CLAIMS, ()
    if isinstance(claims, dict) and all(
        isinstance(value, str) or (isinstance(value, list) and all(isinstance(item, str) for item in value))
        for value in claims.values()
    ):
        return claims, ()
    issue = Issue(
        type="source",
        severity="error",
        path="claims",
        message="claims are not an object of strings or lists of strings",
        reference="malformed-claims",
        expected='for example {"team": "data"}',
    )
    # An unreadable gate stays shut.
    return {"": "unreadable"}, (issue,)


def _read_meta(meta: Any) -> tuple[Carried, bytes, tuple[Issue, ...]]:
    if not meta:
        return NOTHING_CARRIED, b"", ()
    if not isinstance(meta, dict):
        return NOTHING_CARRIED, b"", (_meta_issue("_meta", "is not an object", "an object"),)
    block = meta.get(OFFICIAL_META)
    others = {key: value for key, value in meta.items() if key != OFFICIAL_META}
    try:
        other_meta = compact_text(others)[1:-1] if others else b""
    except DocumentError as error:
        return NOTHING_CARRIED, b"", (_meta_issue("_meta", error.reason, error.expected),)
    if block is None:
        return NOTHING_CARRIED, other_meta, ()
    if not isinstance(block, dict):
        return NOTHING_CARRIED, other_meta, (_meta_issue(_BLOCK, "is not an object", "an object"),)
    carried, issues = _carried(block)
    return carried, other_meta, issues


def _carried(block: Mapping[str, Any]) -> tuple[Carried, tuple[Issue, ...]]:
    issues: list[Issue] = []
    status = block.get("status")
    if status is not None and status not in STATUS_VALUES:
        issues.append(_meta_issue(f"{_BLOCK}.status", f"is {str(status)[:40]!r}", "active, deprecated or deleted"))
    times: dict[str, Any] = {}
    for key, attribute in _TIME_FIELDS.items():
        text = block.get(key)
        if text is None:
            continue
        if isinstance(text, str) and _is_time(text):
            times[attribute] = text
        else:
            issues.append(_meta_issue(f"{_BLOCK}.{key}", f"is {str(text)[:40]!r}", "an RFC 3339 date-time"))
    message = block.get("statusMessage")
    if isinstance(message, str) and not is_text(message):
        issues.append(_meta_issue(f"{_BLOCK}.statusMessage", "holds half of a surrogate pair", "Unicode text"))
        message = ""
    is_latest = block.get("isLatest")
    return (
        Carried(
            **times,
            status=status if status in STATUS_VALUES else None,
            status_message=message[:MAX_STATUS_MESSAGE] if isinstance(message, str) else "",
            is_latest=is_latest if isinstance(is_latest, bool) else None,
        ),
        tuple(issues),
    )


def _is_time(text: str) -> bool:
    try:
        time_key(text)
    except ValueError:
        return False
    return True


def _meta_issue(path: str, message: str, expected: str) -> Issue:
    return Issue(
        type="source",
        severity="warning",
        path=path,
        message=f"{message}; the registry fills it in",
        reference="official-block",
        expected=expected,
    )


_NO_CLAIMS: Mapping[str, Any] = {}  # never written
_BLOCK = f'_meta["{OFFICIAL_META}"]'
_TIME_FIELDS = {
    "publishedAt": "published_at",
    "updatedAt": "updated_at",
    "statusChangedAt": "status_changed_at",
}
