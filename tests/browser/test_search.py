"""The search of the home page in a real browser, below a path of a plain file server."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

import hostile
from fakes_catalog import make_catalog, make_server, make_skill, toolhive_meta
from html_site import render_site
from regpress.catalog import Catalog
from regpress.hosts.layouts import flat
from regpress.html.text import HUES, hue
from regpress.model.entry import EntryVersion

pytestmark = pytest.mark.browser

Serve = Callable[[Path], str]

NPM = {"registryType": "npm", "identifier": "a", "transport": {"type": "stdio"}}
OCI = {"registryType": "oci", "identifier": "b", "transport": {"type": "streamable-http"}}


def default_registry() -> Catalog:
    """Return a registry in which each way to find something finds one entry."""
    told = [
        make_server("com.example/weather", title="Weather", packages=[NPM], tags=("sea",)),
        make_server("com.example/weather-radar", packages=[OCI], tags=("sea", "radar")),
        make_server("org.weather/tides", remotes=[{"type": "sse", "url": "https://x.example/"}], status="deprecated"),
        make_server("com.example/sweather", description="Knits for you", published="2026-06-01T00:00:00Z"),
        make_server("com.example/plain", description="Says the weather in words", updated="2026-07-01T00:00:00Z"),
        make_server("com.example/tooled", _meta=toolhive_meta(a={"tools": ["get_weather"], "tier": "Official"})),
        make_server("com.example/tagged", description="Nothing else", tags=("weather-service",)),
        make_server("com.example/creme", title="Crème Brûlée", description="Sweet"),
        make_skill("com.example/forecast-writing", description="How to write about the weather"),
    ]
    return make_catalog(*told, *fillers(400))


def fillers(count: int) -> list[EntryVersion]:
    return [
        make_server(
            f"io.filler.p{number % 37}/item-{number:04}",
            description=f"Number {number}",
            packages=[NPM if number % 2 else OCI],
            tags=(f"group-{number % 15}",),
        )
        for number in range(count)
    ]


@dataclass
class Visit:
    """A page of the site and what happened on it."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, path: str = "") -> None:
        """Go to a page of the site."""
        self.page.goto(self.address + path)

    def type(self, text: str) -> None:
        """Type into the box from its start."""
        self.page.fill("#q", "")
        self.page.locator("#q").press_sequentially(text)

    def settle(self) -> None:
        """Wait until everything that a search needs has arrived."""
        expect(self.page.locator("#found[data-loading='']")).to_be_visible()

    def shows(self, names: list[str]) -> None:
        """Hold that the results are those of these names, in this order, as soon as everything has arrived."""
        self.settle()
        expect(self.page.locator("#hits .name")).to_have_text(names)

    def finds(self, text: str, names: list[str]) -> None:
        """Hold that typing *text* finds these names."""
        self.type(text)
        self.shows(names)

    def choose(self, facet: str, value: str) -> None:
        """Tick or untick a value of a facet."""
        self.page.get_by_role("group", name=facet).get_by_role("checkbox", name=value).click()

    def counts(self, facet: str) -> dict[str, str]:
        """Return the numbers beside the values of a facet."""
        rows = self.page.get_by_role("group", name=facet).locator("li").all_inner_texts()
        return {value: count for value, _, count in (" ".join(row.split()).rpartition(" ") for row in rows)}


def write(folder: Path, *catalogs: Catalog) -> None:
    for artifact in render_site(*catalogs, base_path="/my-registry").values():
        file = folder / "my-registry" / flat(artifact.address, artifact.form)[0]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(artifact.body)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, serve: Serve) -> str:
    """Return the address of a site with two registries, which lies below a folder of its host."""
    folder = tmp_path_factory.mktemp("search")
    team = make_catalog(
        make_server("com.example/weather", title="Weather of the team"),
        make_server("com.team/secret-weather"),
        registry="team",
        is_default=False,
    )
    write(folder, default_registry(), team)
    return serve(folder) + "/my-registry/"


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture
def visit(window: BrowserContext, site: str) -> Iterator[Visit]:
    page = window.new_page()
    made = Visit(page, site)
    page.on("console", lambda message: made.complaints.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: made.complaints.append(f"{page.url}: {error}"))
    page.on("request", lambda request: made.requests.append(request.url))
    page.set_default_timeout(10_000)
    yield made
    page.close()
    assert [url for url in made.requests if not url.startswith(site)] == []


def test_results_are_ordered_by_how_well_they_fit(visit: Visit) -> None:
    visit.open()
    expected = [
        "com.example/weather",  # the name itself
        "com.example/weather-radar",  # begins with it
        "org.weather/tides",  # a word of the namespace begins with it
        "com.example/sweather",  # has it inside
        "com.example/tagged",
        "com.example/tooled",
        "com.example/forecast-writing",
        "com.example/plain",
    ]
    visit.finds("weather", expected)
    assert visit.complaints == []


def test_where_an_entry_is_hosted_is_found_last(
    window: BrowserContext, tmp_path_factory: pytest.TempPathFactory, serve: Serve
) -> None:
    folder = tmp_path_factory.mktemp("forges")
    told = [
        make_server("io.github.acorn/plain", description="Nothing"),
        make_server("com.example/helper", description="Works with GitHub"),
        make_server("io.github.acorn/github-issues"),
    ]
    write(folder, make_catalog(*told))
    page = window.new_page()
    visit = Visit(page, serve(folder) + "/my-registry/")
    visit.open()
    visit.finds("github", ["io.github.acorn/github-issues", "com.example/helper", "io.github.acorn/plain"])
    visit.finds("io.github.acorn", ["io.github.acorn/github-issues", "io.github.acorn/plain"])
    visit.finds("hub.ac", ["io.github.acorn/github-issues", "io.github.acorn/plain"])
    page.close()


def test_all_words_must_match_in_any_place(visit: Visit) -> None:
    visit.open()
    visit.finds("radar example", ["com.example/weather-radar"])
    visit.finds("knits SWEATHER", ["com.example/sweather"])
    visit.finds("radar knits", [])
    expect(visit.page.locator("#found")).to_have_text("Nothing found")


def test_case_and_accents_do_not_matter(visit: Visit) -> None:
    visit.open()
    for text in ("creme brulee", "CRÈME", "brûlée"):
        visit.finds(text, ["com.example/creme"])


def test_the_first_answer_needs_names_only_and_descriptions_follow(visit: Visit) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    visit.page.route("**/texts-*", hold)
    visit.open()
    visit.type("weather")
    expect(visit.page.locator("#hits li")).to_have_count(4)
    assert visit.page.locator("#hits .about").first.inner_text() == ""
    for route in held:
        route.continue_()
    visit.settle()
    assert visit.page.locator("#hits li").count() == 8
    assert visit.page.locator("#hits .about").first.inner_text() == "Weather forecasts for harbours"


def test_nothing_is_loaded_before_the_reader_wants_to_search(visit: Visit) -> None:
    visit.open()
    visit.page.wait_for_load_state("networkidle")
    assert not [url for url in visit.requests if "/search/" in url]
    with visit.page.expect_response("**/names-first.json"):
        visit.page.keyboard.press("/")
    expect(visit.page.locator("#q")).to_be_focused()
    assert [url.rpartition("/")[2] for url in visit.requests if "/search/" in url] == ["index.json", "names-first.json"]


def test_facets_narrow_and_count(visit: Visit) -> None:
    visit.open("?q=weather")
    visit.settle()
    assert visit.counts("Kind") == {"server": "7", "skill": "1"}
    assert visit.counts("Package") == {"npm": "1", "oci": "1"}
    visit.choose("Package", "npm")
    visit.shows(["com.example/weather"])
    # The other values of the facet say what they would add.
    assert visit.counts("Package") == {"npm": "1", "oci": "1"}
    visit.choose("Package", "oci")
    visit.shows(["com.example/weather", "com.example/weather-radar"])
    visit.choose("Tags", "radar")
    visit.shows(["com.example/weather-radar"])
    assert visit.page.url.endswith("?q=weather&package=npm&package=oci&tag=radar")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("?q=weather&kind=skill", ["com.example/forecast-writing"]),
        ("?q=weather&location=remote", ["org.weather/tides"]),
        ("?q=weather&status=deprecated", ["org.weather/tides"]),
        ("?transport=sse", ["org.weather/tides"]),
        ("?tier=Official", ["com.example/tooled"]),
        ("?tag=radar", ["com.example/weather-radar"]),
        ("?q=weather&tag=no-such-tag", []),
        ("?q=nothing+has+this", []),
    ],
)
def test_an_address_is_a_search(visit: Visit, address: str, expected: list[str]) -> None:
    visit.open(address)
    visit.shows(expected)


def test_results_are_sorted_as_wanted(visit: Visit) -> None:
    visit.open("?q=weather")
    visit.settle()
    visit.page.select_option("#search select", "name")
    expect(visit.page.locator("#hits .name").first).to_have_text("com.example/forecast-writing")
    visit.page.select_option("#search select", "newest")
    expect(visit.page.locator("#hits .name").first).to_have_text("com.example/sweather")
    visit.page.select_option("#search select", "updated")
    expect(visit.page.locator("#hits .name").first).to_have_text("com.example/plain")
    assert visit.page.url.endswith("?q=weather&sort=updated")


def test_back_and_forward_walk_through_searches(visit: Visit) -> None:
    visit.open()
    visit.type("weather")
    visit.settle()
    visit.choose("Kind", "skill")
    visit.page.locator("#hits a").first.click()
    visit.page.wait_for_url("**/skills/com.example/forecast-writing/")
    visit.page.go_back()
    expect(visit.page.locator("#hits li")).to_have_count(1)
    assert visit.page.url.endswith("?q=weather&kind=skill")
    visit.page.go_back()
    expect(visit.page.locator("#hits li")).to_have_count(8)
    visit.page.go_back()
    expect(visit.page.locator("#browse")).to_be_visible()
    expect(visit.page.locator("#results")).to_be_hidden()
    assert visit.page.input_value("#q") == ""
    visit.page.go_forward()
    expect(visit.page.locator("#hits li")).to_have_count(8)
    assert visit.page.input_value("#q") == "weather"


def test_keys_lead_from_the_box_through_the_results_and_back(visit: Visit) -> None:
    visit.open()
    keys = visit.page.keyboard
    keys.press("/")
    keys.type("weather")
    visit.settle()

    def focused() -> Any:
        return visit.page.evaluate("document.activeElement.id || document.activeElement.textContent")

    for key, expected in [
        ("ArrowDown", "Weather"),
        ("ArrowDown", "weather-radar"),
        ("ArrowUp", "Weather"),
        ("ArrowUp", "q"),
        ("Enter", "Weather"),
        ("Escape", "q"),
        ("ArrowDown", "Weather"),
    ]:
        keys.press(key)
        assert focused() == expected
    keys.press("/")
    assert focused() == "q"
    keys.press("Escape")
    expect(visit.page.locator("#browse")).to_be_visible()
    assert visit.page.url == visit.address
    keys.type("radar")
    keys.press("Enter")
    keys.press("Enter")
    visit.page.wait_for_url("**/servers/com.example/weather-radar/")


def test_results_are_announced(visit: Visit) -> None:
    visit.open("?q=weather")
    visit.settle()
    status = visit.page.get_by_role("status")
    expect(status).to_have_text("8 results")
    visit.choose("Kind", "skill")
    expect(status).to_have_text("1 result")


def test_a_long_list_of_results_grows_as_the_reader_wants_more(visit: Visit) -> None:
    visit.open("?sort=name")
    visit.settle()
    expect(visit.page.get_by_role("status")).to_have_text("409 results")
    shown = visit.page.locator("#hits li")
    assert shown.count() <= 60
    visit.page.locator("#more").scroll_into_view_if_needed()
    expect(shown).not_to_have_count(30)
    for _ in range(10):
        visit.page.keyboard.press("End")
        visit.page.wait_for_timeout(50)
    assert 100 < shown.count() <= 180
    visit.page.locator("#more").click()
    assert shown.count() <= 210


def test_other_registries_are_searched_on_request(visit: Visit) -> None:
    visit.open("?q=weather")
    visit.settle()
    assert not [url for url in visit.requests if "/registry/team/search/" in url]
    visit.choose("Registry", "team")
    expect(visit.page.get_by_role("status")).to_have_text("10 results")
    link = visit.page.get_by_role("link", name="Weather of the team")
    assert link.get_attribute("href") == f"{visit.address}registry/team/servers/com.example/weather/"
    visit.choose("Registry", "default")
    visit.shows(["com.example/weather", "com.team/secret-weather"])
    assert visit.page.url.endswith("?q=weather&registry=team")
    visit.open("registry/team/?q=secret")
    visit.shows(["com.team/secret-weather"])


def test_a_part_that_does_not_load_is_said_and_tried_again(visit: Visit) -> None:
    visit.page.route("**/texts-first.json", lambda route: route.fulfill(status=503))
    visit.open("?q=knits")
    expect(visit.page.get_by_role("alert")).to_contain_text("did not load")
    expect(visit.page.locator("#hits li")).to_have_count(0)
    visit.page.unroute("**/texts-first.json")
    visit.page.get_by_role("button", name="Try again").click()
    expect(visit.page.locator("#hits .name")).to_have_text("com.example/sweather")
    expect(visit.page.locator("#failed")).to_be_hidden()


def test_texts_of_another_build_are_not_taken_for_those_of_this_one(visit: Visit) -> None:
    def tampered(route: Route) -> None:
        text = route.fetch().json()
        route.fulfill(json={**text, "check": text["check"] ^ 1})

    visit.page.route("**/texts-first.json", tampered)
    visit.open("?q=weather")
    expect(visit.page.get_by_role("alert")).to_contain_text("did not load")
    assert visit.page.locator("#hits .about").first.inner_text() == ""
    assert len([url for url in visit.requests if "texts-first" in url]) == 2


def test_the_box_of_every_page_leads_to_the_search(visit: Visit) -> None:
    visit.open("servers/com.example/weather/")
    visit.page.get_by_role("searchbox").fill("radar")
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url(f"{visit.address}?q=radar")
    visit.shows(["com.example/weather-radar"])
    visit.open("registry/team/servers/")
    visit.page.get_by_role("searchbox").fill("secret")
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url(f"{visit.address}registry/team/?q=secret")


def test_any_part_of_a_name_finds_its_entry(visit: Visit) -> None:
    visit.open()
    draw = random.Random(9)
    names = [str(entry.name) for entry in default_registry()]
    pieces = []
    for name in draw.sample(names, 150):
        start = draw.randrange(len(name))
        pieces.append((name, name[start : start + draw.randrange(1, 12)]))
    missed = visit.page.evaluate(
        """async ([script, pieces]) => {
            const { Index } = await import(script);
            const index = new Index();
            index.addNames(await (await fetch("search/names-first.json")).json());
            return pieces.filter(([name, piece]) =>
                !index.search({ query: piece }).hits.some((at) => index.names[at] === name));
        }""",
        [visit.page.get_attribute("script", "src").replace("assets/", "./assets/"), pieces],  # type: ignore[union-attr]
    )
    assert missed == []


def test_the_script_draws_colours_as_the_pages_do(visit: Visit) -> None:
    visit.open()
    names = [str(entry.name) for entry in default_registry()][:50]
    drawn = visit.page.evaluate(
        "async ([script, names, hues]) => { const { crc32 } = await import(script); "
        "return names.map((name) => crc32(name) % hues); }",
        [visit.page.get_attribute("script", "src").replace("assets/", "./assets/"), names, HUES],  # type: ignore[union-attr]
    )
    assert drawn == list(map(hue, names))


def test_a_narrow_screen_has_everything(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 320, "height": 700})
    visit.open("?q=weather")
    visit.settle()
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 320
    visit.page.get_by_text("Filters", exact=True).click()
    visit.choose("Kind", "skill")
    expect(visit.page.locator("#filters summary")).to_have_text("Filters (1)")
    visit.shows(["com.example/forecast-writing"])
    for path in ("", "tags/", "tags/sea/", "namespaces/", "namespaces/com.example/", "servers/_pages/w/"):
        visit.open(path)
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 320, path


def test_everything_is_reached_without_a_script(browser: Browser, site: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site)
    assert not page.locator("#search").is_visible()
    assert page.get_by_text("Search needs JavaScript").is_visible()
    page.get_by_role("link", name="W", exact=True).click()
    page.get_by_role("link", name="weather-radar").click()
    assert page.url == f"{site}servers/com.example/weather-radar/"
    page.goto(site)
    page.get_by_role("link", name="Tags").click()
    page.get_by_role("link", name="radar").click()
    assert page.locator("main .cards li").count() == 1
    page.goto(site)
    page.get_by_role("link", name="Publishers").click()
    page.get_by_role("link", name="com.example").click()
    assert page.locator("main .cards li").count() == 8
    assert not page.locator(".quick").is_visible()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_neither_search_nor_lists_keep_anybody_from_using_them(browser: Browser, site: str, scheme: str) -> None:
    axe = Axe()
    context = browser.new_context(color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    for path in ("?q=weather&kind=server", "tags/", "tags/sea/", "namespaces/", "namespaces/com.example/"):
        page.goto(site + path)
        if path.startswith("?"):
            expect(page.locator("#found[data-loading='']")).to_be_visible()
        found = axe.run(page)
        assert found.response["violations"] == [], f"{path}: {found.generate_report()}"
        assert found.response["passes"]
    context.close()


def test_hostile_documents_are_only_text_among_results(
    window: BrowserContext, tmp_path_factory: pytest.TempPathFactory, serve: Serve
) -> None:
    folder = tmp_path_factory.mktemp("hostile-search")
    write(folder, hostile.hostile_catalog())
    page = window.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(serve(folder) + "/my-registry/?q=attack")
    expect(page.locator("#found[data-loading='']")).to_be_visible()
    assert page.locator("#hits li").count() == 2 * len(hostile.ATTACKS)
    assert hostile.MARKUP in page.locator("#hits .about").all_inner_texts()
    assert page.evaluate("window.pwned === undefined")
    assert page.locator("#hits img, #hits script, #filters img").count() == 0
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert complaints == []
    page.close()
