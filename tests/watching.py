"""A browser's page that keeps what happened on it, for the tests of the catalog."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page


@dataclass
class Visit:
    """What happened on the pages of one test.

    Attributes:
        page: of the browser.
        address: of the site, with a final slash.
        complaints: lines of the console, errors of scripts, dialogs.
        requests: every address that was asked for.
    """

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Go to a page of the site."""
        self.page.goto(self.address + path)

    def foreign_requests(self) -> list[str]:
        """Return the addresses outside the site that were asked for."""
        return [url for url in self.requests if not url.startswith(self.address)]


@contextmanager
def visiting(browser: Browser, address: str, **context: Any) -> Iterator[Visit]:
    """Yield a fresh page of the site at *address*; *context* as in Playwright's ``new_context``."""
    opened = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **context})
    page = opened.new_page()
    page.set_default_timeout(10_000)
    made = Visit(page, address)
    page.on("console", lambda message: made.complaints.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: made.complaints.append(f"{page.url}: {error}"))
    page.on("dialog", lambda dialog: made.complaints.append(f"{page.url}: {dialog.message}"))
    page.on("request", lambda request: made.requests.append(request.url))
    yield made
    opened.close()
