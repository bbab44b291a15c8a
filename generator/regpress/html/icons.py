"""The pictures that a document names to the one that a page may show: of the site itself or of a host that it trusts.

A picture from elsewhere would tell that host who reads the page, so that by default pages draw one from the name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field
from typing import Any
from urllib.parse import urlsplit

from regpress.html.text import records, web_address
from regpress.record import record


@record(kw_only=True)
class Icons:
    """The pictures that pages may show.

    Attributes:
        hosts: those whose pictures pages may load.
        stored: addresses of pictures that are files of the site, by where they came from.
    """

    hosts: Collection[str] = frozenset()
    stored: Mapping[str, str] = field(default_factory=dict)

    def of(self, icons: Any) -> str:
        """Return the picture of an entry: address of a file of the site, or absolute; empty where none may be shown.

        Args:
            icons: ``icons`` of its document, of whatever type.
        """
        for url in icon_addresses(icons):
            if url in self.stored:
                return self.stored[url]
            if self.hosts and _host(url) in self.hosts:
                return url
        return ""


def icon_addresses(icons: Any) -> tuple[str, ...]:
    """Return the https addresses of ``icons``, those for any ground before those for a dark one."""
    given = records(icons)
    given.sort(key=lambda icon: icon.get("theme") == "dark")
    return tuple(address for icon in given if (address := web_address(icon.get("src"))).startswith("https://"))


def _host(url: str) -> str:
    """Return the host of an address on the usual port, empty for any other."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "") if parts.port is None else ""
    except ValueError:
        return ""
