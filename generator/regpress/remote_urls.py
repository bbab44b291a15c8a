"""Which servers of a registry use which remote URLs, kept up to date entry by entry.

A remote URL belongs to one server name, official registry specification 7.1 step 6: by the exact text, deleted versions
left out, deprecated ones counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from regpress.live import LiveRegistry, Shelved
from regpress.model.entry import EntryVersion


class RemoteUrls:
    """The remote URLs of one registry."""

    def __init__(self, registry: LiveRegistry | None = None) -> None:
        """Take the registry; of its servers that did not change nothing is read before somebody asks."""
        self._servers = registry.listings["server"] if registry is not None else Shelved()
        self._known: set[str] = set()
        self._by_name: dict[str, frozenset[str]] = {}
        self._by_url: dict[str, set[str]] = {}
        for name, standing in self._servers.changed():
            self.put(name, standing.entry.versions if standing.entry else ())

    def put(self, name: str, versions: Iterable[EntryVersion]) -> None:
        """Take over the visible versions of a server."""
        self._known.add(name)
        urls = frozenset(url for version in versions for url in _urls_of(version))
        for url in self._by_name.pop(name, frozenset()) - urls:
            self._by_url[url].discard(name)
        for url in urls:
            self._by_url.setdefault(url, set()).add(name)
        if urls:
            self._by_name[name] = urls

    def holder(self, document: Any, name: str) -> tuple[str, str] | None:
        """Return the first remote URL of a document that another server uses, and that server; None where none is."""
        for url in remote_urls(document):
            others = (self._by_url.get(url, set()) | set(self._others(url))) - {name}
            if others:
                return url, min(others)
        return None

    def _others(self, url: str) -> Iterator[str]:
        """Return the servers that use a remote URL, of those that nothing is known of."""
        for name in self._servers.users(url):
            entry = self._servers.standing(name).entry if name not in self._known else None
            if entry and any(url in _urls_of(version) for version in entry.versions):
                yield name


def remote_urls(document: Any) -> list[str]:
    """Return the remote URLs of a server document, whatever else it holds."""
    remotes = document.get("remotes") if isinstance(document, dict) else None
    if not isinstance(remotes, list):
        return []
    urls = (remote.get("url") for remote in remotes if isinstance(remote, dict))
    return [url for url in urls if isinstance(url, str) and url]


def _urls_of(version: EntryVersion) -> list[str]:
    # Most of the time is spent reading; documents without the word have nothing to read.
    return remote_urls(version.value) if b'"remotes"' in version.text else []
