"""Reports to text, JSON or GitHub annotations. Data goes to standard output, the summary to standard error."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import click
import orjson

from regpress.model.issue import Hidden, Issue, Report

_COLOURS: Final = {"error": "red", "warning": "yellow", "info": "blue"}
_GITHUB: Final = {"error": "error", "warning": "warning", "info": "notice"}
#: GitHub shows ten annotations of each kind for a step; more only fill the log.
_MOST_ANNOTATIONS: Final = 50
#: Control characters, and those that change the direction or the line of a text.
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
#: Warnings of one rule in one source that are shown without --verbose.
_MOST_ALIKE: Final = 5


def write_report(
    report: Report, output_format: str, *, verbose: bool, err: bool = False, extra: Mapping[str, Any] | None = None
) -> None:
    """Write *report* in one of the formats.

    Args:
        report: what was found.
        output_format: ``text``, ``json`` or ``github``.
        verbose: also show advice and every hidden name; JSON always has them.
        err: write the text to standard error, where standard output has other data.
        extra: further members of the JSON document.
    """
    if output_format == "json":
        click.echo(json_report(report, extra or {}).decode())
    elif output_format == "github":
        _write_annotations(report)
    else:
        for line in _text(report, verbose=verbose):
            click.echo(line, err=err)


def json_report(report: Report, extra: Mapping[str, Any]) -> bytes:
    """Return the report as JSON: ``counts``, ``issues`` and ``hidden``, every member always present."""
    document = {
        "counts": report.counts(),
        "issues": [issue._asdict() for issue in report.issues],
        "hidden": [item._asdict() for item in report.hidden],
        **extra,
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


def counts_line(report: Report) -> str:
    """Return ``2 errors, 1 warning`` and so on, or ``no findings``."""
    words = {"error": "errors", "warning": "warnings", "info": "pieces of advice"}
    single = {"error": "error", "warning": "warning", "info": "piece of advice"}
    parts = [
        f"{count:,} {single[severity] if count == 1 else words[severity]}"
        for severity, count in report.counts().items()
        if count
    ]
    return ", ".join(parts) or "no findings"


def findings_exit_code(report: Report, *, strict: bool) -> int:
    """Return 1 when the findings fail the command, else 0."""
    counts = report.counts()
    return 1 if counts["error"] or (strict and counts["warning"]) else 0


def _text(report: Report, *, verbose: bool) -> Iterator[str]:
    seen: Counter[tuple[str, str]] = Counter()
    for issue in report.issues:
        if issue.severity == "info" and not verbose:
            continue
        alike = (issue.source, issue.reference)
        seen[alike] += issue.severity != "error"
        if seen[alike] > _MOST_ALIKE and issue.severity != "error" and not verbose:
            continue
        label = click.style(issue.severity, fg=_COLOURS[issue.severity], bold=True)
        yield f"{label}: {printable(str(issue))} [{issue.reference}]{_place(issue)}"
    for (source, reference), count in seen.items():
        if count > _MOST_ALIKE and not verbose:
            yield f"… and {count - _MOST_ALIKE:,} more [{reference}] of {source or 'the site'} (-v shows them)"
    yield from _hidden(report.hidden, verbose=verbose)


def printable(text: str) -> str:
    r"""Return *text* on one line, with nothing in it that moves a terminal's cursor: documents are hostile.

    Examples:
        >>> printable("a\x1b[2J\nb")
        'a\\x1b[2J\\nb'
    """
    return _CONTROL.sub(lambda found: repr(found.group())[1:-1], text)


def _place(issue: Issue) -> str:
    if not issue.file:
        return ""
    line = f":{issue.line}" if issue.line else ""
    pointer = f" {issue.pointer}" if issue.pointer else ""
    return click.style(f"  {printable(issue.file)}{line}{printable(pointer)}", dim=True)


def _hidden(hidden: Iterable[Hidden], *, verbose: bool) -> Iterator[str]:
    if verbose:
        for item in hidden:
            by = f" by {item.by}" if item.by else ""
            where = f" in {item.registry}" if item.registry else ""
            source = f" of {item.source}" if item.source else ""
            yield printable(f"hidden: {item.kind} {item.name}{source}{where}: {item.reason}{by}")
        return
    counted = Counter((item.reason, item.source, item.registry) for item in hidden)
    for (reason, source, registry), count in sorted(counted.items()):
        where = f" in {registry}" if registry else ""
        names = "1 name" if count == 1 else f"{count:,} names"
        yield f"hidden: {names}{f' of {source}' if source else ''}{where}: {reason}"


def _write_annotations(report: Report) -> None:
    shown: Counter[str] = Counter()
    for issue in sorted(report.issues, key=lambda issue: ("error", "warning", "info").index(issue.severity)):
        shown[issue.severity] += 1
        if shown[issue.severity] > _MOST_ANNOTATIONS:
            continue
        properties = {"file": issue.file, "line": str(issue.line or ""), "title": issue.reference}
        named = ",".join(f"{key}={_escape_property(value)}" for key, value in properties.items() if value)
        click.echo(f"::{_GITHUB[issue.severity]} {named}::{_escape(printable(str(issue)))}")


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")


def append_summary(markdown: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Append Markdown to the job summary of GitHub Actions and return whether there is one."""
    path = environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return False
    with open(path, "a", encoding="utf-8") as stream:  # noqa: PTH123 - a path that the runner made
        stream.write(markdown)
    return True
