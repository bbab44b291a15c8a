"""A small HTTP client for the contract suite: one request, no redirects followed, nothing hidden."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from contract.targets import Capabilities, Target

#: What the web view of an editor sends.
ORIGIN = "vscode-file://vscode-app"


@dataclass(frozen=True)
class Answer:
    """One response; *headers* has each field once, *fields* as often as it was sent."""

    status: int
    fields: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def headers(self) -> Mapping[str, str]:
        return dict(self.fields)

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def count(self, name: str) -> int:
        return sum(1 for field, _ in self.fields if field == name)


@dataclass(frozen=True)
class Client:
    """Asks one target."""

    base: str
    target: Target

    @property
    def can(self) -> Capabilities:
        return self.target.capabilities

    def ask(self, path: str, *, method: str = "GET", headers: Mapping[str, str] | None = None) -> Answer:
        """Return the answer to a request for *path* below the base, sent as it stands.

        Where the host adds slashes, that redirect is followed, as its clients must.
        """
        answer = self._ask(path, method, headers)
        if self.can.adds_slash and answer.status == 301 and answer.headers["location"].partition("?")[0].endswith("/"):
            location = urlsplit(answer.headers["location"])
            return self._ask(location.path, method, headers)
        return answer

    def _ask(self, path: str, method: str, headers: Mapping[str, str] | None) -> Answer:
        parts = urlsplit(self.base)
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)
        try:
            connection.putrequest(method, parts.path + path, skip_accept_encoding=True)
            for name, value in {"Origin": ORIGIN, **(headers or {})}.items():
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            fields = tuple((name.lower(), value) for name, value in response.getheaders())
            return Answer(response.status, fields, response.read())
        finally:
            connection.close()

    def document(self, path: str, **query: str) -> Any:
        """Return the JSON at an address; anything but an immediate 200 fails."""
        answer = self.ask(path + (f"?{urlencode(query)}" if query else ""))
        assert answer.status == 200, f"{path}: {answer.status}"
        return answer.json

    def walk(self, path: str, **query: str) -> list[Any]:
        """Return the entries of a list, all pages of it, following cursors as VS Code does: without encoding them."""
        key = path.rpartition("/")[2]
        page = self.document(path, **query)
        entries, seen = list(page[key]), set()
        while cursor := page["metadata"].get("nextCursor"):
            assert self.can.follows_cursors, "a cursor that nobody can follow"
            assert cursor not in seen, "a cursor twice"
            seen.add(cursor)
            page = self.ask(f"{path}?cursor={cursor}").json
            entries += page[key]
        return entries


def encoded(name: str) -> str:
    """Return a name as most clients send it: one path segment."""
    return quote(name, safe="")
