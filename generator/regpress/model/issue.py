"""Findings about documents: `Issue`, one finding, and `Report`, all findings of one run."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal, NamedTuple

from regpress.record import record

IssueType = Literal["json", "schema", "semantic", "linter", "source", "output"]
Severity = Literal["error", "warning", "info"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


class Issue(NamedTuple):
    """One finding about a document. A plain tuple, since a large registry has tens of thousands.

    The first five fields are those of the official registry's validation result
    (``type, path, message, severity, reference``); the rest say where the document came from.

    Attributes:
        type: which tier found it; beside the official four ``source`` (reading, merging) and ``output`` (writing).
        severity: only errors make a document invalid.
        message: one line that says what is wrong.
        reference: the rule's name, ``reserved-version-string``.
        path: place in the document, ``packages[0].transport.url``; empty for the whole.
        expected: what would be right, without "expected"; empty where the message says it.
        source: name of the source in the configuration.
        entry: ``namespace/name@version``, with ``skill `` or ``plugin `` in front for those kinds; empty when unknown.
        file: the file as the user knows it, relative to the site where it lies below it.
        pointer: place of the document in that file, such as ``data.servers[3]``; empty for the whole file.
        line: 1-based line in *file*, 0 when unknown.
    """

    type: IssueType
    severity: Severity
    message: str
    reference: str
    path: str = ""
    expected: str = ""
    source: str = ""
    entry: str = ""
    file: str = ""
    pointer: str = ""
    line: int = 0

    def sort_key(self) -> tuple[str, str, str, str, str, str, str]:
        """Return the stable order of reports: source, file, place, entry, path, rule, message."""
        return (self.source, self.file, self.pointer, self.entry, self.path, self.reference, self.message)

    def __str__(self) -> str:
        """Return ``source: entry: path: message (expected …)``, without the parts that are empty."""
        where = ": ".join(part for part in (self.source, self.entry or self.file, self.path) if part)
        text = f"{where}: {self.message}" if where else self.message
        return f"{text} (expected {self.expected})" if self.expected else text


class Hidden(NamedTuple):
    """One name that a registry does not show.

    Attributes:
        reason: ``shadowed`` (an earlier source has the name), ``filtered`` (the source's filter),
            ``private`` (claims), ``invalid`` (skipped because of errors), ``deleted`` (every version is).
        registry: the registry's name; empty where the source's own rules hid it everywhere.
        by: for ``shadowed``, the source that supplies the name; for ``filtered``, the pattern or tag.
    """

    reason: Literal["shadowed", "filtered", "private", "invalid", "deleted"]
    kind: str
    name: str
    source: str
    registry: str = ""
    by: str = ""
    versions: int = 0


@record(kw_only=True)
class Report:
    """All findings of one run.

    Attributes:
        issues: the findings, in their stable order.
        hidden: what registries do not show.
        unlisted: number of pieces of advice that are not among *issues*, where nobody wants to read them.
    """

    issues: tuple[Issue, ...] = ()
    hidden: tuple[Hidden, ...] = ()
    unlisted: int = 0

    @classmethod
    def of(cls, issues: Iterable[Issue], hidden: Iterable[Hidden] = ()) -> Report:
        """Return a report with *issues* sorted and every one only once."""
        unique = dict.fromkeys(issues)
        return cls(
            issues=tuple(sorted(unique, key=Issue.sort_key)),
            hidden=tuple(sorted(hidden, key=lambda h: (h.registry, h.kind, h.name, h.source))),
        )

    def with_issues(self, issues: Iterable[Issue]) -> Report:
        """Return this report with a few more issues."""
        found = list(self.issues)
        for issue in dict.fromkeys(issues):
            if issue not in self.issues:
                insort(found, issue, key=Issue.sort_key)
        return self if len(found) == len(self.issues) else replace(self, issues=tuple(found))

    @property
    def has_errors(self) -> bool:
        """Return whether any issue is an error."""
        return any(issue.severity == "error" for issue in self.issues)

    def counts(self) -> dict[Severity, int]:
        """Return the number of issues of each severity, zeros included."""
        counter = Counter(issue.severity for issue in self.issues)
        counter["info"] += self.unlisted
        return {severity: counter[severity] for severity in SEVERITIES}
