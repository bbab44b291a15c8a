"""The list of servers, all pages together: what later probes ask about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

from regpress import paths
from regpress.errors import SourceUnavailableError
from regpress.probe_checks.session import Session, Visit
from regpress.record import record

FIRST: Final = "?limit=1&version=latest"
_WALK: Final = "?limit=100&version=latest"
_MOST_PAGES: Final = 1_000
_IN_A_QUERY: Final = re.compile(r"[A-Za-z0-9_.~:/@!$'()*,;=-]+")

#: Name and version.
Key = tuple[str, str]


@record(kw_only=True)
class Listing:
    """What the list holds, all pages together.

    Attributes:
        keys: name and version of each readable entry, in the order of the list.
        cursor: the cursor that the first answer offered; empty where it offered none.
        pages: how many pages were read.
        fault: why following the cursors did not work; empty where it did.
        complete: whether the end was reached.
    """

    keys: tuple[Key, ...]
    cursor: str = ""
    pages: int = 1
    fault: str = ""
    complete: bool = True


def read_listing(session: Session) -> Listing | None:
    """Return what the list holds, or None where the first answer is no list.

    Raises:
        SourceUnavailableError: there was no answer at all.
    """
    first = session.servers(FIRST)
    page = page_of(first)
    if page is None:
        return None
    cursor = next_cursor(page)
    return _walk(session, cursor) if cursor else Listing(keys=tuple(keys_of(page)))


def survives_in_a_query(cursor: str) -> bool:
    """Return whether a cursor means the same in a query as it stands; the commonest editor does not encode it."""
    return _IN_A_QUERY.fullmatch(cursor) is not None


def page_of(seen: Visit) -> dict[str, Any] | None:
    """Return the list document of an answer, or None where it is none."""
    page = seen.json if seen.status == 200 else None
    if not isinstance(page, dict) or not isinstance(page.get("servers"), list):
        return None
    return page if isinstance(page.get("metadata"), dict) else None


def next_cursor(page: dict[str, Any]) -> str:
    """Return the cursor of a list document; the editors' pager takes any value that is true."""
    cursor = page["metadata"].get("nextCursor")
    return str(cursor) if cursor else ""


def keys_of(page: dict[str, Any]) -> Iterator[Key]:
    """Yield name and version of the readable entries of a list document."""
    for entry in page["servers"]:
        server = entry.get("server") if isinstance(entry, dict) else None
        if isinstance(server, dict) and isinstance(server.get("name"), str) and isinstance(server.get("version"), str):
            yield server["name"], server["version"]


def _walk(session: Session, offered: str) -> Listing:
    """Follow the cursors from the first page, as clients without a guard do, but with one."""
    keys: dict[Key, None] = {}
    used: set[str] = set()
    query, pages = _WALK, 0

    def stopped(fault: str = "", *, complete: bool = False) -> Listing:
        return Listing(keys=tuple(keys), cursor=offered, pages=pages, fault=fault, complete=complete)

    while pages < _MOST_PAGES:
        try:
            # Not through the session, which would keep every page.
            page = page_of(session.ask(f"{paths.collection('', 'server')}{query}"))
        except SourceUnavailableError as error:
            return stopped(f"page {pages + 1}: {error}")
        if page is None:
            return stopped(f"page {pages + 1} is not a list of servers")
        pages += 1
        fresh = list(keys_of(page))
        if repeated := next((key for key in fresh if key in keys), None):
            return stopped(f"page {pages} repeats {repeated[0]}: a client that follows the cursor never ends")
        keys.update(dict.fromkeys(fresh))
        cursor = next_cursor(page)
        if not cursor:
            return stopped(complete=True)
        if cursor in used:
            return stopped(f"the cursor {cursor!r} is offered twice: a client that follows it never ends")
        used.add(cursor)
        query = f"{_WALK}&cursor={cursor if survives_in_a_query(cursor) else quote(cursor, safe='', errors='replace')}"
    return stopped()
