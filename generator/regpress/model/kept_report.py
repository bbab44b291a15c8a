"""A report to values that JSON holds and back: small, and read without its advice in no time.

Builds with nothing to do say again what the last one said. Of a large registry that is tens of thousands of pieces of
advice, nearly all of them alike but for where they belong, and hardly ever asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from regpress.model.issue import Hidden, Issue, Report


def pack_report(report: Report) -> dict[str, Any]:
    """Return *report* as values that JSON holds."""
    placed = list(enumerate(report.issues))
    advice = [(place, issue) for place, issue in placed if issue.severity == "info"]
    return {
        "issues": _pack((place, issue) for place, issue in placed if issue.severity != "info"),
        # A text in the text: not looked into where nobody asks.
        "advice": orjson.dumps(_pack(advice)).decode(),
        "pieces": len(advice),
        "unlisted": report.unlisted,
        "hidden": list(map(tuple, report.hidden)),
    }


def lists_advice(packed: Mapping[str, Any]) -> bool:
    """Return whether a packed report has all of its advice, not only the number of pieces."""
    return not packed["unlisted"]


def unpack_report(packed: Mapping[str, Any], *, advice: bool) -> Report:
    """Return the report that `pack_report` was given.

    Args:
        packed: what it returned.
        advice: whether advice is listed, or only counted.
    """
    placed = list(_unpack(packed["issues"]))
    if advice:
        placed += _unpack(orjson.loads(packed["advice"]))
    placed.sort()
    return Report(
        issues=tuple(issue for _, issue in placed),
        hidden=tuple(Hidden(*fields) for fields in packed["hidden"]),
        unlisted=packed["unlisted"] + (0 if advice else packed["pieces"]),
    )


def _pack(placed: Iterable[tuple[int, Issue]]) -> list[Any]:
    """Return issues with their places in the report, by what they share."""
    alike: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    for place, issue in placed:
        kind, severity, message, rule, path, expected, source, entry, file, pointer, line = issue
        shared = (kind, severity, message, rule, expected, source, file)
        alike.setdefault(shared, []).append((place, path, entry, pointer, line))
    return list(alike.items())


def _unpack(packed: Iterable[Any]) -> Iterator[tuple[int, Issue]]:
    for (kind, severity, message, rule, expected, source, file), some in packed:
        for place, path, entry, pointer, line in some:
            yield (
                place,
                Issue(kind, severity, message, rule, path, expected, source, entry, file, pointer, line),
            )
