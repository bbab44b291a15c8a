"""Icons that become files of the site: fetched once, locked by digest, used whatever their host answers later."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from builders import server
from regpress.digest import digest
from regpress.errors import ConfigError
from regpress.html.pictures import picture_type
from regpress.iconstore import LOCK_FILE, MOST_BYTES, IconStore
from regpress.sources.http import public_only
from sites import registry_file, run, tree, write_site

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(64))
ICON = "https://icons.example/weather.png"


class Host:
    """A host of icons: answers by path, and the paths that were asked for."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.base = ""


@pytest.fixture
def host() -> Iterator[Host]:
    made = Host()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            body = made.answers.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    made.base = f"http://127.0.0.1:{listening.server_port}"
    yield made
    listening.shutdown()
    listening.server_close()


def store_in(site: Path, **options: object) -> IconStore:
    settings = {"folder": site / "cache", "kind_of": picture_type, "address_rule": None, **options}
    return IconStore(lock_file=site / LOCK_FILE, **settings)  # type: ignore[arg-type]


def test_locked_icons_are_used_without_asking_their_host_again(tmp_path: Path, host: Host) -> None:
    host.answers["/a.png"] = PNG
    store = store_in(tmp_path)
    assert store.renew([f"{host.base}/a.png"]) == (0, 1, 0, ())
    assert json.loads((tmp_path / LOCK_FILE).read_bytes()) == {"icons": {f"{host.base}/a.png": digest(PNG)}}
    host.answers["/a.png"] = PNG + b"changed"
    assert store.load() == ({f"{host.base}/a.png": PNG}, ())
    assert store.renew([f"{host.base}/a.png"]) == (1, 0, 0, ())
    assert host.asked == ["/a.png"]


def test_a_lost_cache_is_filled_again_with_the_locked_bytes_and_no_others(tmp_path: Path, host: Host) -> None:
    url = f"{host.base}/a.png"
    host.answers["/a.png"] = PNG
    store_in(tmp_path).renew([url])
    fresh = store_in(tmp_path, folder=tmp_path / "other")
    assert fresh.load()[0] == {url: PNG}
    for file in (tmp_path / "other").iterdir():
        file.write_bytes(b"damaged")
    assert fresh.load()[0] == {url: PNG}
    for file in (tmp_path / "other").iterdir():
        file.unlink()
    host.answers["/a.png"] = PNG + b"changed"
    found, issues = fresh.load()
    assert found == {}
    assert [issue.reference for issue in issues] == ["icon-missing"]
    assert "other bytes than the locked ones" in issues[0].message


def test_renewing_takes_what_the_host_has_now_and_drops_what_nobody_names(tmp_path: Path, host: Host) -> None:
    host.answers |= {"/a.png": PNG, "/b.png": PNG + b"b"}
    store = store_in(tmp_path)
    store.renew([f"{host.base}/a.png", f"{host.base}/b.png"])
    host.answers["/a.png"] = PNG + b"new"
    assert store.renew([f"{host.base}/a.png"], again=True) == (1, 0, 1, ())
    assert store.load()[0] == {f"{host.base}/a.png": PNG + b"new"}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (None, "answers 404"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "plain SVG drawing"),
        (b"<html></html>", "is no PNG"),
        (PNG + bytes(MOST_BYTES), "too many bytes"),
    ],
)
def test_what_is_no_usable_picture_is_refused_with_the_reason(
    tmp_path: Path, host: Host, body: bytes | None, why: str
) -> None:
    if body is not None:
        host.answers["/a.png"] = body
    done = store_in(tmp_path).renew([f"{host.base}/a.png"])
    assert [why in reason for _, reason in done.refused] == [True]
    assert not (tmp_path / LOCK_FILE).exists()


def test_icons_of_private_addresses_are_not_asked_for(tmp_path: Path, host: Host) -> None:
    done = store_in(tmp_path, address_rule=public_only).renew([f"{host.base}/a.png"])
    assert "is a loopback address" in done.refused[0][1]
    assert host.asked == []


@pytest.mark.parametrize("text", ["", "[]", '{"icons": []}', '{"icons": {"a": 1}}'])
def test_a_lock_file_that_is_none_is_reported(tmp_path: Path, text: str) -> None:
    (tmp_path / LOCK_FILE).write_text(text)
    with pytest.raises(ConfigError, match=LOCK_FILE):
        store_in(tmp_path).load()


# The program


def site_with_icons(folder: Path, **trust: object) -> Path:
    documents = [server("com.example/weather", icons=[{"src": ICON}]), server("com.example/plain")]
    trusted = {"fetchIcons": True, **trust}
    return write_site(folder, {"r.json": registry_file(*documents)}, catalog={}, trust=trusted)


def lock(site: Path) -> None:
    """Lock an icon and put it where builds keep them."""
    store = IconStore(lock_file=site / LOCK_FILE, folder=site / ".regpress" / "icons", kind_of=picture_type)
    store.folder.mkdir(parents=True)
    store._file(digest(PNG)).write_bytes(PNG)
    (site / LOCK_FILE).write_text(json.dumps({"icons": {ICON: digest(PNG)}}))


def test_a_site_serves_its_locked_icons_itself(tmp_path: Path) -> None:
    site = site_with_icons(tmp_path / "site")
    assert run("build", site).code == 0
    before = tree(site / "dist")
    lock(site)
    done = run("build", site)
    assert (done.code, "icon-missing" in done.out) == (0, False)
    after = tree(site / "dist")
    (icon,) = after.keys() - before.keys()
    assert after[icon] == PNG
    page = after["servers/com.example/weather/index.html"].decode()
    assert f'<img class="icon" src="../../../{icon}"' in page
    assert "icons.example" not in page
    assert after["servers/com.example/plain/index.html"] == before["servers/com.example/plain/index.html"]


def test_an_icon_that_cannot_be_had_is_drawn_and_reported(tmp_path: Path) -> None:
    site = site_with_icons(tmp_path / "site")
    missing = "https://127.0.0.1:9/weather.png"
    (site / LOCK_FILE).write_text(json.dumps({"icons": {missing: digest(PNG)}}))
    done = run("build", site, "--format", "json")
    assert done.code == 0
    assert [issue["reference"] for issue in done.json["issues"] if issue["severity"] == "warning"] == ["icon-missing"]
    assert run("build", site, "--strict").code == 1


def test_the_command_locks_icons_and_says_which_it_could_not_get(tmp_path: Path) -> None:
    documents = [server("com.example/weather", icons=[{"src": "https://127.0.0.1:9/weather.png"}])]
    trust = {"fetchIcons": True}
    site = write_site(tmp_path / "site", {"r.json": registry_file(*documents)}, catalog={}, trust=trust)
    done = run("icons", site)
    assert done.code == 0
    assert "warning: https://127.0.0.1:9/weather.png: " in done.err
    assert "is a loopback address" in done.err
    assert "0 icons are locked: 0 new, 0 removed" in done.err


def test_the_command_asks_for_the_setting_without_which_it_is_of_no_use(tmp_path: Path) -> None:
    site = site_with_icons(tmp_path / "site", fetchIcons=False)
    done = run("icons", site)
    assert done.code == 2
    assert "site.trust.fetchIcons" in done.err
