"""Documents to schema issues: the first tier of validation, by JSON Schemas of our own.

The schemas lie in ``regpress/schemas`` and are published with a site. They accept what the schemas of the official
registry and of ToolHive accept, and are arranged so that a failure points at the member that is wrong. A valid
document costs microseconds: failures are collected only after the quick check has failed.

Follows official registry specification 9.1 and 10 for ``$schema``, ToolHive specification 15 and 16 for the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from itertools import islice
from typing import Any, Final, NamedTuple

import jsonschema_rs

from regpress.model.entry import PUBLISHER_META, TOOLHIVE_META
from regpress.model.issue import Issue, IssueType
from regpress.names import Kind
from regpress.validate.findings import shown
from regpress.validate.wording import issue_of, place

#: The form of ``server.json`` that clients expect today.
CURRENT: Final = "2025-12-11"
#: Every form that has a schema, oldest first.
DIALECTS: Final = ("2025-07-09", "2025-09-16", "2025-09-29", "2025-10-11", "2025-10-17", CURRENT, "draft")
#: Rules about ``$schema`` that are warnings here, because the format itself does not demand them, and errors for the
#: official service.
OFFICIAL_ERRORS: Final = frozenset(
    {"schema-field-required", "schema-version-extraction-error", "schema-version-not-available"}
)
#: Most failures that are listed for one document.
MAX_FAILURES: Final = 500

_ADDRESS = "https://static.modelcontextprotocol.io/schemas/{}/server.schema.json"
_DRAFT_ADDRESS = "/docs/reference/server-json/draft/server.schema.json"
_DIALECT = re.compile(r"/schemas/([A-Za-z0-9_~.-]+)/server\.schema\.json")

_PUBLISHER = place(("_meta", PUBLISHER_META))
_TOOLHIVE = place(("_meta", PUBLISHER_META, TOOLHIVE_META))


class Declared(NamedTuple):
    """What a document's ``$schema`` comes to.

    Attributes:
        dialect: the form to check it against: the one it names or, failing that, the current one.
        issues: findings about the naming itself, at the path ``schema``.
    """

    dialect: str
    issues: tuple[Issue, ...] = ()


@cache
def schema_names() -> tuple[str, ...]:
    """Return the file names of all published schemas, each also its ``$id``; our own documents' are ``regpress-…``."""
    names = (entry.name for entry in files("regpress").joinpath("schemas").iterdir())
    return tuple(sorted(name for name in names if name.endswith(".schema.json")))


@cache
def schema_bytes(name: str) -> bytes:
    """Return one of the schemas as it is published.

    Raises:
        KeyError: *name* is none of `schema_names`.
    """
    if name not in schema_names():
        raise KeyError(name)
    return files("regpress").joinpath("schemas", name).read_bytes()


def schema_issues(kind: Kind, value: Any, *, dialect: str | None = None) -> tuple[Issue, ...]:
    """Return what is wrong with the form of a server, skill or plugin; nothing for most.

    A server is checked against the schema that it names. Registries keep entries that were converted in place and
    still name an older schema: one that fails it and passes the current one gets a warning instead.

    Args:
        kind: what the document should be.
        value: plain JSON values, without `regpress.model.document.NumberText`.
        dialect: one of `DIALECTS` to check a server against; ``$schema`` then does not count.

    Raises:
        KeyError: there is no such dialect.
    """
    if kind != "server":
        return _failures(f"{kind}.schema.json", value)
    if dialect is not None:
        return _failures(_server_schema(dialect), value)
    address = value.get("$schema", "") if isinstance(value, dict) else None
    found, issues = declared_schema(address) if isinstance(address, str) else Declared(CURRENT)
    if _passes(_server_schema(found), value):
        return issues
    return (*issues, *_server_failures(value, found))


def publisher_issues(value: Any) -> tuple[Issue, ...]:
    """Return what is wrong with the publisher-provided metadata of a server document, ToolHive specification 16.

    In ToolHive's own member these are errors. For other publishers' members the official registry sets no rule, so
    they are warnings: ToolHive refuses a file with a member that is no object.
    """
    meta = value.get("_meta") if isinstance(value, dict) else None
    if not isinstance(meta, dict) or PUBLISHER_META not in meta:
        return ()
    found = _failures("publisher-provided.schema.json", meta[PUBLISHER_META], at=("_meta", PUBLISHER_META))
    return tuple(
        issue
        if issue.path == _PUBLISHER or _is_within(issue.path, _TOOLHIVE)
        else issue._replace(severity="warning", expected="an object, or ToolHive refuses the file")
        for issue in found
    )


def registry_file_issues(value: Any) -> tuple[Issue, ...]:
    """Return what is wrong with the frame of an upstream registry file, ToolHive specification 15.1."""
    data = value.get("data") if isinstance(value, dict) else None
    if isinstance(data, dict):
        value = {**value, "data": _without_items(data)}
    return _failures("upstream-registry.schema.json", value)


def server_list_issues(value: Any) -> tuple[Issue, ...]:
    """Return what is wrong with the frame of a list response, official registry specification 4.3."""
    return _failures("server-list.schema.json", _without_items(value) if isinstance(value, dict) else value)


@lru_cache(maxsize=64)
def declared_schema(address: str) -> Declared:
    """Return what the text of ``$schema`` comes to, official registry specification 9.1; empty where it is missing.

    What only the official service demands (`OFFICIAL_ERRORS`) is a warning here.
    """
    if address == _ADDRESS.format(CURRENT):
        return Declared(CURRENT)
    if not address:
        return Declared(CURRENT, (_note("schema-field-required", "the document names no schema"),))
    dialect = _dialect_in(address)
    if dialect is None:
        message = f"$schema {shown(address)} is not the address of a server.json schema"
        return Declared(CURRENT, (_note("schema-version-extraction-error", message, tier="schema"),))
    if dialect == "draft":
        message = "the document names the draft schema, which is not published yet"
        return Declared(dialect, (_note("schema-version-not-available", message, tier="schema"),))
    # Clients read camelCase only.
    snake_case = ", and has snake_case members that clients do not read" if dialect == DIALECTS[0] else ""
    message = f"the document names the schema {shown(dialect)}, not the current one{snake_case}"
    old = _note("schema-version-deprecated", message)
    if dialect in DIALECTS:
        return Declared(dialect, (old,))
    message = f"there is no server.json schema {shown(dialect)}"
    return Declared(CURRENT, (old, _note("schema-version-not-available", message, tier="schema")))


def is_harmless(issue: Issue, value: Any) -> bool:
    """Return whether clients tolerate what an issue of this tier reports, so that ``onInvalid: keep`` may serve it.

    Static hosting specification 2.2 and 2.5: clients throw away a page over a name, description or version that is
    no text, over members of another type, and over packages and remotes without what identifies them. They do not
    look at lengths of titles, at addresses of repositories and pictures, or at publishers' metadata.

    Args:
        issue: from `schema_issues` or `publisher_issues`, with whatever severity.
        value: the document that it is about.
    """
    if issue.path == "schema":
        return True  # nobody but registries reads it
    if issue.type != "schema":
        return False
    if issue.path != _PUBLISHER and _is_within(issue.path, _PUBLISHER):
        return True
    if issue.reference == "schema:required" and _is_complete_package(value, issue.path):
        return True
    return any(issue.reference in rules and path.fullmatch(issue.path) for path, rules in _TOLERATED)


#: Places and the rules that may be broken there without harm. Wrong types never are: clients in typed languages
#: refuse the whole page.
_TOLERATED: Final = tuple(
    (re.compile(path), frozenset(f"schema:{rule}" for rule in rules.split()))
    for path, rules in (
        ("description|license|compatibility", "maxLength"),
        ("title", "maxLength minLength"),
        (r"repository(\.url)?", "required format"),
        ("websiteUrl", "format"),
        (r"icons\[\d+\]\..+", "format maxLength enum pattern"),
        ("status", "enum"),
        ("allowedTools", "uniqueItems"),
        (r"packages\[\d+\]|provenance(\.attestation)?", "additionalProperties"),
    )
)


def _dialect_in(address: str) -> str | None:
    if found := _DIALECT.search(address):
        return found.group(1)
    return "draft" if address.endswith(_DRAFT_ADDRESS) else None


#: Nearly every registry holds entries that name an older schema, and no client minds: advice, but to the official one.
_OLD_SCHEMA: Final = frozenset({"schema-version-deprecated", "schema-mismatch-declared"})


def _note(rule: str, message: str, *, tier: IssueType = "semantic") -> Issue:
    return Issue(
        type=tier,
        severity="info" if rule in _OLD_SCHEMA else "warning",
        path="schema",
        message=message,
        reference=rule,
        expected=_ADDRESS.format(CURRENT),
    )


@cache
def _server_schema(dialect: str) -> str:
    return f"server-{dialect}.schema.json"


def _server_failures(value: Any, dialect: str) -> tuple[Issue, ...]:
    """Return the failures under the schema that a document names or, where they are fewer, under the current one."""
    named = _failures(_server_schema(dialect), value)
    if dialect == CURRENT:
        return named
    current = _failures(_server_schema(CURRENT), value)
    if len(current) >= len(named):
        return named
    why = named[0].message if named[0].message.startswith(named[0].path) else f"{named[0].path}: {named[0].message}"
    message = f"the document has the current form, not that of the schema {dialect} that it names ({why})"
    return (_note("schema-mismatch-declared", message, tier="schema"), *current)


@cache
def _validator(name: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(
        json.loads(schema_bytes(name)),
        validate_formats=True,
        # Schemas refer to one another by file name; nothing is ever fetched.
        retriever=lambda address: json.loads(schema_bytes(address.rpartition("/")[2])),
    )


def _passes(name: str, value: Any) -> bool:
    try:
        return _validator(name).is_valid(value)
    except ValueError:  # a lone surrogate, or nested too deeply
        return False


def _failures(name: str, value: Any, *, at: Sequence[str | int] = ()) -> tuple[Issue, ...]:
    """Return every failure of a value once, in the order of reports."""
    if _passes(name, value):
        return ()
    try:
        found = {issue_of(error, at=at) for error in islice(_validator(name).iter_errors(value), MAX_FAILURES)}
    except ValueError:
        message = "the document is nested too deeply, or a string in it holds half of a surrogate pair"
        unreadable = Issue(type="schema", severity="error", path=place(at), message=message, reference="schema:json")
        return (unreadable,)
    return tuple(sorted(found, key=Issue.sort_key))


def _without_items(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return *value* with its lists empty: the entries in them are checked one by one elsewhere."""
    return {key: [] if isinstance(member, list) else member for key, member in value.items()}


def _is_within(path: str, outer: str) -> bool:
    return path == outer or path.startswith((f"{outer}.", f"{outer}["))


def _is_complete_package(value: Any, path: str) -> bool:
    """Return whether *path* is a server's package that has all that the current schema asks for."""
    found = re.fullmatch(r"packages\[(\d+)\]", path)
    packages = value.get("packages") if isinstance(value, dict) else None
    if not found or not isinstance(packages, list) or int(found.group(1)) >= len(packages):
        return False
    package = packages[int(found.group(1))]
    return isinstance(package, dict) and {"registryType", "identifier", "transport"} <= package.keys()
