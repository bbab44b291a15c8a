"""Stand-ins that implement the real protocols, for tests that need no disk and no network."""

from __future__ import annotations

from dataclasses import dataclass, field

from regpress.model.entry import Snapshot
from regpress.names import SourceName


@dataclass
class FakeSource:
    """A source that gives what it was made with, or fails as it was told.

    Attributes:
        snapshot: what `fetch` returns.
        failure: what `fetch` raises instead.
        fetched: how often it was asked.
    """

    snapshot: Snapshot
    failure: Exception | None = None
    fetched: int = field(default=0, init=False)

    @property
    def name(self) -> SourceName:
        return self.snapshot.source

    def fetch(self) -> Snapshot:
        self.fetched += 1
        if self.failure:
            raise self.failure
        return self.snapshot
