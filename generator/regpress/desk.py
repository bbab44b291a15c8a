"""What stands while some writes are on their way: the live site, and what they have changed so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from regpress.content_store import ContentStore, FileChange
from regpress.errors import NotOfferedError, UnknownEntryError
from regpress.gathering import resolve_part
from regpress.live import Candidates, EntryKey, LiveSite, Standing, settle
from regpress.model.entry import EntryVersion, Snapshot, Status
from regpress.names import EntryName, Kind
from regpress.record import record
from regpress.remote_urls import RemoteUrls
from regpress.resolve import PreviousVersion, VersionKey, restated
from regpress.site import Site
from regpress.sources.managed import ManagedSource
from regpress.times import later_time, time_key

#: Event of a write, for the log; see `regpress.audit_log`.
Event = Mapping[str, Any]


@record(kw_only=True)
class Write:
    """A write that has passed the checks that need no lock.

    Attributes:
        summary: one line for the commit.
        paths: files that it may change, relative to the content folder.
        run: does it; returns the body of the answer.
    """

    summary: str
    paths: tuple[str, ...]
    run: Callable[[Desk], bytes]


class Job(NamedTuple):
    """A write and what the log says about it."""

    write: Write
    event: Event


@dataclass(slots=True)
class Desk:
    """What stands while some writes are on their way: the live site, and what they have changed so far."""

    site: Site
    live: LiveSite
    store: ContentStore
    source: ManagedSource | None
    clock: Callable[[], str]
    urls: dict[str, RemoteUrls]
    standings: dict[tuple[str, EntryKey], Standing] = field(default_factory=dict)
    candidates: dict[EntryKey, dict[str, Candidates]] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)

    @property
    def managed(self) -> ManagedSource:
        """Return the source that is written.

        Raises:
            NotOfferedError: there is none, or none any more.
        """
        if self.source is None:
            raise NotOfferedError("no managed source available")
        return self.source

    def standing(self, registry: str, kind: Kind, name: EntryName) -> Standing:
        """Return how an entry stands in a registry.

        Raises:
            UnknownEntryError: the registry was deleted while the write waited.
        """
        staged = self.standings.get((registry, (kind, str(name))))
        if registry not in self.live.registries:
            raise UnknownEntryError("registry not found")
        return staged or self.live.registries[registry].standing(kind, str(name))

    def put_files(self, changes: Sequence[FileChange]) -> None:
        """Change files that are about no entry.

        Raises:
            ConflictError: a file that must not exist does.
            StorageError: the disk failed.
        """
        self.store.apply(changes)
        self.changed += [change.path for change in changes]

    def moment(self, versions: Sequence[EntryVersion]) -> str:
        """Return the time, after all that *versions* have seen, whatever the clock says.

        After, not at: who asks for what changed since the last time that they saw is to find this change too.
        """
        return later_time(self.clock(), max((one.official.updated_at for one in versions), key=time_key, default=""))

    def change(self, kind: Kind, name: EntryName, changes: Sequence[FileChange]) -> None:
        """Change files of an entry and take over how it stands then.

        Raises:
            ConflictError: a file that must not exist does.
            StorageError: the disk failed.
        """
        self.put_files(changes)
        self.renew(kind, name)

    def renew(self, kind: Kind, name: EntryName) -> None:
        """Read an entry of the content folder again, and settle how it stands in every registry."""
        snapshot = self.managed.fetch_entry(kind, name)
        statuses = snapshot.statuses.get((kind, str(name)), {})
        made: dict[str, Candidates] = {}
        for source in self.site.config.sources:
            known = self._candidates(source.name, kind, name)
            if source.name == self.managed.name:
                made[source.name] = self._read(snapshot, known)
            elif known.versions:
                versions = tuple(_stated(version, statuses) for version in known.versions)
                made[source.name] = known._replace(versions=versions)
        self.candidates[kind, str(name)] = made
        for registry, live in self.live.registries.items():
            standing = settle(live.plan, kind, name, made)
            self.standings[registry, (kind, str(name))] = standing
            self._note_urls(registry, kind, name, standing)

    def held(self, kind: Kind, name: EntryName) -> Candidates:
        """Return what the managed source has of an entry."""
        return self._candidates(self.managed.name, kind, name)

    def everywhere(self, kind: Kind, name: EntryName) -> list[EntryVersion]:
        """Return what all sources have of an entry, in their order."""
        sources = self.site.config.sources
        return [version for one in sources for version in self._candidates(one.name, kind, name).versions]

    def _candidates(self, source: str, kind: Kind, name: EntryName) -> Candidates:
        staged = self.candidates.get((kind, str(name)))
        if staged is not None:
            return staged.get(source, Candidates())
        return self.live.candidates(source, kind, name)

    def _read(self, snapshot: Snapshot, known: Candidates) -> Candidates:
        previous: dict[VersionKey, PreviousVersion] = {
            (one.kind, str(one.name), one.version): PreviousVersion(official=one.official, digest=one.digest)
            for one in known.versions
        }
        resolved = resolve_part(self.site, snapshot, previous=previous, now=self.clock())
        return Candidates(resolved.versions, resolved.latest_claims)

    def _note_urls(self, registry: str, kind: Kind, name: EntryName, standing: Standing) -> None:
        if kind == "server" and registry in self.urls:
            self.urls[registry].put(str(name), standing.entry.versions if standing.entry else ())

    def take_back(self, earlier: Desk) -> None:
        """Return to the state of which *earlier* is a copy."""
        touched = list(self.standings)
        self.standings, self.candidates, self.changed = earlier.standings, earlier.candidates, earlier.changed
        for registry, (kind, name) in touched:
            parsed = EntryName(*name.split("/"))
            self._note_urls(registry, kind, parsed, self.standing(registry, kind, parsed))

    def copy(self) -> Desk:
        """Return a copy of the state."""
        return replace(
            self, standings=dict(self.standings), candidates=dict(self.candidates), changed=list(self.changed)
        )


def _stated(version: EntryVersion, statuses: Mapping[str, Status]) -> EntryVersion:
    status = statuses.get(version.version)
    return version if status is None else restated(version, status)
