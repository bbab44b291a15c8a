"""Which servers of a registry use which remote URLs, kept up to date entry by entry.

A remote URL belongs to one server name, official registry specification 7.1 step 6: by the exact text, deleted versions
left out, deprecated ones counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from regpress.model.entry import EntryVersion


class RemoteUrls:
    """The remote URLs of one registry."""

    def __init__(self) -> None:
        self._by_name: dict[str, frozenset[str]] = {}
        self._by_url: dict[str, set[str]] = {}

    def put(self, name: str, versions: Iterable[EntryVersion]) -> None:
        """Take over the visible versions of a server."""
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
            others = self._by_url.get(url, set()) - {name}
            if others:
                return url, min(others)
        return None


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
