"""Markdown of anybody to HTML that is safe on our pages: CommonMark with tables, no HTML, no foreign requests.

Links lead to http, https and mailto addresses, and, on the site's own pages, to other pages of the site; what else
is written as a link stays text. A picture is shown only where it belongs to the site, any other becomes a link: a
picture from another host would tell that host who reads the page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

from regpress.html.text import web_address

_MAIL: Final = re.compile(r"mailto:[^\s\"<>\\:?&]+@[^\s\"<>\\:?&]+", re.IGNORECASE)
#: Neither a scheme nor a host: ``about/``, ``../servers/``, ``guide.md#part``.
_RELATIVE: Final = re.compile(r"(?![/\\])[^:\\\s\"<>]+")
_FOREIGN: Final = "noopener nofollow ugc"
_NOT_IN_ID: Final = re.compile(r"[^\w-]+")


class CommonMark:
    """The parser and writer of `regpress.html.markdown.MarkdownRenderer`.

    Args:
        top, prefix, resolve: as there.
    """

    def __init__(self, *, top: int, prefix: str, resolve: Callable[[str], str]) -> None:
        self._top = top
        self._prefix = prefix
        self._resolve = resolve
        self._parser = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable("table")
        self._parser.validateLink = self._may_link  # type: ignore[method-assign]  # the documented way to decide

    def render(self, text: str) -> Markup:
        """Return a text as HTML."""
        tokens = self._parser.parse(text)
        self._place_headings(tokens)
        for token in tokens:
            _align_by_class(token)
            if token.children is not None:
                token.children = list(self._aimed(token.children))
        html = self._parser.renderer.render(tokens, self._parser.options, {})
        # Every character was escaped by the parser's renderer, which writes no HTML of the text's own.
        return Markup(html)  # noqa: S704

    def _may_link(self, url: str) -> bool:
        return bool(_RELATIVE.fullmatch(url) or self._target(url))

    def _target(self, url: str) -> str:
        if url.startswith("#") and len(url) > 1:
            return f"#{self._prefix}{url[1:].lower()}"
        if web_address(url) or _MAIL.fullmatch(url):
            return url
        return self._resolve(url) if _RELATIVE.fullmatch(url) else ""

    def _place_headings(self, tokens: Sequence[Token]) -> None:
        taken: Counter[str] = Counter()
        highest = min((int(token.tag[1]) for token in tokens if token.type == "heading_open"), default=1)
        for position, token in enumerate(tokens):
            if token.type == "heading_open":
                token.attrSet("id", self._prefix + _unused_id(tokens[position + 1].content, taken))
            if token.type in {"heading_open", "heading_close"}:
                token.tag = f"h{min(int(token.tag[1]) + self._top - highest, 6)}"

    def _aimed(self, tokens: Sequence[Token]) -> Iterator[Token]:
        """Yield the tokens of a line with links that lead somewhere, and pictures of our own."""
        target = ""
        for token in tokens:
            if token.type == "link_open":
                target = self._target(str(token.attrGet("href") or ""))
                if target:
                    _aim(token, target)
                    yield token
            elif token.type == "link_close":
                if target:
                    yield token
                target = ""
            elif token.type == "image":
                yield from self._picture(token, inside_link=bool(target))
            else:
                yield token

    def _picture(self, image: Token, *, inside_link: bool) -> Iterator[Token]:
        source = str(image.attrGet("src") or "")
        target = self._target(source)
        words = Token("text", "", 0, content=_alternative(image))
        if target and _RELATIVE.fullmatch(source) and not source.startswith("#"):
            image.attrs = {"src": target, "alt": "", "loading": "lazy"}  # the renderer fills in the alternative
            yield image
        elif inside_link or not target:
            yield words
        else:
            opening = Token("link_open", "a", 1)
            _aim(opening, target)
            yield from (opening, words, Token("link_close", "a", -1))


class _Renderer(RendererHTML):
    """Code blocks without a class of the text's choosing."""

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return self.code_block(tokens, idx, options, env)


def _unused_id(heading: str, taken: Counter[str]) -> str:
    """Return the id of a heading as people know it from code forges: ``what-it-does``, ``what-it-does-1``."""
    base = _NOT_IN_ID.sub("", heading.strip().lower().replace(" ", "-"))[:80] or "section"
    identifier = base
    while identifier in taken:
        identifier = f"{base}-{taken[base]}"
        taken[base] += 1
    taken[identifier] = 1
    return identifier


def _aim(link: Token, target: str) -> None:
    attributes: dict[str, Any] = {"href": target}
    if web_address(target):
        attributes["rel"] = _FOREIGN
    if title := link.attrGet("title"):
        attributes["title"] = title
    link.attrs = attributes


def _align_by_class(token: Token) -> None:
    # The policy of our pages allows no style attributes.
    if style := token.attrs.pop("style", None):
        token.attrSet("class", str(style).replace("text-align:", "align-"))


def _alternative(image: Token) -> str:
    return "".join(token.content for token in image.children or ()).strip() or "picture"
