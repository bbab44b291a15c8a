"""What every source is, something with a name that can be fetched, and what their snapshots have in common."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Protocol

from regpress.model.entry import RawFile, Snapshot
from regpress.model.issue import Issue, Severity
from regpress.names import SourceName


class Source(Protocol):
    """Where registry documents come from."""

    @property
    def name(self) -> SourceName:
        """Return the source's name in the configuration."""

    def fetch(self) -> Snapshot:
        """Return what the source holds now.

        Defective documents are part of the snapshot; what went less than well is among its issues.

        Raises:
            SourceUnavailableError: the source cannot be reached or read, and there is no earlier copy of it.
            SourceMalformedError: what it gave cannot be a registry.
        """


def source_issue(
    source: str, file: str, reference: str, message: str, expected: str = "", *, severity: Severity = "error"
) -> Issue:
    """Return an issue about reading a file."""
    return Issue(
        type="source",
        severity=severity,
        message=message,
        reference=reference,
        expected=expected,
        source=source,
        file=file,
    )


def fingerprint(files: Iterable[RawFile]) -> str:
    """Return ``sha256:<hex>`` over the paths and bytes of *files*, in their order."""
    state = hashlib.sha256()
    for file in files:
        path = file.path.encode("utf-8", "surrogatepass")
        state.update(b"%d %d " % (len(path), len(file.data)))
        state.update(path)
        state.update(file.data)
    return f"sha256:{state.hexdigest()}"
