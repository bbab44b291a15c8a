from __future__ import annotations

from typing import Any

import pytest

from fakes_catalog import make_catalog, make_server
from html_site import page_text, render_site
from regpress.html.icons import Icons, icon_addresses

WEATHER = "servers/com.example/weather/"
PICTURE = "https://cdn.example.org/weather.png"


def page(*icons: Any, hosts: tuple[str, ...] = ()) -> str:
    return page_text(render_site(make_catalog(make_server(icons=list(icons))), icon_hosts=hosts), WEATHER)


def test_pages_draw_an_icon_unless_the_site_trusts_its_host() -> None:
    assert "<img" not in page({"src": PICTURE})
    assert "<img" not in page({"src": PICTURE}, hosts=("example.org",))
    shown = page({"src": PICTURE}, hosts=("cdn.example.org",))
    assert f'<img class="icon" src="{PICTURE}" alt=""' in shown


def test_the_policy_of_pages_names_the_trusted_hosts_and_no_other() -> None:
    assert "img-src &#39;self&#39;; " in page()
    hosts = ("a.example", "cdn.example.org")
    assert "img-src &#39;self&#39; https://a.example https://cdn.example.org; " in page(hosts=hosts)


@pytest.mark.parametrize(
    "source",
    [
        "http://cdn.example.org/x.png",
        "https://cdn.example.org:8443/x.png",
        "https://cdn.example.org:99999/x.png",
        "https://cdn.example.org@evil.example/x.png",
        "https://cdn.example.org.evil.example/x.png",
        "https://[::1/x.png",
        "data:image/png;base64,AAAA",
        "javascript:alert(1)",
        "//cdn.example.org/x.png",
        "x.png",
        "",
        7,
        None,
    ],
)
def test_what_is_not_plainly_a_picture_of_a_trusted_host_is_not_shown(source: Any) -> None:
    assert "<img" not in page({"src": source}, hosts=("cdn.example.org",))


@pytest.mark.parametrize("icons", [None, "x", {}, [None], ["x"], [{}]])
def test_icons_of_any_type_do_not_stop_a_page(icons: Any) -> None:
    assert icon_addresses(icons) == ()


def test_an_icon_for_a_dark_ground_is_the_last_choice() -> None:
    dark, light = f"{PICTURE}?dark", f"{PICTURE}?light"
    icons = [{"src": dark, "theme": "dark"}, {"src": light, "theme": "light"}]
    assert icon_addresses(icons) == (light, dark)
    assert Icons(hosts={"cdn.example.org"}).of(icons) == light


def test_a_stored_picture_goes_before_its_host() -> None:
    icons = Icons(hosts={"cdn.example.org"}, stored={PICTURE: "assets/icons/abc.png"})
    assert icons.of([{"src": PICTURE}]) == "assets/icons/abc.png"
