"""A whole site, built by the program, below a folder of a plain file server: what visitors of its pages see and do."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Route

from builders import server
from fakes_catalog import toolhive_meta
from sites import run, write_site
from watching import Visit, visiting

pytestmark = pytest.mark.browser

Serve = Callable[[Path], str]

ROOT = Path(__file__).parents[2]
REAL = ROOT / "../shared/data/upstream-registry-real.json"

WEATHER = "servers/com.example/weather/"
PLAIN = "servers/com.example/plain/"
HEBREW = "גאות ושפל"
SKILL = "skills/io.github.stacklok/gha-security-review/"


def package(version: str, *variables: dict[str, object]) -> dict[str, object]:
    return {
        "registryType": "npm",
        "identifier": "@example/weather",
        "version": version,
        "transport": {"type": "stdio"},
        "environmentVariables": list(variables),
        "packageArguments": [{"type": "named", "name": "--units", "valueHint": "units", "choices": ["metric", "us"]}],
    }


def weather() -> list[dict[str, object]]:
    """Return three versions of a server with something of everything."""
    key = {"name": "KEY", "description": "Yours", "isRequired": True, "isSecret": True}
    extension = {
        "status": "active",
        "tier": "Official",
        "tags": ["sea", "wind"],
        "tools": ["next_tide"],
        "permissions": {"read": ["/data"], "network": {"outbound": {"allow_host": ["weather.example"]}}},
        "provenance": {"repository_uri": "https://github.com/example/weather"},
        "overview": "## What it does\n\nIt asks [the office](https://weather.example/).",
    }
    unit = {"name": "UNIT", "default": "metric"}
    return [
        server("com.example/weather", "1.0.0", title="Weather", packages=[package("1.0.0", unit)]),
        server("com.example/weather", "1.1.0", title="Weather", packages=[package("1.1.0", unit, key)]),
        server(
            "com.example/weather",
            "2.0.0",
            title="Weather of harbours",
            websiteUrl="https://weather.example/",
            repository={"url": "https://github.com/example/weather", "source": "github"},
            packages=[package("2.0.0", key)],
            _meta=toolhive_meta(**{"@example/weather": extension}),
        ),
    ]


def image(version: str, *tools: str) -> dict[str, object]:
    reference = f"ghcr.io/example/image:{version}"
    return server(
        "com.example/image",
        version,
        packages=[{"registryType": "oci", "identifier": reference, "transport": {"type": "stdio"}}],
        _meta=toolhive_meta(**{reference: {"status": "active", "tools": list(tools)}}),
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that holds, below ``my-registry``, this repository's own registry and a few entries more."""
    folder = tmp_path_factory.mktemp("entry")
    site = folder / "site"
    shutil.copytree(ROOT / "content", site / "content")
    own = json.loads((ROOT / "registry.json").read_bytes())
    old = server("com.example/old", "1.0.0", description="Of last year")
    tides = server("com.example/tides", title=HEBREW, description=HEBREW)
    own["data"]["servers"] += [
        *weather(),
        image("1.0.0", "a"),
        image("1.1.0", "a", "b"),
        server("com.example/plain"),
        old,
        tides,
    ]
    files = {"registry.json": own, "content/status/servers/com.example/old.json": deprecated("1.0.0")}
    if REAL.exists():
        files["real.json"] = json.loads(REAL.read_bytes())
    config = {
        "title": "Harbour registry",
        "baseUrl": "https://example.org/my-registry",
        "host": "generic",
        "catalog": {},
    }
    write_site(site, files, **config)
    done = run("build", site, "--out", folder / "host" / "my-registry")
    assert done.code == 0, done.out
    return folder / "host"


def deprecated(version: str) -> dict[str, object]:
    return {version: {"status": "deprecated", "message": "Use com.example/weather"}}


@pytest.fixture(scope="module")
def address(built: Path, serve: Serve) -> str:
    return serve(built) + "/my-registry/"


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    with visiting(browser, address) as made:
        yield made
    assert made.complaints == []
    assert made.foreign_requests() == []


# Versions and their differences


def shown(visit: Visit) -> str:
    return visit.page.locator(".shown").inner_text()


def test_the_differences_of_two_versions_are_shown_on_the_page(visit: Visit) -> None:
    visit.open(WEATHER)
    assert not [url for url in visit.requests if "/v0.1/" in url]
    visit.page.locator(".versions tr", has_text="1.1.0").get_by_role("link", name="Changes").click()
    visit.page.get_by_text("6 differences from 1.0.0 to 1.1.0").wait_for()
    rows = [row.split("\t") for row in visit.page.locator(".diff tbody tr").all_inner_texts()]
    step = " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "
    variable = f"packages[npm]{step}environmentVariables[KEY]{step}"
    assert rows == [
        [f"{variable}description", "", "Yours"],
        [f"{variable}isRequired", "", "true"],
        [f"{variable}isSecret", "", "true"],
        [f"{variable}name", "", "KEY"],
        [f"packages[npm]{step}version", "1.0.0", "1.1.0"],
        ["version", "1.0.0", "1.1.0"],
    ]
    assert len([url for url in visit.requests if "/v0.1/" in url]) == 2


def test_any_two_versions_can_be_compared_and_the_address_says_which(visit: Visit) -> None:
    visit.open(f"{WEATHER}#versions=1.0.0,2.0.0")
    visit.page.get_by_text("from 1.0.0 to 2.0.0").wait_for()
    assert "Weather of harbours" in shown(visit)
    visit.page.get_by_label("From").select_option("1.1.0")
    visit.page.get_by_text("from 1.1.0 to 2.0.0").wait_for()
    assert visit.page.url.endswith("#versions=1.1.0,2.0.0")
    visit.page.go_back()
    visit.page.get_by_text("from 1.0.0 to 2.0.0").wait_for()
    visit.page.get_by_role("link", name="Close").click()
    visit.page.locator(".shown").wait_for(state="hidden")


def test_an_older_version_is_shown_as_it_was_published(visit: Visit) -> None:
    visit.open(WEATHER)
    visit.page.locator(".versions tr", has_text="1.0.0").get_by_role("link", name="Show").click()
    visit.page.get_by_text("Version 1.0.0").wait_for()
    text = visit.page.locator(".shown pre").inner_text()
    assert json.loads(text)["packages"][0]["environmentVariables"] == [{"name": "UNIT", "default": "metric"}]
    assert "registry/official" not in text


def test_an_image_of_another_version_is_still_the_same_image(visit: Visit) -> None:
    visit.open("servers/com.example/image/#versions=1.0.0,1.1.0")
    visit.page.get_by_text("differences from 1.0.0 to 1.1.0").wait_for()
    step = " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "
    rows = [row.split("\t") for row in visit.page.locator(".diff tbody tr").all_inner_texts()]
    assert rows == [
        [f"_meta{step}io.github.stacklok{step}ghcr.io/example/image{step}tools[b]", "", "b"],
        [f"packages[oci]{step}identifier", "ghcr.io/example/image:1.0.0", "ghcr.io/example/image:1.1.0"],
        ["version", "1.0.0", "1.1.0"],
    ]


@pytest.mark.parametrize("asked", ["9.9.9", "1.0.0,9.9.9", "%E0%A4%A", "1.0.0,1.1.0,2.0.0", "<img src=x>"])
def test_an_address_that_asks_for_what_is_not_there_says_so(visit: Visit, asked: str) -> None:
    visit.open(f"{WEATHER}#versions={asked}")
    if asked.startswith("%"):
        visit.page.locator(".shown").wait_for(state="hidden")
    else:
        visit.page.get_by_text("There is no such version.").wait_for()


def test_a_version_that_cannot_be_fetched_is_reported_on_the_page(browser: Browser, address: str) -> None:
    with visiting(browser, address) as visit:

        def refuse(route: Route) -> None:
            route.fulfill(status=503, body="busy")

        visit.page.route("**/v0.1/**", refuse)
        visit.open(f"{WEATHER}#versions=1.0.0")
        visit.page.get_by_text("The versions could not be read: the host answers 503.").wait_for()


def test_the_name_is_copied_at_a_click(browser: Browser, address: str) -> None:
    with visiting(browser, address, permissions=["clipboard-read", "clipboard-write"]) as visit:
        visit.open(WEATHER)
        visit.page.get_by_role("button", name="Copy name").click()
        visit.page.get_by_text("Copied").wait_for()
        assert visit.page.evaluate("navigator.clipboard.readText()") == "com.example/weather"


# Every page

KINDS = (
    "",
    "?q=weather",
    "servers/",
    "skills/",
    "tags/",
    "tags/sea/",
    "namespaces/",
    "use/",
    WEATHER,
    PLAIN,
    "servers/com.example/old/",
    SKILL,
    "guide/",
    "404.html",
)


FIRST_PAINT = """new Promise((done) => {
  const name = "first-contentful-paint";
  const look = (list) => list.getEntriesByName(name).length && done(name);
  new PerformanceObserver(look).observe({ type: "paint", buffered: true });
})"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_kind_of_page_keeps_anybody_from_using_it(browser: Browser, address: str, scheme: str) -> None:
    axe = Axe()
    with visiting(browser, address, color_scheme=scheme) as visit:
        for path in KINDS:
            visit.open(path)
            found = axe.run(visit.page)
            assert found.response["violations"] == [], f"{path}: {found.generate_report()}"
            assert found.response["passes"]
        visit.open(f"{WEATHER}#versions=1.0.0,2.0.0")
        visit.page.locator(".diff").wait_for()
        assert axe.run(visit.page).response["violations"] == []
        visit.open(f"{WEATHER}#versions=1.0.0")
        visit.page.locator(".shown pre").wait_for()
        assert axe.run(visit.page).response["violations"] == []
        assert visit.complaints == []


def test_the_check_for_obstacles_finds_one(browser: Browser, address: str) -> None:
    with visiting(browser, address) as visit:
        visit.open(PLAIN)
        visit.page.evaluate("document.querySelector('main').append(document.createElement('button'))")
        assert [item["id"] for item in Axe().run(visit.page).response["violations"]] == ["button-name"]


@pytest.mark.parametrize("width", [320, 1920])
def test_no_kind_of_page_scrolls_sideways(visit: Visit, width: int) -> None:
    visit.page.set_viewport_size({"width": width, "height": 800})
    for path in (*KINDS, f"{WEATHER}#versions=1.0.0,2.0.0"):
        visit.open(path)
        if "#" in path:
            visit.page.locator(".diff").wait_for()
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_pages_are_painted_before_any_script_runs(browser: Browser, address: str) -> None:
    with visiting(browser, address) as visit:
        held: list[Route] = []
        visit.page.route("**/*.js", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks it
        visit.page.goto(f"{address}{WEATHER}", wait_until="commit")
        visit.page.get_by_role("heading", name="Weather of harbours").wait_for()
        assert visit.page.evaluate(FIRST_PAINT) == "first-contentful-paint"
        assert len(held) == 2
        for route in held:
            route.continue_()
        visit.page.get_by_role("link", name="Changes").first.wait_for()


def test_without_script_a_page_has_everything_but_comparisons(browser: Browser, address: str) -> None:
    with visiting(browser, address, java_script_enabled=False) as visit:
        visit.open(WEATHER)
        rows = visit.page.locator(".versions tbody tr")
        assert [row.split("\t")[0] for row in rows.all_inner_texts()] == ["2.0.0 latest", "1.1.0", "1.0.0"]
        assert rows.get_by_role("link").count() == 3


def test_printed_pages_leave_out_what_only_a_screen_can_do(visit: Visit) -> None:
    visit.open(WEATHER)
    visit.page.get_by_role("link", name="Changes").first.wait_for()
    visit.page.emulate_media(media="print")
    assert not visit.page.get_by_role("button", name="Copy name").is_visible()
    assert not visit.page.get_by_role("link", name="Changes").first.is_visible()
    assert visit.page.get_by_role("heading", name="Weather of harbours").is_visible()


def test_text_that_runs_from_right_to_left_does_so_and_turns_nothing_else(visit: Visit) -> None:
    visit.open("servers/com.example/tides/")
    direction = "element => getComputedStyle(element).direction"
    assert visit.page.locator("h1").evaluate(direction) == "rtl"
    assert visit.page.locator(".lead").evaluate(direction) == "rtl"
    assert visit.page.locator(".name").evaluate(direction) == "ltr"
    assert visit.page.locator("h1").inner_text() == HEBREW


@pytest.mark.parametrize(("path", "most"), [(WEATHER, 40), (SKILL, 40), ("", 60), ("servers/", 60)])
def test_a_page_with_all_that_it_loads_is_light(visit: Visit, built: Path, path: str, most: int) -> None:
    visit.open(path)
    assert len(visit.requests) >= 2
    weight = 0
    for url in visit.requests:
        file = built / unquote(urlsplit(url).path).lstrip("/")
        weight += len(gzip.compress((file / "index.html" if file.is_dir() else file).read_bytes(), mtime=0))
    assert weight <= most * 1024


# Links


class _Links(HTMLParser):
    """The references of a page and the ids that it has."""

    def __init__(self) -> None:
        super().__init__()
        self.references: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in {"href", "src"} and value:
                self.references.append(value)
            elif name == "id" and value:
                self.ids.add(value)


def test_every_link_within_the_site_leads_to_a_file(built: Path) -> None:
    root = built / "my-registry"
    pages = {file: _read(file) for file in sorted(root.rglob("*.html"))}
    base, checked, dead = "http://site.test/my-registry/", 0, []
    for file, links in pages.items():
        place = base if file.name == "404.html" else f"{base}{file.relative_to(root).as_posix()}"
        for reference in links.references:
            url = urlsplit(urljoin(place, reference))
            if url.netloc != "site.test":
                continue
            checked += 1
            assert "//" not in url.path, (file, reference)
            target = built / unquote(url.path).lstrip("/")
            target = target / "index.html" if url.path.endswith("/") else target
            is_there = target.is_file() or target.with_name(f"{target.name}.json").is_file()
            ids = pages[target].ids if url.fragment and target in pages else {unquote(url.fragment)}
            if not is_there or unquote(url.fragment) not in ids:
                dead.append((file, reference))
    assert dead == []
    assert checked > 1000


def _read(file: Path) -> _Links:
    links = _Links()
    links.feed(file.read_text())
    return links
