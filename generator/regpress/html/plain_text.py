"""Long texts of nothing but headings and paragraphs to the HTML that `regpress.html.commonmark` makes of them.

Most long texts in the extension of a document are of that kind. The parser takes as long for one as all the rest of its
page does, and longer to be imported; whatever could mean anything else to it is left to it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

_NOT_IN_ID: Final = re.compile(r"[^\w-]+")
#: Characters that mean nothing to Markdown and HTML wherever they stand, letters of all scripts among them.
_PLAIN: Final = r"A-Za-z\x80-\U0010ffff"
#: A line that begins with one and goes on without a mark; a heading; nothing.
_PLAIN_LINE: Final = re.compile(rf"(?:(?:#{{1,6}} )?[{_PLAIN}](?:[{_PLAIN}0-9,.:;?()'%/+ -]*[{_PLAIN}0-9,.:;?)'%])?)?")
#: What Python takes for a space besides the plain one, and so does the parser at the borders of lines.
_OTHER_SPACE: Final = re.compile(r"[^\S \n]")


def plain_html(text: str, *, top: int, prefix: str) -> str | None:
    """Return a text as HTML, None where it is not plain.

    Args:
        text: Markdown.
        top: level of the highest heading.
        prefix: what ids of headings begin with.
    """
    lines = text.split("\n")
    if _OTHER_SPACE.search(text) or not all(map(_PLAIN_LINE.fullmatch, lines)):
        return None
    blocks = list(_blocks(lines))
    highest = min((level for level, _ in blocks if level), default=1)
    taken: Counter[str] = Counter()
    made = []
    for level, content in blocks:
        if level:
            tag = f"h{shown_level(level, top, highest)}"
            made.append(f'<{tag} id="{prefix}{unused_id(content, taken)}">{content}</{tag}>\n')
        else:
            made.append(f"<p>{content}</p>\n")
    return "".join(made)


def shown_level(level: int, top: int, highest: int) -> int:
    """Return the level that a heading gets where the highest of a text gets *top*."""
    return min(level + top - highest, 6)


def unused_id(heading: str, taken: Counter[str]) -> str:
    """Return the id of a heading as people know it from code forges: ``what-it-does``, ``what-it-does-1``.

    Args:
        heading: its text.
        taken: the ids of the text so far; the new one is added.
    """
    base = _NOT_IN_ID.sub("", heading.strip().lower().replace(" ", "-"))[:80] or "section"
    identifier = base
    while identifier in taken:
        identifier = f"{base}-{taken[base]}"
        taken[base] += 1
    taken[identifier] = 1
    return identifier


def _blocks(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield headings by their levels, and paragraphs by 0."""
    paragraph: list[str] = []
    for line in lines:
        if line and not line.startswith("#"):
            paragraph.append(line)
            continue
        if paragraph:
            yield 0, "\n".join(paragraph)
            paragraph = []
        if line:
            marks, _, heading = line.partition(" ")
            yield len(marks), heading
    if paragraph:
        yield 0, "\n".join(paragraph)
