from __future__ import annotations

import re

import pytest

from regpress.html.markdown import MAX_CHARACTERS, MarkdownRenderer


def render(text: str) -> str:
    """Return the HTML of a text of an entry."""
    return str(MarkdownRenderer(top=2, prefix="readme-").render(text))


def render_own(text: str) -> str:
    """Return the HTML of a text of the site, whose relative references lead one folder up."""
    return str(MarkdownRenderer(top=2, prefix="", resolve=lambda reference: f"../{reference}").render(text))


def test_html_in_markdown_is_shown_as_text() -> None:
    html = render("<script>alert(1)</script>\n\nA <b onclick=x>word</b> &amp; <!-- note -->")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "&lt;b onclick=x&gt;word&lt;/b&gt; &amp; &lt;!-- note --&gt;" in html


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "&#106;avascript:alert(1)",
        "java&Tab;script:alert(1)",
        "data:text/html;base64,PHNjcmlwdD4=",
        "vbscript:x",
        "file:///etc/passwd",
        "//evil.example/x",
        "/\\\\evil.example",
        "https://github.com@evil.example/",
        "mailto:a@b.c?bcc=victim@example.org",
        "ftp://example.org/",
    ],
)
@pytest.mark.parametrize("form", ["[text]({})", "![text]({})", "<{}>", "[text]\n\n[text]: {}"])
def test_dangerous_addresses_never_become_links_or_pictures(form: str, url: str) -> None:
    for html in (render(form.format(url)), render_own(form.format(url))):
        assert "<a " not in html
        assert "<img" not in html


def test_links_out_say_that_we_do_not_vouch_for_them() -> None:
    assert render('[a](https://x.example/?a=1&b=2 "t")') == (
        '<p><a href="https://x.example/?a=1&amp;b=2" rel="noopener nofollow ugc" title="t">a</a></p>\n'
    )
    assert render("<mailto:a@b.example>") == '<p><a href="mailto:a@b.example">mailto:a@b.example</a></p>\n'


def test_relative_links_of_an_entry_keep_their_words_only() -> None:
    assert render("See [the *docs*](docs/use.md).") == "<p>See the <em>docs</em>.</p>\n"


def test_relative_links_of_the_site_are_resolved() -> None:
    assert render_own("[guide](guide/#part)") == '<p><a href="../guide/#part">guide</a></p>\n'


def test_pictures_of_other_hosts_become_links() -> None:
    assert render("![the build](https://ci.example/b.svg)") == (
        '<p><a href="https://ci.example/b.svg" rel="noopener nofollow ugc">the build</a></p>\n'
    )


def test_a_linked_badge_is_one_link() -> None:
    assert render("[![build](https://ci.example/b.svg)](https://ci.example/)") == (
        '<p><a href="https://ci.example/" rel="noopener nofollow ugc">build</a></p>\n'
    )


def test_pictures_without_words_can_still_be_followed() -> None:
    assert ">picture</a>" in render("![](https://ci.example/b.svg)")


def test_pictures_of_the_site_are_shown() -> None:
    html = render_own("![a map](map.png)")
    assert '<img src="../map.png" alt="a map" loading="lazy"' in html


def test_pictures_of_an_entry_that_are_not_published_leave_their_words() -> None:
    assert render("![a map](map.png)") == "<p>a map</p>\n"


@pytest.mark.parametrize(
    ("text", "levels"), [("# A\n## B\n# C", "232"), ("### A\n#### B", "23"), ("# A\n###### B", "26")]
)
def test_headings_fit_below_those_of_the_page(text: str, levels: str) -> None:
    assert "".join(re.findall(r"<h(\d)", render(text))) == levels
    assert "".join(re.findall(r"</h(\d)", render(text))) == levels


def test_headings_can_be_linked_to_and_have_different_ids() -> None:
    html = render("# x-1\n# x\n# x\n# !?\n\n[up](#x)")
    identifiers = re.findall(r' id="([^"]*)"', html)
    assert identifiers[:2] == ["readme-x-1", "readme-x"]
    assert len(set(identifiers)) == 4
    assert '<a href="#readme-x">up</a>' in html


def test_tables_are_aligned_without_inline_style() -> None:
    html = render("|a|b|\n|:-:|--:|\n|1|2|")
    assert '<td class="align-center">1</td>' in html
    assert "style=" not in html


def test_the_language_of_a_code_block_cannot_name_a_class() -> None:
    assert render('```warn" onload="x\n<b>\n```') == "<pre><code>&lt;b&gt;\n</code></pre>\n"


def test_a_text_over_the_limit_is_cut_at_a_line_and_says_so() -> None:
    html = render("word word\n" * (MAX_CHARACTERS // 10 + 1000))
    assert html.count("word word") == MAX_CHARACTERS // 10
    assert html.endswith("the rest is not shown.</em></p>\n")


def test_a_text_within_the_limit_is_whole() -> None:
    assert "not shown" not in render("word\n" * 100)


@pytest.mark.parametrize("text", ["", " \n\t "])
def test_blank_text_gives_nothing(text: str) -> None:
    assert render(text) == ""


def test_characters_that_html_cannot_hold_are_replaced() -> None:
    assert render("a\x00b\ud800c\ufffe") == "<p>a\ufffdb\ufffdc\ufffd</p>\n"


@pytest.mark.parametrize(
    "piece", ["[", "*a ", "`", "> ", "- ", "![](", "<", "&", "# a\n", "|a", "[a](<", "**a_", "[a]: x\n"]
)
def test_a_text_made_to_be_slow_is_rendered_to_its_end(piece: str) -> None:
    assert "the end" in render(piece * (20_000 // len(piece)) + "\n\nthe end")
