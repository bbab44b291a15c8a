"""The catalog in a real browser: hostile documents, under a sub-path, from a plain file server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

import hostile
from fakes_catalog import make_catalog, make_server
from html_site import render_site
from regpress.hosts.layouts import flat

pytestmark = pytest.mark.browser

Serve = Callable[[Path], str]

PAGES = (
    "",
    "servers/",
    "skills/",
    *(f"servers/com.example/attack-{number}/" for number in range(len(hostile.ATTACKS))),
    "servers/com.example/many/",
    "skills/com.example/attack-0/",
    "page-0/",
    "page-4/",
    "registry/team/",
    "404.html",
)


@dataclass
class Visit:
    """What happened on the pages of one test."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Go to a page of the site."""
        self.page.goto(self.address + path)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, serve: Serve) -> str:
    """Return the address of a site full of attacks, which lies below a folder of its host."""
    folder = tmp_path_factory.mktemp("catalog")
    catalogs = (
        hostile.hostile_catalog(),
        make_catalog(make_server("com.example/other"), registry="team", is_default=False),
    )
    for artifact in render_site(*catalogs, pages=hostile.hostile_pages(), base_path="/my-registry").values():
        file = folder / "my-registry" / flat(artifact.address, artifact.form)[0]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(artifact.body)
    return serve(folder) + "/my-registry/"


@pytest.fixture
def visit(browser: Browser, site: str) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    made = Visit(page, site)
    page.on("console", lambda message: made.complaints.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: made.complaints.append(f"{page.url}: {error}"))
    page.on("dialog", lambda dialog: made.complaints.append(f"{page.url}: {dialog.message}"))
    page.on("request", lambda request: made.requests.append(request.url))
    yield made
    context.close()


def test_no_hostile_document_runs_a_script_or_asks_another_host(visit: Visit) -> None:
    for path in PAGES:
        visit.open(path)
        assert visit.page.evaluate("window.pwned === undefined"), path
        assert visit.page.evaluate("document.styleSheets.length") == 1, path
    assert visit.complaints == []
    assert len(visit.requests) >= len(PAGES)
    assert [url for url in visit.requests if not url.startswith(visit.address)] == []


def test_no_link_of_a_hostile_document_is_a_script(visit: Visit) -> None:
    visit.open("servers/com.example/attack-1/")
    schemes = visit.page.evaluate("[...document.links].map(link => link.protocol)")
    assert schemes
    assert set(schemes) <= {"http:", "https:"}


@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_scrolls_sideways(visit: Visit, width: int) -> None:
    visit.page.set_viewport_size({"width": width, "height": 800})
    for path in PAGES:
        visit.open(path)
        wide = visit.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, path


def test_colours_follow_the_reader(visit: Visit) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        visit.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        visit.open("")
        grounds.append(visit.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(255, 255, 255)", "rgb(18, 22, 28)"]


def test_a_visitor_finds_an_entry_with_the_keyboard_alone(visit: Visit) -> None:
    visit.open("")
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.textContent") == "Skip to content"
    visit.page.keyboard.press("Enter")
    for _ in range(60):
        visit.page.keyboard.press("Tab")
        if visit.page.evaluate("document.activeElement.getAttribute('href')") == "servers/com.example/many/":
            break
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url("**/servers/com.example/many/")
    assert visit.page.title().startswith("many")


def test_links_work_below_the_path_of_the_site(visit: Visit) -> None:
    visit.open("servers/com.example/many/")
    visit.page.get_by_role("navigation", name="Site").get_by_role("link", name="Skills").click()
    assert visit.page.url == visit.address + "skills/"
    visit.page.get_by_role("link", name="Home").click()
    assert visit.page.url == visit.address
    visit.open("404.html")
    visit.page.get_by_role("main").get_by_role("link", name="Servers").click()
    assert visit.page.url == visit.address + "servers/"
