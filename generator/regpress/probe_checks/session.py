"""The conversation with one host: addresses to visits, each asked once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urljoin, urlsplit

from regpress import paths
from regpress.errors import SourceUnavailableError
from regpress.probe_fetch import Fetcher, Response

#: What the commonest editor sends.
ORIGIN: Final = "vscode-file://vscode-app"
MAX_HOPS: Final = 5
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class Visit(NamedTuple):
    """The answers to one address.

    Attributes:
        hops: redirects that were followed, in order.
        final: the last answer; itself a redirect where the next step leads to another host or nowhere.
    """

    hops: tuple[Response, ...]
    final: Response

    @property
    def status(self) -> int:
        """Return the status of the last answer."""
        return self.final.status

    @property
    def json(self) -> Any:
        """Return the body as JSON, or None where it is not JSON (or the text ``null``)."""
        try:
            return json.loads(self.final.body)
        except (ValueError, RecursionError):
            return None

    @property
    def media_type(self) -> str:
        """Return the declared type without parameters, in lower case."""
        return self.final.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def redirects(self) -> tuple[Response, ...]:
        """Return all redirects seen, followed or not."""
        return (*self.hops, self.final) if self.final.status in REDIRECTS else self.hops

    def said(self) -> str:
        """Return the answer in a few words: ``200 application/json``, ``301 to /x/, then 404``."""
        steps = [f"{hop.status} to {hop.headers.get('location', '')}" for hop in self.hops]
        last = f"{self.status} {self.media_type}".rstrip()
        if self.final.status in REDIRECTS:
            last = f"{self.status} to {self.final.headers.get('location', '')} (not followed)"
        return ", then ".join([*steps, last])


@dataclass(slots=True, kw_only=True)
class Session:
    """A registry under probe.

    Attributes:
        base: its address as clients are given it, without a final slash.
        fetcher: the network.
        local: the ``build.json`` of the build that should be there; None where it is not known.
        visits: what was asked already.
    """

    base: str
    fetcher: Fetcher
    local: Mapping[str, Any] | None = None
    visits: dict[str, Visit | SourceUnavailableError] = field(default_factory=dict)

    def get(self, path: str) -> Visit:
        """Return the answers to an address below the base, given as it is sent.

        Raises:
            SourceUnavailableError: there was no answer.
        """
        return self.get_url(f"{self.base}/{path}")

    def get_url(self, url: str) -> Visit:
        """Return the answers to a full address.

        Raises:
            SourceUnavailableError: there was no answer.
        """
        if url not in self.visits:
            try:
                self.visits[url] = visit(self.fetcher, url)
            except SourceUnavailableError as error:
                self.visits[url] = error
        found = self.visits[url]
        if isinstance(found, SourceUnavailableError):
            raise found
        return found

    def ask(self, path: str) -> Visit:
        """Return the answers to an address below the base, asked anew and not kept.

        Raises:
            SourceUnavailableError: there was no answer.
        """
        return visit(self.fetcher, f"{self.base}/{path}")

    def servers(self, query: str = "") -> Visit:
        """Return the answers to the list of servers.

        Raises:
            SourceUnavailableError: there was no answer.
        """
        return self.get(f"{paths.collection('', 'server')}{query}")

    def server(self, name: str, rest: str) -> Visit:
        """Return the answers about a server whose name is sent as most clients do: as one encoded segment.

        Raises:
            SourceUnavailableError: there was no answer.
        """
        return self.get(f"{paths.collection('', 'server')}/{quote(name, safe='')}/{rest}")

    def answered(self) -> Iterator[Visit]:
        """Return all visits so far that had an answer."""
        return (seen for seen in self.visits.values() if isinstance(seen, Visit))


def visit(fetcher: Fetcher, url: str) -> Visit:
    """Return the answers to *url*, following redirects that stay on its host.

    Raises:
        SourceUnavailableError: there was no answer.
    """
    hops: list[Response] = []
    while True:
        response = fetcher.fetch(url, headers={"Origin": ORIGIN})
        target = redirect_target(response)
        if not target or len(hops) == MAX_HOPS or not _same_host(url, target):
            return Visit(tuple(hops), response)
        hops.append(response)
        url = target


def redirect_target(response: Response) -> str:
    """Return the full address that a redirect names, or nothing."""
    location = response.headers.get("location", "")
    if response.status not in REDIRECTS or not location:
        return ""
    try:
        joined = urljoin(response.url, quote(location, safe="%/:?#[]@!$&'()*+,;=~-._")).partition("#")[0]
        urlsplit(joined).port  # noqa: B018 (raises where there is none)
    except ValueError:
        return ""
    return joined


def _same_host(url: str, target: str) -> bool:
    """Return whether a redirect stays on the host, or only changes from HTTP to HTTPS on the usual ports."""
    here, there = urlsplit(url), urlsplit(target)
    if here.hostname != there.hostname or there.scheme not in {"http", "https"}:
        return False
    if (here.scheme, here.port) == (there.scheme, there.port):
        return True
    return here.port in {None, 80, 443} and there.port in {None, 80, 443}
