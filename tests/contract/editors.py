"""The requests of editors, replayed: the gallery of VS Code, and the check of a policy's allow list.

Follows static hosting specification 2.2, with what these clients do not forgive: a page whose first entry is broken is
thrown away, a cursor is sent as it stands, and whatever is neither found nor missing blocks a server.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from urllib.parse import quote

from contract.asking import Answer

Verdict = Literal["allowed", "not in the registry", "blocked"]


class Asks(Protocol):
    """What a replay needs of a client."""

    def ask(self, path: str, *, method: str = "GET", headers: Mapping[str, str] | None = None) -> Answer: ...


def followed(client: Asks, path: str) -> Answer:
    """Return the answer after redirects, each of which must be open to a web page."""
    for _ in range(5):
        answer = client.ask(path)
        assert answer.headers.get("access-control-allow-origin") == "*" or answer.status >= 400, "failed to fetch"
        location = answer.headers.get("location", "")
        if answer.status not in {301, 302, 303, 307, 308} or not location:
            return answer
        path = location
    raise AssertionError("redirects without end")


@dataclass
class Gallery:
    """The gallery of the editor: which version of the API it found, and what it shows.

    Attributes:
        version: ``v0.1`` or ``v0``.
        voided: how many pages were thrown away.
    """

    client: Asks
    version: str = ""
    voided: int = 0
    _seen: set[str] = field(default_factory=set)

    def open(self) -> Gallery:
        """Find the version that answers, as the editor does once for each base."""
        for version in ("v0.1", "v0"):
            if 200 <= followed(self.client, f"/{version}/servers?limit=1").status < 300:
                self.version = version
                return self
        self.version = "v0.1"
        return self

    def shown(self, search: str = "") -> list[dict[str, Any]]:
        """Return the entries of all pages, as somebody sees them who scrolls to the end."""
        return [entry for page in self._pages(search) for entry in page]

    def _pages(self, search: str) -> Iterator[list[dict[str, Any]]]:
        cursor = ""
        for _ in range(1_000):
            query = f"?limit=50&version=latest{f'&cursor={cursor}' if cursor else ''}"
            if search and not cursor:
                query += f"&search={quote(search, safe='')}"
            answer = followed(self.client, f"/{self.version}/servers{query}")
            if answer.status >= 400:
                return
            page = answer.json
            yield self._read(page)
            cursor = (page.get("metadata") or {}).get("nextCursor") or ""
            if not cursor:
                return
            assert cursor not in self._seen, "the same page for ever"
            self._seen.add(cursor)
        raise AssertionError("pages without end")

    def _read(self, page: Any) -> list[dict[str, Any]]:
        """Return the readable entries of a page; none where the first one, or the page itself, is not readable."""
        entries = page.get("servers") if isinstance(page, dict) else None
        if not isinstance(entries, list) or not isinstance(page.get("metadata"), dict):
            self.voided += 1
            return []
        if entries and not readable(entries[0]):
            self.voided += 1
            return []
        return [entry for entry in entries if readable(entry)]

    def resolve(self, name: str) -> Verdict:
        """Return what becomes of a configured server where only those of the registry are allowed."""
        answer = followed(self.client, f"/{self.version}/servers/{quote(name, safe='')}/versions/latest")
        if answer.status == 404:
            return "not in the registry"
        if answer.status >= 400 or not answer.body:
            return "blocked"
        try:
            found = answer.json
        except ValueError:
            return "blocked"
        return "allowed" if readable(found) and found["server"]["name"] == name else "blocked"


def readable(entry: Any) -> bool:
    """Return whether the gallery can read an entry."""
    server = entry.get("server") if isinstance(entry, dict) else None
    if not isinstance(server, dict) or not isinstance(entry.get("_meta"), dict):
        return False
    return all(isinstance(server.get(name), str) and server[name] for name in ("name", "description", "version"))


def allow_list_verdict(client: Asks, name: str, configured: Mapping[str, Any]) -> Verdict:
    """Return what the policy of an organisation says about a configured server, as the Copilot CLI asks.

    Args:
        client: the registry.
        name: of the server.
        configured: its ``packages`` and ``remotes`` as they are configured; what is compared is type and identifier of
            packages, URL and names of header fields of remotes.
    """
    path = f"/v0.1/servers/{quote(name, safe='')}/versions/latest"
    answer = client.ask(path, headers={"Accept": "application/json"})
    if answer.status in {301, 302, 307, 308}:
        answer = followed(client, answer.headers["location"])
    if answer.status == 404:
        return "not in the registry"
    if answer.status != 200:
        return "blocked"
    try:
        server = answer.json["server"]
    except (ValueError, KeyError, TypeError):
        return "blocked"
    return "allowed" if server["name"] == name and _identity(configured) <= _identity(server) else "blocked"


def _identity(server: Mapping[str, Any]) -> set[tuple[Any, ...]]:
    packages = {("package", one.get("registryType"), one.get("identifier")) for one in server.get("packages", ())}
    remotes = {
        ("remote", one.get("url"), *sorted(header.get("name", "") for header in one.get("headers", ())))
        for one in server.get("remotes", ())
    }
    return packages | remotes
