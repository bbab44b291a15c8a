"""The page of an entry as Markdown, for programs: the same facts, each text on one line and without effect."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from regpress.html.text import clean
from regpress.html.views import EntryView, FactsView, FactView, InputsView, OptionView
from regpress.model.entry import Entry

MARKDOWN: Final = "text/markdown; charset=utf-8"
#: Characters that mean something to a Markdown reader.
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|!~])")
_TICKS: Final = re.compile("`+")


def twin_text(view: EntryView, entry: Entry) -> bytes:
    """Return the Markdown of an entry's page.

    Args:
        view: of the page.
        entry: whose long text comes last, as its publisher wrote it.
    """
    return ("\n".join(_lines(view, entry)).rstrip("\n") + "\n").encode("utf-8", "replace")


def _lines(view: EntryView, entry: Entry) -> Iterator[str]:
    yield f"# {_plain(view.title)}"
    yield ""
    yield _plain(view.description)
    yield ""
    if view.status:
        yield f"**{view.status}**: {_plain(view.message) or 'its publisher advises against using it'}"
        yield ""
    if view.withdrawn:
        yield f"**deleted**: version {_code(view.withdrawn.version)}. {_plain(view.withdrawn.message)}".rstrip()
        yield ""
    yield f"- Name: {_code(f'{view.publisher.label}/{view.name}')}"
    yield f"- Version: {_code(view.version)}, published {view.published}, updated {view.updated}"
    yield from _facts((*view.facts, *view.extension.facts))
    if view.tags:
        yield f"- Tags: {', '.join(_code(tag.label) for tag in view.tags)}"
    yield f"- [JSON of this version]({view.document})"
    yield f"- [JSON of all versions]({view.documents})"
    yield ""
    yield "What follows comes from the publisher. The registry has not verified it."
    yield ""
    for section in view.options:
        yield f"## {section.title}"
        yield ""
        for option in section.options:
            yield from _option(option)
    yield from _extension(view)
    if entry.readme and not entry.readme.isspace():
        yield "## Read me"
        yield ""
        yield clean(entry.readme).strip()


def _option(option: OptionView) -> Iterator[str]:
    yield f"### {_plain(option.type)} {_code(option.name)}" + (f" {_code(option.version)}" if option.version else "")
    yield ""
    yield from _facts(option.facts)
    for group in option.inputs:
        yield from _inputs(group)
    yield ""


def _inputs(group: InputsView) -> Iterator[str]:
    yield f"- {group.title}:"
    for item in group.inputs:
        marks = [mark for mark in ("required", "secret", "repeated") if getattr(item, mark)]
        facts = [f"{fact.label} {', '.join(map(_code, fact.values))}" for fact in item.facts]
        about = "; ".join(filter(None, (*marks, *facts, _plain(item.description))))
        yield f"{'    ' if item.nested else '  '}- {_code(item.name)}" + (f": {about}" if about else "")


def _extension(view: EntryView) -> Iterator[str]:
    extension = view.extension
    if extension.tools:
        yield "## Tools"
        yield ""
        for tool in extension.tools:
            yield f"- {_code(tool.name)}" + (f": {_plain(tool.description)}" if tool.description else "")
        yield ""
    for title, groups in (("Permissions", extension.permissions), ("Provenance", extension.provenance)):
        yield from _groups(title, groups)


def _groups(title: str, groups: Iterable[FactsView]) -> Iterator[str]:
    for group in groups:
        yield f"## {title}" + (f" of {_code(group.title)}" if group.title else "")
        yield ""
        yield from _facts(group.facts)
        yield ""


def _facts(facts: Iterable[FactView]) -> Iterator[str]:
    for fact in facts:
        values = (f"<{fact.href}>",) if fact.href else tuple(map(_code, fact.values))
        yield f"- {fact.label}: {', '.join(values)}"


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    """Return a text as a code span, whatever backticks it has."""
    text = " ".join(text.split())
    fence = "`" * (max(map(len, _TICKS.findall(text)), default=0) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}"
