from __future__ import annotations

import pytest

from regpress.html.text import clean, day, exact, hue, initial, short_address, texts, web_address, words


@pytest.mark.parametrize("bad", ["\x00", "\x1b", "\x7f", "\x85", "\ud800", "\ufdd0", "\uffff", "\U0001fffe"])
def test_characters_that_html_cannot_hold_are_replaced(bad: str) -> None:
    assert clean(f"a{bad}b") == "a\ufffdb"


def test_line_ends_tabs_and_any_script_stay_in_prose() -> None:
    assert clean("a\r\nb\tc שלום \u202eabc") == "a\nb\tc שלום \u202eabc"


def test_invisible_characters_are_spelt_out_in_what_is_typed_or_compared() -> None:
    assert exact("safe\u202egnp.exe\u200b") == "safe[U+202E]gnp.exe[U+200B]"


@pytest.mark.parametrize(
    ("value", "shown"),
    [("text", "text"), (None, ""), (True, "true"), (8700, "8700"), (1.5, "1.5"), ({"a": [1]}, '{"a":[1]}'), ("", "")],
)
def test_values_of_any_type_are_shown(value: object, shown: str) -> None:
    assert words(value) == exact(value) == shown


def test_what_is_no_list_has_no_items() -> None:
    assert texts("abc") == texts(None) == texts({"a": 1}) == ()


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org",
        "http://localhost:8080/a?b=c#d",
        "HTTPS://EXAMPLE.ORG/",
        "https://[::1]/x",
        "https://x.y/ü",
    ],
)
def test_web_addresses_may_be_links(url: str) -> None:
    assert web_address(url) == url


@pytest.mark.parametrize(
    "value",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " https://example.org",
        "java\tscript:alert(1)",
        "data:text/html,<script>",
        "vbscript:x",
        "file:///etc/passwd",
        "//example.org",
        "/path",
        "example.org",
        "https://",
        "https:example.org",
        "https://github.com@evil.example/",
        "https://user:word@evil.example/",
        "https://example.org/a b",
        'https://example.org/"onclick="x',
        "https://example.org/<b>",
        "https://example.org/\u202e",
        "https://example.org\\@evil.example",
        "https://{area}.example.org/",
        "https://example.org/\x00",
        "",
        None,
        5,
        ["https://example.org"],
    ],
)
def test_anything_else_is_not_a_link(value: object) -> None:
    assert web_address(value) == ""


def test_an_address_is_shown_without_its_scheme() -> None:
    assert short_address("https://example.org/team/") == "example.org/team"
    assert short_address("https://example.org/") == "example.org"


def test_a_day_is_that_of_utc() -> None:
    assert day("2026-05-01T23:30:00-05:00") == "2026-05-02"


@pytest.mark.parametrize(("label", "letter"), [("weather", "W"), ("«42»", "4"), ("—", "?"), ("", "?"), ("שלום", "ש")])
def test_the_drawn_icon_has_the_first_letter_or_digit(label: str, letter: str) -> None:
    assert initial(label) == letter


def test_colours_of_icons_are_stable_and_all_in_use() -> None:
    hues = [hue(f"com.example/server-{number}") for number in range(200)]
    assert hues == [hue(f"com.example/server-{number}") for number in range(200)]
    assert set(hues) == set(range(12))
