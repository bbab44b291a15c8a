"""What a fetch from git has to say: issues, and errors that name the repository."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import field
from typing import Final

from regpress.errors import SourceMalformedError, SourceUnavailableError
from regpress.model.issue import Issue, Severity
from regpress.names import SourceName
from regpress.record import record
from regpress.sources.base import source_issue
from regpress.sources.gitcommand import printable

_SEARCHED: Final = 2_000


@record(kw_only=True)
class Notes:
    """The findings of one fetch.

    Attributes:
        source: the source's name.
        repository: how messages call the repository.
        issues: what went less than well so far.
    """

    source: SourceName
    repository: str
    issues: list[Issue] = field(default_factory=list)

    def add(
        self, reference: str, message: str, expected: str = "", *, file: str = "", severity: Severity = "warning"
    ) -> None:
        """Note an issue."""
        shown = printable(file, len(file))
        self.issues.append(source_issue(self.source, shown, reference, message, expected, severity=severity))

    def unavailable(self, what: str, expected: str = "") -> SourceUnavailableError:
        """Return the error for a repository that gives nothing."""
        return SourceUnavailableError(self.source, f"{self.repository}: {_with(what, expected)}")

    def malformed(self, place: str, what: str, expected: str) -> SourceMalformedError:
        """Return the error for a repository without what is wanted; *place* is a path, a ref or both."""
        return SourceMalformedError(self.source, f"{self.repository}: {printable(place)}: {_with(what, expected)}")


def near(name: str, names: Sequence[str]) -> str:
    """Return the most similar of *names* for a message, or some of them; empty where there are none."""
    chosen = difflib.get_close_matches(name, names[:_SEARCHED], n=3, cutoff=0.5) or list(names[:5])
    return ("one of " if len(chosen) > 1 else "") + ", ".join(repr(printable(found, 80)) for found in chosen)


def _with(what: str, expected: str) -> str:
    return f"{what} (expected {expected})" if expected else what
