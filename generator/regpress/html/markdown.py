"""Markdown of anybody to HTML that is safe on our pages, where there is any (`regpress.html.commonmark`)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from regpress.html.text import clean

if TYPE_CHECKING:
    from regpress.html.commonmark import CommonMark

# Few entries have a long text, and the parser takes as long to import as a registry to plan.

#: Characters of a text that are rendered; parsing costs more than everything else on a page.
MAX_CHARACTERS: Final = 100_000

#: A relative reference to another page of the site to its ``href``, or an empty text where it leads nowhere.
Resolve = Callable[[str], str]

_CUT: Final = Markup("<p><em>The text is longer; the rest is not shown.</em></p>\n")
#: What there is of a text that is blank.
NO_TEXT: Final = Markup()


def nowhere(reference: str) -> str:  # noqa: ARG001 (a `Resolve`)
    """Return that a relative reference leads nowhere: texts of entries speak of files that are not on the site."""
    return ""


class MarkdownRenderer:
    """Markdown to HTML for one place of a page.

    Args:
        top: level that the text's highest heading gets, so that the text fits below the headings around it.
        prefix: what ids of headings begin with, so that they meet no other id of the page.
        resolve: what becomes of relative references.
    """

    def __init__(self, *, top: int, prefix: str, resolve: Resolve = nowhere) -> None:
        self._top = top
        self._prefix = prefix
        self._resolve = resolve

    def render(self, text: str) -> Markup:
        """Return *text* as HTML, at most the first `MAX_CHARACTERS` of it; nothing for blank text."""
        if not text or text.isspace():
            return NO_TEXT
        kept = _shortened(clean(text))
        return self._parser.render(kept) + (_CUT if len(kept) < len(text) else "")

    @cached_property
    def _parser(self) -> CommonMark:
        from regpress.html.commonmark import CommonMark  # noqa: PLC0415

        return CommonMark(top=self._top, prefix=self._prefix, resolve=self._resolve)


def _shortened(text: str) -> str:
    if len(text) <= MAX_CHARACTERS:
        return text
    end = text.rfind("\n", 0, MAX_CHARACTERS)
    return text[: end if end > 0 else MAX_CHARACTERS]
