"""A query string to what it asks for, and rows of a list to the page that answers it: the rules, once.

Follows official registry specification 2.4 and 5 (parameters, filters, deleted entries, order), ToolHive registry
specification 3.2 and 4.2 (limits, skills and plugins) and DESIGN section 5 (cursors, search, order). The edge module
(`regpress.edge`) does the same in JavaScript; tests ask both the same questions.

A list is in the order of names, then versions, by code point. A cursor made here carries the whole query, since clients
repeat or drop the other parameters as they like: what it says counts, whatever stands beside it, but for ``limit``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import parse_qsl

from regpress import pages
from regpress.errors import RegistryError
from regpress.model.document import is_text
from regpress.model.entry import EntryVersion, StatusValue
from regpress.names import Kind
from regpress.record import record
from regpress.times import parse_time, time_key

#: Which specification a prefix follows: ``/v0`` and ``/v0.1``, or ``/registry/R/v0.1``.
Dialect = Literal["official", "toolhive"]
#: Place of a version in lists: ``namespace/name`` and version; a place before all has an empty name.
Key = tuple[str, str]
#: A stored cursor (`regpress.pages`) to the list that it continues and the place after which it does, or None.
StoredCursors = Callable[[str], tuple[pages.ListName, Key] | None]

#: The most that any prefix takes for ``limit``.
LARGEST_LIMIT: Final = 1000

_TRUE: Final = {"1", "t", "T", "true", "True", "TRUE"}
_FALSE: Final = {"0", "f", "F", "false", "False", "FALSE"}
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_INTEGER: Final = re.compile(r"-?[0-9]{1,15}")
#: A bare plus in a query means a space; before an offset it was meant as it stood.
_SPACE_BEFORE_OFFSET: Final = re.compile(r" (?=[0-9]{2}:[0-9]{2}$)")


class QueryError(RegistryError, ValueError):
    """A query cannot be answered.

    Attributes:
        status: the HTTP status, 400 or 422.
        detail: one line.
        errors: single findings, official registry specification 2.6.
    """

    def __init__(self, status: int, detail: str, errors: Sequence[Mapping[str, Any]] = ()) -> None:
        self.status = status
        self.detail = detail
        self.errors = tuple(errors)
        super().__init__(detail)


class Row(NamedTuple):
    """What queries look at in a version.

    Attributes:
        name, version: its place in lists.
        texts: what a search looks into, folded.
        updated: when it changed last, as `regpress.times.time_key`.
        latest: whether it is the latest of its name.
        deleted: whether it is only shown to those who ask for deleted versions.
        status: the state that ``status`` of skills and plugins selects by.
        place: where more is known of it, for who made it (`regpress.shelves`); -1 for nowhere.
    """

    name: str
    version: str
    texts: tuple[str, ...]
    updated: str
    latest: bool
    deleted: bool
    status: str
    place: int = -1


class Found(NamedTuple):
    """One page of an answer.

    Attributes:
        rows: at most as many as the limit says.
        cursor: what leads to the rest, empty where there is none.
    """

    rows: Sequence[Row]
    cursor: str


@record(kw_only=True)
class Query:
    """What a request for a list asks for.

    Attributes:
        kind: which list.
        limit: most entries of the answer.
        after: the place after which it begins, whether there is still something at this place or not.
        version: ``latest``, an exact version, or empty for every version.
        search: folded text, empty for no filter.
        since: only what changed later than this, as `regpress.times.time_key`; implies *deleted*. Empty for no filter.
        deleted: whether deleted versions are included.
        statuses: of skills and plugins: the states that are shown, sorted; empty for all.
    """

    kind: Kind
    limit: int
    after: Key = ("", "")
    version: str = ""
    search: str = ""
    since: str = ""
    deleted: bool = False
    statuses: tuple[str, ...] = ()

    @property
    def stored_list(self) -> pages.ListName | None:
        """Return the stored list that holds exactly what is asked for, or None where rows must be looked through."""
        if self.search or self.since or self.deleted or self.statuses:
            return None
        return {"": "all", "latest": "latest"}.get(self.version)  # type: ignore[return-value]

    def takes(self, row: Row) -> bool:
        """Return whether a version is part of the whole answer, wherever pages begin."""
        return (
            (not row.deleted or self.deleted or bool(self.since))
            and (not self.version or (row.latest if self.version == "latest" else row.version == self.version))
            and (not self.since or row.updated > self.since)
            and (not self.statuses or row.status in self.statuses)
            and (not self.search or any(self.search in text for text in row.texts))
        )


def parse_query(kind: Kind, text: str, *, dialect: Dialect, stored: StoredCursors) -> Query:
    """Return what the query string of a request for a list asks for.

    Args:
        kind: which list.
        text: the query string as sent, without its question mark.
        dialect: whose limits and errors apply; skills and plugins have ToolHive's on every prefix.
        stored: how to read cursors of stored pages.

    Raises:
        QueryError: a parameter is malformed or out of range, or the cursor is none of ours.
    """
    given = _parameters(text)
    official = dialect == "official" and kind == "server"
    limit, deleted = _numbers(given) if official else _toolhive_numbers(kind, given)
    cursor = given.get("cursor", "")
    if kind != "server":
        cursor = cursor.strip()
    query = parse_cursor(kind, cursor, stored=stored) if cursor else _fresh(kind, given, deleted, official=official)
    return replace(query, limit=limit) if limit else query


def parse_deleted(text: str, *, dialect: Dialect) -> bool:
    """Return whether the query string of a request for versions of one entry asks for deleted ones too.

    Raises:
        QueryError: the parameter is malformed.
    """
    given = {name: value for name, value in _parameters(text).items() if name == "include_deleted"}
    _, deleted = _numbers(given) if dialect == "official" else _toolhive_numbers("server", given)
    return bool(deleted)


def parse_cursor(kind: Kind, cursor: str, *, stored: StoredCursors) -> Query:
    """Return the query that a cursor continues.

    Raises:
        QueryError: it is none of ours.
    """
    if cursor.startswith(pages.QUERY_LETTER):
        query = _from_state(kind, pages.read_query_cursor(cursor))
    else:
        found = stored(cursor) if pages.is_stored_cursor(cursor) else None
        query = None
        if found is not None:
            name, after = found
            version = "latest" if name == "latest" else ""
            query = Query(kind=kind, limit=_default_limit(kind), after=after, version=version)
    if query is None:
        raise QueryError(400, "Unknown cursor: begin again")
    return query


def next_cursor(query: Query, last: Key) -> str:
    """Return the cursor that continues *query* after a place."""
    state = [
        query.kind, query.limit, *last, query.version, query.search, query.since, query.deleted, *query.statuses,
    ]  # fmt: skip
    return pages.query_cursor(state)


def select(query: Query, rows: Iterable[Row]) -> Found:
    """Return the page of *rows*, in their order, that answers a query; it looks one row ahead."""
    taken: list[Row] = []
    for row in rows:
        if (row.name, row.version) > query.after and query.takes(row):
            if len(taken) == query.limit:
                return Found(taken, next_cursor(query, (taken[-1].name, taken[-1].version)))
            taken.append(row)
    return Found(taken, "")


def row_of(version: EntryVersion, *, texts: tuple[str, ...] | None = None) -> Row:
    """Return what queries look at in a version; *texts* are `texts_of` it, if they are known."""
    return Row(
        str(version.name),
        version.version,
        texts_of(version) if texts is None else texts,
        time_key(version.official.updated_at),
        version.official.is_latest,
        version.official.status == "deleted",
        shown_status(version),
    )


def texts_of(version: EntryVersion) -> tuple[str, ...]:
    """Return what searches look into, folded."""
    name = version.name
    own = str(name) if version.kind == "server" else name.name
    return fold(own), fold(version.title), fold(version.description)


def shown_status(version: EntryVersion) -> str:
    """Return the state as readers of the document see it: skills and plugins may also be archived."""
    status: StatusValue = version.official.status
    if version.kind == "server" or status != "deprecated":
        return status
    own = version.value.get("status")
    return "archived" if isinstance(own, str) and own.lower() == "archived" else status


def fold(text: str) -> str:
    """Return *text* as searches compare it: without case, and with control characters as spaces."""
    # Which sigma a word ends in depends on what follows it: a part of a text would not be found in the whole.
    return _CONTROL.sub(" ", text.lower().replace("\u03c2", "\u03c3"))


def problem(status: int, detail: str, errors: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Return a problem document (RFC 9457) with the member ``error`` that other registry clients read."""
    titles = {400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 422: "Unprocessable Entity"}
    made: dict[str, Any] = {"detail": detail, "error": detail, "status": status, "title": titles[status]}
    return {**made, "errors": list(errors)} if errors else made


def _parameters(text: str) -> dict[str, str]:
    """Return the first value of each parameter, without the empty ones."""
    pairs = parse_qsl(text, keep_blank_values=True, errors="replace")
    found: dict[str, str] = {}
    for name, value in pairs:
        found.setdefault(name, value)
    if any("\0" in part for pair in pairs for part in pair):
        raise QueryError(400, "Invalid request: query parameters contain null bytes")
    return {name: value for name, value in found.items() if value}


def _fresh(kind: Kind, given: Mapping[str, str], deleted: bool | None, *, official: bool) -> Query:
    search = fold(given.get("search", ""))
    if kind != "server":
        wanted = {status.strip().lower() for status in given.get("status", "").split(",")} - {""}
        statuses = tuple(sorted(wanted))
        return Query(kind=kind, limit=_default_limit(kind), version="latest", search=search.strip(), statuses=statuses)
    since = ""
    if "updated_since" in given:
        since = _since(given["updated_since"], official=official)
        if deleted is False:
            raise QueryError(
                400,
                "Cannot set include_deleted=false when using updated_since (incremental sync requires deleted servers)",
            )
    return Query(
        kind=kind,
        limit=_default_limit(kind),
        version=given.get("version", ""),
        search=search,
        since=since,
        deleted=bool(deleted),
    )


def _default_limit(kind: Kind) -> int:
    return 30 if kind == "server" else 50


def _numbers(given: Mapping[str, str]) -> tuple[int, bool | None]:
    """Return ``limit`` (0 where it is not given) and ``include_deleted``, by the rules of the official registry."""
    errors: list[dict[str, Any]] = []

    def refuse(name: str, message: str, value: Any) -> None:
        errors.append({"location": f"query.{name}", "message": message, "value": value})

    limit = 0
    if text := given.get("limit"):
        if _INTEGER.fullmatch(text):
            limit = int(text)
            if limit < 1:
                refuse("limit", "expected number >= 1", limit)
            elif limit > 100:
                refuse("limit", "expected number <= 100", limit)
        else:
            refuse("limit", "invalid integer", text)
    deleted = _boolean(given)
    if deleted == "":
        refuse("include_deleted", "invalid boolean", given["include_deleted"])
    if errors:
        raise QueryError(422, "validation failed", errors)
    return limit, deleted if isinstance(deleted, bool) else None


def _toolhive_numbers(kind: Kind, given: Mapping[str, str]) -> tuple[int, bool | None]:
    """Return the same by the rules of the ToolHive Registry Server, which knows no ``include_deleted`` of its own."""
    word = "Invalid" if kind == "server" else "invalid"
    limit, most = 0, LARGEST_LIMIT if kind == "server" else 100
    if text := given.get("limit"):
        if not _INTEGER.fullmatch(text):
            raise QueryError(400, f"{word} limit parameter: must be an integer")
        limit = int(text)
        if limit < 1 or (kind != "server" and limit > most):
            raise QueryError(400, f"{word} limit parameter: must be between 1 and {most}")
    deleted = _boolean(given)
    if kind == "server" and deleted == "":
        raise QueryError(400, "Invalid include_deleted parameter: must be a boolean")
    return min(limit, most), deleted if isinstance(deleted, bool) else None


def _boolean(given: Mapping[str, str]) -> bool | str | None:
    """Return ``include_deleted``; None where it is absent, an empty text where it is no boolean."""
    text = given.get("include_deleted")
    if text is None:
        return None
    return True if text in _TRUE else False if text in _FALSE else ""


def _since(text: str, *, official: bool) -> str:
    try:
        given = _SPACE_BEFORE_OFFSET.sub("+", text)
        parse_time(given)  # whose time of day `time_key` takes on trust
        return time_key(given)
    except (ValueError, OverflowError) as error:
        detail = (
            "Invalid updated_since format: expected RFC3339 timestamp (e.g., 2025-08-07T13:15:04.280Z)"
            if official
            else "Invalid updated_since parameter: must be RFC3339 format (e.g., 2025-08-07T13:15:04.280Z)"
        )
        raise QueryError(400, detail) from error


def _from_state(kind: Kind, state: Any) -> Query | None:
    """Return the query of a cursor's state, or None where it is none of this kind."""
    if not isinstance(state, list) or len(state) < 8 or state[0] != kind:
        return None
    _, limit, name, number, version, search, since, deleted, *statuses = state
    texts = (name, number, version, search, since, *statuses)
    if type(limit) is not int or not 1 <= limit <= LARGEST_LIMIT or not isinstance(deleted, bool):
        return None
    if not all(isinstance(text, str) and is_text(text) for text in texts):
        return None
    return Query(
        kind=kind,
        limit=limit,
        after=(name, number),
        version=version,
        search=search,
        since=since,
        deleted=deleted,
        statuses=tuple(statuses),
    )
