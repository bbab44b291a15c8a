"""The admin page of a running `regpress serve` in a real browser: by keyboard, hostile documents, each caller."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Error, Page, expect

import hostile
from app_server import AppServer, encoded
from app_site import document, own_site, wait_until
from builders import server, skill
from forked_app import Forker, forking
from identity_servers import Issuer, issuer, web_server
from sites import config, registry_file, write_site
from watching import Visit, visiting

pytestmark = pytest.mark.browser

BASE = "/my-registry"
TOKEN = "of-the-release-bot"
#: Chromium says so itself whenever an answer is a refusal.
REFUSED = "Failed to load resource"
ROLES = {
    "superAdmin": [{"role": "root"}],
    "manageSources": [{"role": "ops"}],
    "manageRegistries": [{"role": "lead"}],
    "manageEntries": [{"role": "author"}],
}


@pytest.fixture(scope="module", autouse=True)
def patience() -> Iterator[None]:
    """Wait for the page as long as it takes where the machine has other things to do."""
    expect.set_options(timeout=20_000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture(scope="module")
def forker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forker]:
    with forking(tmp_path_factory.mktemp("forked")) as made:
        yield made


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory, forker: Forker) -> Iterator[tuple[AppServer, Path]]:
    """Yield a server without sign-in, below a path, and its site."""
    site = own_site(
        tmp_path_factory.mktemp("local") / "site",
        site={"title": "Harbour Registry", "baseUrl": f"https://registry.example{BASE}"},
    )
    attack = server("com.example/attack", title=hostile.MARKUP[:100], description=hostile.MARKUP[:100])
    turned = server("com.example/turned", title=hostile.OVERRIDE, description="W" * 100)
    (site / "list.json").write_text(json.dumps(registry_file(attack, turned, server("org.upstream/tool"))))
    with forker.serving(site, "--allow-anonymous-writes") as running:
        for version in ("1.0.0", "1.1.0"):
            assert running.publish(document("com.example/tides", version, title="Tides")).status == 200
        yield running, site


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, forker: Forker) -> Iterator[tuple[AppServer, Issuer]]:
    """Yield a server with roles and claims, and the provider of its callers' tokens."""
    with issuer() as provider:
        files = {
            "config.yaml": config(
                {"name": "own", "managed": {}, "claims": {"org": "tides"}},
                {"name": "list", "file": {"path": "list.json"}, "claims": {"org": "tides"}},
                registries=[{"name": "default", "sources": ["own", "list"], "claims": {"org": "tides"}}],
            )
            | {
                "auth": {
                    "mode": "oauth",
                    "oauth": {"providers": [{"name": "id", "issuerUrl": provider.url, "audience": "mcp-registry"}]},
                    "authz": {"roles": ROLES},
                }
            },
            "list.json": registry_file(server("org.upstream/tool")),
        }
        site = write_site(tmp_path_factory.mktemp("guarded") / "site", files)
        with forker.serving(site) as running:
            yield running, provider


def signed_in(visit: Visit, token: str) -> Page:
    page = visit.page
    visit.open("admin/")
    page.get_by_label("Token").fill(token)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    return page


def own_complaints(visit: Visit) -> list[str]:
    """Return what the page is to blame for."""
    return [line for line in visit.complaints if REFUSED not in line]


def offered(page: Page) -> list[str]:
    return page.get_by_role("navigation", name="Administration").get_by_role("link").all_inner_texts()


def tab_to(page: Page, name: str, *, most: int = 40) -> None:
    """Press Tab until something of this accessible name, or text, has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if name in page.evaluate(
            "(e => [e.getAttribute('aria-label'), e.labels?.[0]?.textContent.trim(), e.textContent.trim()])"
            "(document.activeElement)"
        ):
            return
    raise AssertionError(f"no Tab leads to {name!r}")


def fill_document(page: Page, value: Any) -> None:
    page.get_by_label("Document").fill(value if isinstance(value, str) else json.dumps(value, indent=2))


# What it is made of


def test_the_page_is_the_apps_alone_and_nobody_keeps_frames_or_scripts_it(local: tuple[AppServer, Path]) -> None:
    running, site = local
    moved = running.get("/admin")
    assert (moved.status, moved.headers["location"]) == (308, f"{BASE}/admin/")
    for path, kind in (("", "text/html"), ("admin.js", "text/javascript"), ("admin.css", "text/css")):
        answer = running.get(f"/admin/{path}")
        assert (answer.status, answer.headers["content-type"].partition(";")[0]) == (200, kind)
        assert answer.headers["cache-control"] == ("no-cache" if path else "no-store")
        assert answer.headers["referrer-policy"] == "no-referrer"
        policy = answer.headers["content-security-policy"]
        for rule in ("default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"):
            assert rule in policy
        assert "unsafe" not in policy
    assert running.ask("POST", "/admin/").status == 404
    assert running.get("/admin/nothing").status == 404
    wait_until((site / "dist" / "manifest.json").exists)
    kept = [file.relative_to(site / "dist").as_posix() for file in (site / "dist").rglob("*") if file.is_file()]
    assert kept
    assert [name for name in kept if "admin" in name] == []
    assert not any(b"admin.js" in (site / "dist" / name).read_bytes() for name in kept if name.endswith(".html"))


def test_the_page_is_nowhere_outside_of_the_sites_path(local: tuple[AppServer, Path]) -> None:
    running, _ = local
    outside = AppServer(running.base.removesuffix(BASE), running.process)
    assert outside.get("/admin/").status == 404


def test_the_script_is_small(local: tuple[AppServer, Path]) -> None:
    sent = local[0].get("/admin/admin.js", **{"Accept-Encoding": "gzip"})
    assert sent.headers["content-encoding"] == "gzip"
    assert len(sent.body) <= 12.5 * 1024


def test_the_page_holds_no_markup_from_texts_and_asks_nobody_else(
    browser: Browser, local: tuple[AppServer, Path]
) -> None:
    running, _ = local
    with visiting(browser, f"{running.base}/") as visit:
        visit.open("admin/#entries")
        visit.page.locator("#hits li").first.wait_for()
        for kind, attack in (
            ("TrustedHTML", "document.body.innerHTML = '<p>'"),
            ("TrustedScriptURL", "document.createElement('script').src = 'https://elsewhere.example/a.js'"),
        ):
            with pytest.raises(Error, match=kind):
                visit.page.evaluate(attack)
        assert visit.foreign_requests() == []


# Everything, with the keyboard


def test_sources_are_synced_with_the_keyboard_and_the_result_is_told(
    browser: Browser, local: tuple[AppServer, Path]
) -> None:
    running, site = local
    with visiting(browser, f"{running.base}/") as visit:
        page = visit.page
        visit.open("admin/")
        expect(page.locator("#source-list li")).to_have_count(2)
        row = page.locator("#source-list li", has_text="list")
        expect(row).to_contain_text("3 servers")
        expect(row).to_contain_text("in default")
        listed = json.loads((site / "list.json").read_text())
        listed["data"]["servers"].append(server("org.upstream/second"))
        (site / "list.json").write_text(json.dumps(listed))
        tab_to(page, "Sync list now")
        page.keyboard.press("Enter")
        told = page.get_by_role("status").first
        expect(told).to_have_text("list: there was something new, and it shows now.")
        expect(row).to_contain_text("4 servers")
        assert page.evaluate("document.activeElement.ariaLabel") == "Sync list now"
        page.keyboard.press("Enter")
        expect(told).to_have_text("list: nothing has changed.")
        good = (site / "list.json").read_bytes()
        (site / "list.json").write_text("{" + hostile.MARKUP)
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert").first).to_contain_text("list:")
        expect(row).to_contain_text("Failed")
        expect(row).to_contain_text("4 servers")
        (site / "list.json").write_bytes(good)
        page.keyboard.press("Enter")
        expect(row).to_contain_text("Up to date")
        page.get_by_text("What came of the last syncs").click()
        assert page.locator("#events tr").count() >= 4
        expect(page.locator("#events tr").nth(1)).to_contain_text("asked for")
        assert visit.complaints == []


def test_a_sync_is_seen_while_it_runs(browser: Browser, forker: Forker, tmp_path: Path) -> None:
    goes_on = threading.Event()
    goes_on.set()

    def respond(_: str, __: Mapping[str, str]) -> tuple[int, Any]:
        goes_on.wait(60)
        return 200, registry_file(server("org.upstream/far"))

    with web_server(respond) as port:
        sources = [{"name": "far", "file": {"url": f"http://127.0.0.1:{port}/registry.json"}}]
        site = write_site(tmp_path / "site", {"config.yaml": config(*sources, trust={"allowPrivateAddresses": True})})
        with (
            forker.serving(site, "--allow-anonymous-writes") as running,
            visiting(browser, f"{running.base}/") as visit,
        ):
            page = visit.page
            visit.open("admin/")
            row = page.locator("#source-list li")
            expect(row).to_contain_text("Up to date")
            goes_on.clear()
            page.get_by_role("button", name="Sync far now").press("Enter")
            expect(row).to_contain_text("Syncing…")
            expect(page.get_by_role("status").first).to_have_text("Syncing far…")
            goes_on.set()
            expect(row).to_contain_text("Up to date")
            expect(page.get_by_role("status").first).to_have_text("far: nothing has changed.")
            # There is no catalog, and nothing leads there.
            assert page.locator("header a.site").count() == 0
            page.get_by_role("link", name="Entries").click()
            page.locator("#hits a").click()
            expect(page.locator("#versions a")).to_have_count(1)
            assert page.locator("#entry-links a").count() == 0
            # Nothing here can be published: there is no managed source.
            assert offered(page) == ["Sources", "Entries"]
            assert visit.complaints == []


def test_a_version_is_published_restated_and_deleted_with_the_keyboard(
    browser: Browser, local: tuple[AppServer, Path]
) -> None:
    running, site = local
    name = "com.example/by-keyboard"
    with visiting(browser, f"{running.base}/") as visit:
        page = visit.page
        visit.open("admin/")
        page.locator("#source-list li").first.wait_for()
        tab_to(page, "Publish")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Publish")).to_be_focused()
        tab_to(page, "Document")
        page.keyboard.insert_text(json.dumps(document(name), indent=2))
        expect(page.locator("#verdict")).to_have_text(f"{name} 1.0.0 can be published.")
        tab_to(page, "Publish")
        page.keyboard.press("Enter")
        expect(page.locator("#published")).to_contain_text(f"Published {name} 1.0.0")
        assert (site / f"content/servers/{name}/1.0.0.json").exists()
        links = {link.inner_text(): link.get_attribute("href") for link in page.locator("#published a").all()}
        assert links["Its page in the catalog"] == f"{running.base}/servers/{name}/"
        read = AppServer(running.base, running.process).get(links["Its JSON"].removeprefix(running.base))
        assert read.json["server"]["name"] == name
        wait_until(lambda: running.get(f"/servers/{name}/").status == 200)

        tab_to(page, "Its versions")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_be_focused()
        expect(page.locator("#versions li")).to_have_count(1)
        tab_to(page, "Change status of 1.0.0")
        page.keyboard.press("Enter")
        expect(page.get_by_role("radio", name="Active", exact=True)).to_be_focused()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        page.keyboard.insert_text(hostile.MARKUP)
        tab_to(page, "Change")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").first).to_have_text(f"{name} 1.0.0 is deprecated now.")
        expect(page.get_by_role("heading", level=1)).to_be_focused()
        expect(page.locator("#versions li")).to_contain_text(hostile.MARKUP)
        assert (
            running.get(f"/v0/servers/{encoded(name)}/versions/1.0.0").json["_meta"][
                "io.modelcontextprotocol.registry/official"
            ]["statusMessage"]
            == hostile.MARKUP
        )

        tab_to(page, "Delete 1.0.0")
        page.keyboard.press("Enter")
        expect(page.get_by_label("Type 1.0.0 to confirm")).to_be_focused()
        page.keyboard.insert_text("1.0")
        page.keyboard.press("Enter")
        expect(page.locator("dialog[open] [role=alert]")).to_have_text("Type 1.0.0, exactly.")
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)
        assert page.evaluate("document.activeElement.ariaLabel") == "Delete 1.0.0"
        page.keyboard.press("Enter")
        page.keyboard.insert_text("1.0.0")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").first).to_have_text(f"{name} 1.0.0 is removed.")
        expect(page.locator("#versions li")).to_have_count(0)
        assert not (site / f"content/servers/{name}/1.0.0.json").exists()
        assert own_complaints(visit) == []
        assert visit.foreign_requests() == []


def test_all_versions_change_at_once_and_deleted_ones_can_be_found_and_made_active_again(
    browser: Browser, local: tuple[AppServer, Path]
) -> None:
    running, _ = local
    with visiting(browser, f"{running.base}/") as visit:
        page = visit.page
        visit.open("admin/#entries")
        page.get_by_label("Search").fill("TIDES")
        hit = page.locator("#hits li")
        expect(hit).to_have_count(1)
        expect(hit).to_contain_text("2 versions")
        hit.get_by_role("link").click()
        page.get_by_role("button", name="Change status of all").click()
        page.get_by_role("radio", name="Deleted").check()
        page.get_by_label("Message").fill("Moved")
        page.keyboard.press("Tab")
        page.get_by_role("button", name="Change", exact=True).press("Enter")
        expect(page.get_by_role("status").first).to_have_text("All versions of com.example/tides are deleted now.")
        expect(page.locator("#versions li")).to_have_count(2)
        assert running.get("/v0/servers/com.example%2Ftides/versions/latest").status == 404
        page.get_by_role("link", name="Entries").last.click()
        expect(page.get_by_label("Search")).to_have_value("TIDES")
        expect(hit).to_contain_text("deleted")
        hit.get_by_role("link").click()
        page.get_by_role("button", name="Change status of all").click()
        page.get_by_role("radio", name="Active", exact=True).check()
        expect(page.get_by_label("Message")).to_be_disabled()
        page.get_by_role("button", name="Change", exact=True).click()
        expect(page.get_by_role("status").first).to_have_text("All versions of com.example/tides are active now.")
        page.get_by_role("button", name="Change status of all").click()
        page.get_by_role("button", name="Change", exact=True).click()
        expect(page.locator("dialog[open] [role=alert]")).to_contain_text("No changes to apply")
        page.keyboard.press("Escape")
        assert running.get("/v0/servers/com.example%2Ftides/versions/latest").status == 200
        page.evaluate("location.hash = '#entry/default/server/org.upstream%2Ftool'")
        page.get_by_role("button", name="Delete 1.0.0").click()
        page.get_by_label("Type 1.0.0 to confirm").fill("1.0.0")
        page.keyboard.press("Enter")
        expect(page.locator("dialog[open] [role=alert]")).to_contain_text("another source supplies")
        assert own_complaints(visit) == []


# Findings at their places


def test_findings_stand_at_their_lines_while_one_types(browser: Browser, local: tuple[AppServer, Path]) -> None:
    running, _ = local
    wrong = document("com.example/wrong", packages=[{"registryType": "npm", "identifier": "x", "version": "latest"}])
    text = json.dumps(wrong, indent=2)
    with visiting(browser, f"{running.base}/") as visit:
        page = visit.page
        visit.open("admin/#publish")
        fill_document(page, text)
        expect(page.locator("#verdict")).to_contain_text("error")
        line = text[: text.index('"version": "latest"')].count("\n") + 1
        place = page.get_by_role("button", name=f"Line {line} packages[0].version")
        place.first.press("Enter")
        assert page.evaluate("document.activeElement.id") == "text"
        chosen = page.evaluate("(t => t.value.slice(t.selectionStart, t.selectionEnd))(document.activeElement)")
        assert chosen == '"version": "latest"'
        assert page.locator("#gutter .error").first.inner_text()
        expect(page.locator("#text")).to_have_attribute("aria-invalid", "true")
        page.get_by_role("button", name="Publish", exact=True).press("Enter")
        expect(page.locator("#issues .error button").first).to_be_focused()
        fill_document(page, text.replace('"latest"', '"1.0.0",'))
        expect(page.locator("#issues")).to_contain_text("not JSON: expected a name in quotes")
        # Wrapped, with a member that is missing and one whose name is no word.
        remote = {"type": "sse"}
        inner = document("com.example/wrong", _meta={"a.b/c d": 1}) | {"remotes": [remote]}
        text = json.dumps({"server": inner, "claims": {"org": "tides"}}, indent=2)
        fill_document(page, text)
        for path, member in (("remotes[0].url", '"remotes"'), ('_meta["a.b/c d"]', '"a.b/c d"')):
            line = text[: text.index(member)].count("\n") + (2 if member == '"remotes"' else 1)
            expect(page.locator("#issues").get_by_role("button", name=f"Line {line} {path}").first).to_be_visible()
        expect(page.get_by_label("Value of the claim")).to_have_value("tides")
        assert own_complaints(visit) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "a name in quotes, at column 2"),
        ('{"a": 01}', "a value, at column 7"),
        ('{"a": tru}', "a value, at column 7"),
        ('["\\x"]', "a value, at column 2"),
        ("[1 2]", ", or ], at column 4"),
        ('{"a": 1', ", or }, at column 8"),
        ("[" * 200_000, "nested too deeply"),
    ],
)
def test_what_is_no_json_is_told_without_asking(
    text: str, told: str, browser: Browser, local: tuple[AppServer, Path]
) -> None:
    running, _ = local
    with visiting(browser, f"{running.base}/") as visit:
        visit.open("admin/#publish")
        expect(visit.page.get_by_role("button", name="Publish", exact=True)).to_be_visible()
        asked = len(visit.requests)
        fill_document(visit.page, text)
        expect(visit.page.locator("#issues li")).to_contain_text(told)
        assert len(visit.requests) == asked
        assert visit.complaints == []


def test_a_skill_is_known_by_its_form_and_a_version_that_is_there_is_an_error(
    browser: Browser, local: tuple[AppServer, Path], tmp_path: Path
) -> None:
    running, site = local
    file = tmp_path / "skill.json"
    file.write_text(json.dumps(skill("com.example/review")))
    with visiting(browser, f"{running.base}/") as visit:
        page = visit.page
        visit.open("admin/#publish")
        page.get_by_label("Choose a file").set_input_files(file)
        expect(page.locator("#verdict")).to_contain_text("com.example/review 1.0.0 can be published")
        expect(page.get_by_label("Kind").first).to_have_value("skill")
        page.get_by_role("button", name="Publish", exact=True).click()
        expect(page.locator("#published")).to_contain_text("Published com.example/review 1.0.0")
        assert (site / "content/skills/com.example/review/1.0.0.json").exists()
        page.get_by_role("link", name="Its versions").click()
        page.get_by_role("button", name="Draft from 1.0.0").click()
        expect(page.locator("#issues .error")).to_contain_text("version 1.0.0 is published already")
        dropped = page.evaluate_handle(
            "text => { const data = new DataTransfer(); data.items.add(new File([text], 'server.json')); return data }",
            json.dumps({"plugin": skill("com.example/dropped")}),
        )
        page.locator("#editor").dispatch_event("drop", {"dataTransfer": dropped})
        expect(page.get_by_label("Kind").first).to_have_value("plugin")
        expect(page.get_by_role("status").first).to_have_text("server.json is loaded.")
        expect(page.locator("#verdict")).to_contain_text("com.example/dropped 1.0.0 can be published")
        assert own_complaints(visit) == []


# Hostile documents


def test_hostile_documents_are_text_everywhere(browser: Browser, local: tuple[AppServer, Path]) -> None:
    running, _ = local
    with visiting(browser, f"{running.base}/", viewport={"width": 320, "height": 700}) as visit:
        page = visit.page
        visit.open("admin/#entries")
        expect(page.locator("#hits li").first).to_contain_text(hostile.MARKUP[:100])
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        visit.open("admin/#entry/default/server/com.example%2Fattack")
        expect(page.get_by_role("heading", level=1)).to_have_text(hostile.MARKUP[:100])
        expect(page.locator("#versions li")).to_have_count(1)
        for hash_ in (
            "#entry/default/server/%E0%A4%A",
            f"#entry/default/server/{encoded(hostile.MARKUP)}",
            "#__proto__",
        ):
            visit.open(f"admin/{hash_}")
            page.wait_for_timeout(100)
        visit.open("admin/#publish")
        for attack in hostile.ATTACKS:
            fill_document(page, {attack: attack, "name": attack, "packages": [{attack: attack}], "version": attack})
            expect(page.locator("#verdict")).to_contain_text("error")
            assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert page.evaluate("window.pwned === undefined")
        assert page.locator("main img, main script, main svg, main iframe").count() == 0
        assert own_complaints(visit) == []
        assert visit.foreign_requests() == []


# Who may


def test_a_wrong_token_is_told_and_an_expired_one_loses_nothing(
    browser: Browser, guarded: tuple[AppServer, Issuer]
) -> None:
    running, provider = guarded
    with visiting(browser, f"{running.base}/") as visit:
        page = visit.page
        visit.open("admin/")
        expect(page.get_by_label("Token")).to_be_focused()
        assert offered(page) == []
        page.keyboard.press("Enter")
        expect(page.locator("#token-problem")).to_have_text("Paste a token first.")
        for token, told in (("two words", "not a token"), ("wrong", "does not accept this token")):
            page.get_by_label("Token").fill(token)
            page.keyboard.press("Enter")
            expect(page.locator("#token-problem")).to_contain_text(told)
            expect(page.get_by_label("Token")).to_be_focused()
        signed_in(visit, f"Bearer {provider.token('one', sub='ann', role='author', org='tides')}")
        expect(page.locator("#who")).to_contain_text("ann")
        expect(page.locator("#who")).to_contain_text("manages entries")
        page.get_by_role("link", name="Publish").click()
        fill_document(page, {"name": "half"})
        expect(page.locator("#verdict")).to_contain_text("error")
        key = provider.keys.pop("one")
        try:
            page.route(
                "**/v1/**",
                lambda route: route.continue_(headers={**route.request.headers, "authorization": "Bearer old"}),
            )
            fill_document(page, {"name": "half a document"})
            expect(page.locator("#token-problem")).to_contain_text("what you typed is still here")
            expect(page.get_by_label("Token")).to_be_focused()
            assert offered(page) == []
        finally:
            provider.keys["one"] = key
            page.unroute("**/v1/**")
        page.get_by_label("Token").fill(provider.token("one", sub="ann", role="author", org="tides"))
        page.keyboard.press("Enter")
        expect(page.get_by_label("Document")).to_have_value(json.dumps({"name": "half a document"}, indent=2))
        assert page.evaluate("Object.keys(sessionStorage).length + Object.keys(localStorage).length") == 0
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("Token")).to_be_focused()
        expect(page.get_by_label("Token")).to_have_value("")
        assert own_complaints(visit) == []


@pytest.mark.parametrize(
    ("claims", "links", "buttons"),
    [
        ({"role": "reader"}, ["Entries"], []),
        ({"role": "ops"}, ["Sources", "Entries"], []),
        ({"role": "author"}, ["Publish", "Entries"], ["Draft", "Change status", "Delete"]),
        ({"role": "root"}, ["Sources", "Publish", "Entries"], ["Draft", "Change status", "Delete"]),
    ],
)
def test_a_caller_is_offered_what_its_roles_allow(
    claims: dict[str, str], links: list[str], buttons: list[str], browser: Browser, guarded: tuple[AppServer, Issuer]
) -> None:
    running, provider = guarded
    with visiting(browser, f"{running.base}/") as visit:
        page = signed_in(visit, provider.token("one", sub="somebody", org="tides", **claims))
        assert offered(page) == links
        for view in {"sources", "publish"} - {link.lower() for link in links}:
            visit.page.evaluate(f"location.hash = '#{view}'")
            expect(page.locator(f"section#{view}")).to_be_hidden()
        page.get_by_role("navigation").get_by_role("link", name="Entries").click()
        page.locator("#hits a", has_text="tool").click()
        expect(page.locator("#versions li")).to_have_count(1)
        assert page.locator("#versions button").all_inner_texts() == buttons
        assert page.locator("#entry a", has_text="catalog").count() == 0
        assert own_complaints(visit) == []


def test_an_author_says_whose_a_publication_is(browser: Browser, guarded: tuple[AppServer, Issuer]) -> None:
    running, provider = guarded
    token = provider.token("one", sub="ann", role="author", org="tides", team=["a", "b"])
    with visiting(browser, f"{running.base}/") as visit:
        page = signed_in(visit, token)
        fill_document(page, document("com.example/claimed"))
        expect(page.locator("#verdict")).to_contain_text("can be published")
        page.get_by_role("button", name="Publish", exact=True).press("Enter")
        expect(page.get_by_role("alert").first).to_contain_text("asks for at least one claim")
        chip = page.get_by_role("button", name="Add the claim org: tides")
        expect(chip).to_be_focused()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Add a claim").press("Enter")
        page.keyboard.type("team")
        page.keyboard.press("Tab")
        page.keyboard.type("c")
        page.get_by_role("button", name="Publish", exact=True).press("Enter")
        expect(page.get_by_role("alert").first).to_contain_text("caller claims do not cover")
        page.get_by_label("Value of the claim").last.fill("b")
        page.get_by_role("button", name="Publish", exact=True).press("Enter")
        expect(page.locator("#published")).to_contain_text("Published com.example/claimed 1.0.0")
        kept = running.get("/v1/entries/server/com.example%2Fclaimed/claims", Authorization=f"Bearer {token}")
        assert kept.json == {"claims": {"org": "tides", "team": "b"}}
        page.get_by_role("link", name="Its versions").click()
        page.get_by_role("button", name="Change status of 1.0.0").click()
        page.get_by_role("radio", name="Deprecated").check()
        page.get_by_role("button", name="Change", exact=True).click()
        expect(page.get_by_role("status").first).to_have_text("com.example/claimed 1.0.0 is deprecated now.")
        page.get_by_role("button", name="Draft from 1.0.0").click()
        expect(page.locator("#claim-list li")).to_have_count(2)
        assert own_complaints(visit) == []


def test_the_holder_of_a_namespace_publishes_there_and_nowhere_else(
    browser: Browser, forker: Forker, tmp_path: Path
) -> None:
    holder = {
        "name": "release-bot",
        "digest": hashlib.sha256(TOKEN.encode()).hexdigest(),
        "publish": ["com.example/*"],
        "edit": [],
    }
    site = own_site(tmp_path / "site", auth={"mode": "token", "token": {"tokens": [holder]}})
    text = (site / "config.yaml").read_text().replace("name: default", "name: default\n  visibility: public")
    (site / "config.yaml").write_text(text)
    with forker.serving(site) as running, visiting(browser, f"{running.base}/") as visit:
        page = signed_in(visit, TOKEN)
        expect(page.locator("#who")).to_contain_text("may write com.example/*")
        assert offered(page) == ["Publish", "Entries"]
        expect(page.locator("#claims")).to_be_hidden()
        fill_document(page, document("com.other/mine") | {"version": ""})
        expect(page.locator("#verdict")).to_contain_text("error")
        fill_document(page, document("com.other/mine"))
        expect(page.locator("#verdict")).to_contain_text("can be published")
        page.get_by_role("button", name="Publish", exact=True).click()
        expect(page.get_by_role("alert").first).to_contain_text("permission")
        fill_document(page, document("com.example/mine"))
        expect(page.locator("#verdict")).to_contain_text("com.example/mine 1.0.0 can be published")
        page.get_by_role("button", name="Publish", exact=True).click()
        expect(page.locator("#published")).to_contain_text("Published com.example/mine 1.0.0")
        page.get_by_role("link", name="Its versions").click()
        expect(page.locator("#versions li")).to_have_count(1)
        assert page.locator("#versions button").all_inner_texts() == ["Draft", "Change status"]
        page.get_by_role("button", name="Change status of 1.0.0").click()
        page.get_by_role("radio", name="Deprecated").check()
        page.get_by_role("button", name="Change", exact=True).click()
        expect(page.get_by_role("status").first).to_have_text("com.example/mine 1.0.0 is deprecated now.")
        page.evaluate("location.hash = '#entry/default/server/org.upstream%2Ftool'")
        expect(page.locator("#versions li")).to_have_count(2)
        assert page.locator("#versions button").all_inner_texts() == ["Draft", "Draft"]
        assert own_complaints(visit) == []


def test_without_an_auth_section_the_page_says_how_to_open_the_registry(
    browser: Browser, forker: Forker, tmp_path: Path
) -> None:
    with (
        forker.serving(own_site(tmp_path / "site")) as running,
        visiting(browser, f"{running.base}/") as visit,
    ):
        visit.open("admin/")
        expect(visit.page.get_by_role("heading", level=1)).to_have_text("Nobody can change this registry yet")
        expect(visit.page.get_by_text("regpress serve --allow-anonymous-writes")).to_be_visible()
        assert [url for url in visit.requests if "/v1/" in url] == []
        assert visit.complaints == []


def test_from_another_machine_the_page_says_that_it_cannot_be_used(
    browser: Browser, local: tuple[AppServer, Path]
) -> None:
    with visiting(browser, f"{local[0].base}/", extra_http_headers={"X-Forwarded-For": "192.0.2.7"}) as visit:
        visit.open("admin/")
        expect(visit.page.get_by_role("heading", level=1)).to_have_text("This page cannot be used from here")
        expect(visit.page.locator("#refusal")).to_contain_text("on the registry's own machine")
        assert offered(visit.page) == []
        assert own_complaints(visit) == []


def test_where_everybody_may_look_nothing_is_offered_that_writes(
    browser: Browser, forker: Forker, tmp_path: Path
) -> None:
    registries = [{"name": "default", "sources": ["content", "list"]}, {"name": "team", "sources": ["content"]}]
    site = own_site(tmp_path / "site", auth={"mode": "anonymous"}, registries=registries)
    with forker.serving(site) as running, visiting(browser, f"{running.base}/") as visit:
        visit.open("admin/")
        page = visit.page
        expect(page.locator("#source-list li")).to_have_count(2)
        assert offered(page) == ["Sources", "Entries"]
        assert page.locator("#sources button:visible").count() == 0
        expect(page.locator("#who")).to_contain_text("may look, not write")
        expect(page.locator("#source-list li", has_text="content")).to_contain_text("in default, team")
        page.get_by_role("link", name="Entries").click()
        expect(page.locator("#find-registry")).to_have_value("default")
        expect(page.locator("#found")).to_have_text("1 entry")
        page.locator("#find-registry").select_option("team")
        expect(page.locator("#found")).to_have_text("Nothing is found.")
        assert page.url.endswith("#entries/team/server/")
        assert visit.complaints == []


# For everybody


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_anybody_from_using_the_page(
    scheme: str, browser: Browser, local: tuple[AppServer, Path], guarded: tuple[AppServer, Issuer]
) -> None:
    axe = Axe()

    def check(page: Page) -> None:
        found = axe.run(page)
        assert found.response["violations"] == [], found.generate_report()
        assert found.response["passes"]

    with visiting(browser, f"{guarded[0].base}/", color_scheme=scheme) as visit:
        visit.open("admin/")
        visit.page.get_by_label("Token").fill("wrong")
        visit.page.keyboard.press("Enter")
        expect(visit.page.locator("#token-problem")).not_to_be_empty()
        check(visit.page)
    with visiting(browser, f"{local[0].base}/", color_scheme=scheme) as visit:
        page = visit.page
        visit.open("admin/")
        page.get_by_role("button", name="Sync all").click()
        expect(page.get_by_role("status").first).to_contain_text("list")
        page.get_by_text("What came of the last syncs").click()
        check(page)
        page.get_by_role("link", name="Publish").click()
        fill_document(page, {"name": "com.example/a", "extra": 1, "packages": [{}]})
        expect(page.locator("#issues li").first).to_be_visible()
        page.get_by_text("Claims", exact=True).click()
        page.get_by_role("button", name="Add a claim").click()
        check(page)
        page.get_by_role("link", name="Entries").click()
        expect(page.locator("#hits li").first).to_be_visible()
        check(page)
        page.locator("#hits a", has_text="Tides").click()
        page.get_by_role("button", name="Change status of 1.0.0").click()
        check(page)
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Delete 1.0.0").click()
        page.keyboard.press("Enter")
        check(page)
        assert own_complaints(visit) == []
