"""Another registry's API to a snapshot: sources of type ``api``.

All pages of its list become one list response, which is read like a file that holds one. Elements are copied as they
stand, so that documents are served as they were written there, and with the official block that came with them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import field
from io import BytesIO
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from regpress.digest import digest
from regpress.errors import SourceMalformedError
from regpress.model.document import DocumentError, compact_text, is_text, parse_json
from regpress.model.entry import RawFile, Snapshot
from regpress.model.formats import MAX_ENTRIES, MAX_FILE_BYTES, describe, format_of
from regpress.model.segments import FAILURES, Walker
from regpress.names import SourceName
from regpress.record import record
from regpress.sources.http import AddressRule, Answer, Client, FetchError, public_only, shown_url
from regpress.sources.url import UrlCopy, fetch_or_copy, start_problem

#: Most servers that are asked for at once: what the official registry gives at most.
PAGE_SIZE: Final = 100
MAX_CURSOR: Final = 2048
_LIST: Final = "v0.1/servers"
#: Statuses that say that there is no list at an address.
_NO_LIST: Final = frozenset({404, 405, 410})


@record(kw_only=True)
class Limits:
    """Where a walk through a list ends whether the list does or not.

    Attributes:
        pages, servers: most of each.
        size: most bytes of one page, and of all servers together.
        seconds: longest time for the whole walk.
        attempts: how often a page is asked for, unless it is the first: that one tells whether anybody is there.
        pause: seconds before the second attempt; twice as long before the third, and so on.
    """

    pages: int = 10_000
    servers: int = MAX_ENTRIES
    size: int = MAX_FILE_BYTES
    seconds: float = 3600.0
    attempts: int = 3
    pause: float = 2.0


@record(kw_only=True)
class ApiSource:
    """A registry that answers the generic MCP registry API.

    Attributes:
        name: the source's name in the configuration.
        endpoint: an absolute http or https address, to which ``/v0.1/servers`` is added.
        cache: folder for the last good copy.
        timeout: seconds to wait for each page.
        claims: claims of the source as a whole.
        address_rule: which IP addresses may be connected to; None for all, and for proxies.
        limits: of the walk.
    """

    name: SourceName
    endpoint: str
    cache: Path
    timeout: float = 10.0
    claims: Mapping[str, Any] = field(default_factory=dict)
    address_rule: AddressRule | None = public_only
    limits: Limits = field(default_factory=Limits)

    def fetch(self) -> Snapshot:
        """Return all versions of all servers, or the last good copy and a warning where a page cannot be had for now.

        Raises:
            SourceUnavailableError: a page cannot be had and there is no copy, or there is no list.
            SourceMalformedError: what it answers is not a list of servers, or one without an end.
        """
        shown = shown_url(self._address)
        # No address looks like this, so that the copy of a source of type ``file`` is another one.
        copy = UrlCopy(self.cache, f"{self._address} (all pages)")
        answer, issues = fetch_or_copy(self.name, shown, copy, self._walk)
        file = RawFile(path=shown, data=answer.data, modified=answer.modified)
        return Snapshot(
            source=self.name, files=(file,), revision=digest(answer.data), claims=self.claims, issues=issues
        )

    @property
    def _address(self) -> str:
        return f"{self.endpoint.rstrip('/')}/{_LIST}"

    def _walk(self) -> Answer:
        client, found = Client(self.address_rule), _Found()
        end = time.monotonic() + self.limits.seconds
        cursor, passed = "", set[str]()
        for number in range(1, self.limits.pages + 1):
            answer = self._page(client, number, cursor)
            try:
                cursor = found.add(answer, self.limits)
                if cursor in passed:
                    raise DocumentError("the cursor of an earlier page comes again", expected="a list with an end")
            except DocumentError as error:
                raise self._malformed(f"page {number}: {error}", error.expected) from error
            if not cursor:
                return found.answer()
            passed.add(cursor)
            if time.monotonic() > end:
                raise FetchError(f"the walk to page {number} took more than {self.limits.seconds:g} s", passing=True)
        raise self._malformed("the list does not end", f"at most {self.limits.pages} pages")

    def _page(self, client: Client, number: int, cursor: str) -> Answer:
        attempts = self.limits.attempts if number > 1 else 1
        for attempt in range(1, attempts):
            try:
                return self._ask(client, number, cursor)
            except FetchError as error:
                if not error.passing:
                    raise
            time.sleep(self.limits.pause * attempt)
        return self._ask(client, number, cursor)

    def _ask(self, client: Client, number: int, cursor: str) -> Answer:
        query = f"limit={PAGE_SIZE}" + (f"&cursor={quote(cursor, safe='')}" if cursor else "")
        try:
            answer = client.fetch(f"{self._address}?{query}", timeout=self.timeout, limit=self.limits.size)
        except FetchError as error:
            if number == 1 and error.status not in _NO_LIST:
                raise
            is_first = number == 1
            raise FetchError(
                str(error) if is_first else f"page {number}: {error}",
                # A page that was named a moment ago and is refused now, with whatever status, may be there again later.
                passing=error.passing or (not is_first and error.status > 0),
                expected="the base address of a registry as 'endpoint'" if is_first else error.expected,
                status=error.status,
            ) from error
        if what := start_problem(answer.data):
            raise self._malformed(f"page {number} {what}", "a list of servers in JSON")
        return answer

    def _malformed(self, what: str, expected: str) -> SourceMalformedError:
        return SourceMalformedError(
            self.name, f"{shown_url(self._address)}: {what}" + (f" (expected {expected})" if expected else "")
        )


class _Found:
    """The servers of the pages so far, as the text of one list response."""

    def __init__(self) -> None:
        # A buffer gives its bytes away without copying them.
        self._text = BytesIO()
        self._count = 0
        self._modified = ""

    def add(self, answer: Answer, limits: Limits) -> str:
        """Add the servers of a page and return the cursor to the next one, empty at the end.

        Raises:
            DocumentError: it is no list of servers, or there are too many of them.
        """
        page = read_page(answer.data)
        for server in page.servers:
            # A line for each: where one ends is found fast when they are read.
            self._text.write(b",\n" if self._count else b'{"servers":[\n')
            self._text.write(server)
            self._count += 1
        if self._count > limits.servers:
            raise DocumentError("there are too many servers", expected=f"at most {limits.servers}")
        if self._text.tell() > limits.size:
            raise DocumentError("the servers have too many bytes", expected=f"at most {limits.size >> 20} MiB")
        self._modified = max(self._modified, answer.modified)
        return page.cursor

    def answer(self) -> Answer:
        """Return everything as one answer."""
        if not self._count:
            self._text.write(b'{"servers":[')
        self._text.write(b'\n],"metadata":{"count":%d}}\n' % self._count)
        return Answer(data=self._text.getvalue(), modified=self._modified)


class Page(NamedTuple):
    """One page of a list.

    Attributes:
        servers: the text of each element, as it stands there.
        cursor: what leads to the next page, empty at the end.
    """

    servers: list[bytes]
    cursor: str


def read_page(data: bytes) -> Page:
    """Return what a page holds.

    Raises:
        DocumentError: it is not a list of servers.
    """
    is_read = True
    try:
        value = Walker(data).document(_elements)
    except FAILURES:
        value, is_read = parse_json(data), False
    servers = value.get("servers") if isinstance(value, dict) else None
    # null is how some programs write an empty array
    if format_of(value) != "list" or "servers" not in value or not isinstance(servers, list | None):
        raise DocumentError(f"holds {describe(value)}", expected="a list of servers")
    servers = servers or []
    return Page(servers if is_read else [compact_text(server) for server in servers], _cursor(value))


def _elements(walker: Walker, at: int, _: str) -> tuple[list[bytes], int]:
    """Return the text of each element of an array; `regpress.model.segments.ArrayReader`."""
    found: list[bytes] = []
    while True:
        _, end = walker.element(at)
        found.append(walker.data[at:end])
        at, is_last = walker.after(end)
        if is_last:
            return found, at


def _cursor(value: Mapping[str, Any]) -> str:
    metadata = value.get("metadata")
    holder = metadata if isinstance(metadata, dict) else {}
    cursor = holder.get("nextCursor") or holder.get("next_cursor")
    if not cursor:
        return ""
    if not isinstance(cursor, str) or len(cursor) > MAX_CURSOR or not is_text(cursor):
        raise DocumentError("its cursor cannot be asked for", expected=f"a text of at most {MAX_CURSOR} characters")
    return cursor
